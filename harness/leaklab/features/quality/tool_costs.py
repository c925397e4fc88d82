"""The cost of each tool, from alternating runs under the tool and bare ones in one session.

A ratio compares the CPU time per unit of a run under the tool with that of the bare run next to it.
One ratio is of the whole process tree from start to end. Another is of the work alone, between the
first unit and the last, in the process that does it. For leaklab, the ratio of the work and the
added memory come from `agent_cost`, which compares the agent with sampling and without.
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
    """The peaks that a tool gave, run after run, and its cost.

    `whole` and `work` are ratios of CPU time, `added_bytes` is memory. A figure is None if the tool
    has none. `trouble` is the reason why there are no figures; empty if there are.
    """

    tool: str
    trouble: str = ""
    units: int = 0
    peaks_bytes: tuple[int, ...] = ()
    whole: Interval | None = None
    work: Interval | None = None
    added_bytes: Interval | None = None

    @property
    def spread_bytes(self) -> int | None:
        """The largest less the smallest peak that it gave for the same work; None without peaks."""
        return max(self.peaks_bytes) - min(self.peaks_bytes) if self.peaks_bytes else None


def measure_tool_costs(
    runner: ToolRunner, job: Job, pairs: int, tools: Iterable[Tool], on_progress: OnProgress
) -> Iterator[ToolCost]:
    """Measure each tool with `pairs` pairs of runs of the job.

    A tool that is not installed or fails gets a row with the reason.
    """
    for tool in tools:
        if remedy := tool.needs.remedy:
            yield ToolCost(tool.name, remedy)
            continue
        try:
            yield _cost(runner, job, pairs, tool, on_progress)
        except NotMeasured as error:
            yield ToolCost(tool.name, f"failed: {error}")


def _cost(
    runner: ToolRunner, job: Job, pairs: int, tool: Tool, on_progress: OnProgress
) -> ToolCost:
    job = msgspec.structs.replace(job, units=max(job.units // tool.part, 1))
    on_progress(f"{tool.name}, not counted")
    # psleak decides the number of units itself. The first run of a tool is not counted, because
    # its caches are empty.
    bare_job = msgspec.structs.replace(job, units=_once(runner, job, tool).units)
    measured = []
    for number in range(pairs):
        on_progress(f"{tool.name}, pair {number + 1} of {pairs}")
        measured.append(_pair(runner, (job, tool), (bare_job, TOOLS[BARE]), number))
    cost = summarize_tool_costs(tool.name, measured)
    return _with_sampling(cost, runner, job, pairs, on_progress) if tool.name == LEAKLAB else cost


def _pair(
    runner: ToolRunner, one: tuple[Job, Tool], other: tuple[Job, Tool], number: int
) -> tuple[ToolFigures, ToolFigures]:
    """Make a run of each; which one is first depends on the parity of the number."""
    if number % 2:
        first = _once(runner, *one)
        return first, _once(runner, *other)
    second = _once(runner, *other)
    return _once(runner, *one), second


def _once(runner: ToolRunner, job: Job, tool: Tool) -> ToolFigures:
    with runner.prepare(job) as tool_job:
        return tool.measure(runner, tool_job)


def summarize_tool_costs(name: str, pairs: Sequence[tuple[ToolFigures, ToolFigures]]) -> ToolCost:
    """Summarize pairs of a run under the tool and the bare run next to it."""
    under = [tool for tool, _ in pairs]
    return ToolCost(
        tool=name,
        units=under[0].units,
        peaks_bytes=tuple(m.peak_bytes for m in under if m.peak_bytes is not None),
        whole=interval(
            [_per_unit(m, m.cpu_seconds) / _per_unit(b, b.cpu_seconds) for m, b in pairs]
        ),
        work=interval(
            [
                _per_unit(m, m.work_cpu_seconds) / _per_unit(b, b.work_cpu_seconds)
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


def _per_unit(figures: ToolFigures, amount: float) -> float:
    return amount / figures.units


def interval(values: Sequence[float]) -> Interval | None:
    """Return the median of some values with its 95 % interval; None without values."""
    return Interval(median(values), *median_interval(values)) if values else None


def _with_sampling(
    cost: ToolCost, runner: ToolRunner, job: Job, pairs: int, on_progress: OnProgress
) -> ToolCost:
    """Replace the ratio of the work and the added memory by those of leaklab's sampling."""
    limits = Limits(
        memory_bytes=default_memory_limit(), time_seconds=runner.seconds * MAX_WALL_PER_CPU
    )
    (agent,) = agent_cost.measure_agent_cost(runner.catalogue, [job], pairs, limits, on_progress)
    added = float(agent.added_bytes)
    return replace(
        cost,
        work=Interval(agent.ratio, agent.low, agent.high),
        added_bytes=Interval(added, added, added),
    )
