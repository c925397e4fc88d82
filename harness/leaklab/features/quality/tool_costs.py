"""What a tool costs: runs under it and bare ones in turn, in one session.

A ratio is of CPU time for each unit, of the run under the tool and the bare one beside it: the
whole tree's, start and end with it, and that of the work alone, between the first unit and the
last in the process that does it. leaklab's of the work, and the memory that it adds, are what
`agent_cost` measures: the same agent with sampling and without.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

import msgspec

from leaklab.features.quality import agent_cost
from leaklab.features.tools.peaks import ToolFigures
from leaklab.features.tools.registry import BARE, LEAKLAB, TOOLS, Tool
from leaklab.features.tools.tool_run import MAX_WALL_PER_CPU, ToolRunner
from leaklab.model.errors import NotMeasured
from leaklab.model.job import Job, Limits
from leaklab.runs.limits import default_memory_limit
from leaklab.verdict.intervals import median_interval

MAX_RATIO_TO_BARE = 1.02
MAX_ADDED_BYTES = 1 << 20

OnProgress = Callable[[str], None]


@dataclass(frozen=True)
class Interval:
    """A median with its 95 % interval from order statistics."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class ToolCost:
    """What one tool said of the peak, run after run, and what it cost; `trouble` is why there are
    no figures. None: it has none, or it is not what is meant."""

    tool: str
    trouble: str = ""
    units: int = 0
    peaks_bytes: tuple[int, ...] = ()
    whole: Interval | None = None
    work: Interval | None = None
    added_bytes: Interval | None = None

    @property
    def spread_bytes(self) -> int | None:
        """How far the peaks lie apart that it gave for the same work."""
        return max(self.peaks_bytes) - min(self.peaks_bytes) if self.peaks_bytes else None


def measure_tool_costs(
    stage: ToolRunner, job: Job, pairs: int, tools: Iterable[Tool], tell: OnProgress
) -> Iterator[ToolCost]:
    """Each tool on the job, so many pairs of runs; what is missing or fails is a row, too."""
    for tool in tools:
        if remedy := tool.needs.remedy:
            yield ToolCost(tool.name, remedy)
            continue
        try:
            yield _cost(stage, job, pairs, tool, tell)
        except NotMeasured as error:
            yield ToolCost(tool.name, f"failed: {error}")


def _cost(stage: ToolRunner, job: Job, pairs: int, tool: Tool, tell: OnProgress) -> ToolCost:
    job = msgspec.structs.replace(job, units=max(job.units // tool.part, 1))
    tell(f"{tool.name}, not counted")
    # psleak decides itself how much it does; and the first run of any tool finds nothing in caches.
    bare_job = msgspec.structs.replace(job, units=_once(stage, job, tool).units)
    found = []
    for number in range(pairs):
        tell(f"{tool.name}, pair {number + 1} of {pairs}")
        found.append(_pair(stage, (job, tool), (bare_job, TOOLS[BARE]), number))
    cost = summarize_tool_costs(tool.name, found)
    return _with_sampling(cost, stage, job, pairs, tell) if tool.name == LEAKLAB else cost


def _pair(
    stage: ToolRunner, one: tuple[Job, Tool], other: tuple[Job, Tool], number: int
) -> tuple[ToolFigures, ToolFigures]:
    """A run of either, now this one first, now that one."""
    if number % 2:
        first = _once(stage, *one)
        return first, _once(stage, *other)
    second = _once(stage, *other)
    return _once(stage, *one), second


def _once(stage: ToolRunner, job: Job, tool: Tool) -> ToolFigures:
    with stage.prepare(job) as order:
        return tool.measure(stage, order)


def summarize_tool_costs(name: str, pairs: Sequence[tuple[ToolFigures, ToolFigures]]) -> ToolCost:
    """What pairs come to: of runs under the tool and the bare ones beside them."""
    under = [tool for tool, _ in pairs]
    return ToolCost(
        tool=name,
        units=under[0].units,
        peaks_bytes=tuple(m.peak_bytes for m in under if m.peak_bytes is not None),
        whole=interval([_each(m, m.cpu_seconds) / _each(b, b.cpu_seconds) for m, b in pairs]),
        work=interval(
            [
                _each(m, m.work_cpu_seconds) / _each(b, b.work_cpu_seconds)
                for m, b in pairs
                if m.work_cpu_seconds and b.work_cpu_seconds
            ]
        ),
        added_bytes=interval(
            [
                m.high_water_bytes - b.high_water_bytes
                for m, b in pairs
                if m.high_water_bytes is not None and b.high_water_bytes is not None
            ]
        ),
    )


def _each(found: ToolFigures, amount: float) -> float:
    return amount / found.units


def interval(values: Sequence[float]) -> Interval | None:
    """The median of some values with its interval; None where there are none."""
    return Interval(median(values), *median_interval(values)) if values else None


def _with_sampling(
    cost: ToolCost, stage: ToolRunner, job: Job, pairs: int, tell: OnProgress
) -> ToolCost:
    """leaklab's cost, with what its sampling does to the process that does the work."""
    limits = Limits(
        memory_bytes=default_memory_limit(), time_seconds=stage.seconds * MAX_WALL_PER_CPU
    )
    (found,) = agent_cost.measure_agent_cost(stage.catalogue, [job], pairs, limits, tell)
    added = float(found.added_bytes)
    return replace(
        cost,
        work=Interval(found.ratio, found.low, found.high),
        added_bytes=Interval(added, added, added),
    )
