"""Repeatability: whether verdicts and peaks stay the same over many runs on a busy machine."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from leaklab.model.measurement import EndReason
from leaklab.model.result import Result
from leaklab.model.scenario import Repeatable, Resource, Scenario, Scope
from leaklab.verdict.pairs import label

# A process that disturbs runs in every way: it computes, allocates, frees and makes system calls.
NEIGHBOUR = """
import os
os.sched_setaffinity(0, CPUS)
while os.getppid() == PARENT:
    held = [bytearray(1 << 20) for _ in range(64)]
    sum(i * i for i in range(300_000))
    os.stat("/")
"""

CLOSE_SHARE = 0.01
CLOSE_SHARE_OF_SOCKETS = 0.02

# Workers are exact in every mode. Their parent has the pool's three threads, and the order in which
# these run varies, which touches a few more or fewer pages.
PARENT_BYTES = 40 << 10


@dataclass(frozen=True)
class Repeatability:
    """The spread of the peaks of one variant in one mode over its rounds.

    `min_bytes` and `max_bytes` are the smallest and the largest peak of its one process, of the
    pool's worker with the largest spread, or of the tree where that is judged.
    `parent_spread_bytes` is the spread of the pool's parent. `wrong` counts the wrong verdicts.
    """

    label: str
    runs: int
    min_bytes: int
    max_bytes: int
    allowed_share: float
    wrong: int
    parent_spread_bytes: int = 0

    @property
    def spread_share(self) -> float:
        """The largest less the smallest peak, as a share of the smallest."""
        return (self.max_bytes - self.min_bytes) / max(self.min_bytes, 1)

    @property
    def is_repeatable(self) -> bool:
        """Whether no verdict is wrong, and the peaks are as close as the scenario declares."""
        return not self.wrong and not self.loose

    @property
    def loose(self) -> bool:
        """Whether the spread is larger than declared, or than allowed for a pool's parent."""
        too_wide = self.spread_share > self.allowed_share
        return too_wide or self.parent_spread_bytes > PARENT_BYTES


@contextmanager
def busy_neighbours() -> Iterator[list[int]]:
    """Start two busy processes and yield their pids.

    One competes with the runs for the CPU that they are pinned to; the other may use all CPUs. They
    end by themselves if their parent ends.
    """
    allowed = os.sched_getaffinity(0)
    with ExitStack() as stack:
        yield [stack.enter_context(_neighbour(cpus)) for cpus in ({max(allowed)}, allowed)]


@contextmanager
def _neighbour(cpus: set[int]) -> Iterator[int]:
    code = NEIGHBOUR.replace("CPUS", repr(cpus)).replace("PARENT", str(os.getpid()))
    command = [sys.executable, "-I", "-S", "-c", code]
    # In its own session, so that only the harness receives Ctrl-C.
    process = subprocess.Popen(command, start_new_session=True)  # noqa: S603
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def repeatabilities(
    results: Sequence[Result], scenarios: Sequence[Scenario]
) -> list[Repeatability]:
    """Group results by scenario, variant and mode, and compare the peaks within each group.

    Each process is compared with the one of the same number in the other runs. Of a pool's workers,
    the one with the largest spread counts, and among equal spreads the one with the largest peak.
    Where the tree is judged, its own peak is compared, and those of its processes are not.
    """
    by_name = {scenario.name: scenario for scenario in scenarios}
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.scenario, result.variant, result.mode), []).append(result)
    return [_repeatability(group, by_name[key[0]]) for key, group in groups.items()]


def _repeatability(group: Sequence[Result], scenario: Scenario) -> Repeatability:
    first = group[0]
    peaks: dict[int, list[int]] = {}
    for result in group:
        for number, peak in _peaks(result).items():
            peaks.setdefault(number, []).append(peak)
    parent = peaks.pop(0) if first.mode.is_pool and 0 in peaks else [0]
    widest = max(peaks.values(), key=lambda p: (max(p) - min(p), max(p)), default=[0])
    return Repeatability(
        label=label(first),
        runs=len(group),
        min_bytes=min(widest),
        max_bytes=max(widest),
        allowed_share=_allowed(scenario),
        wrong=sum(r.as_expected is False for r in group),
        parent_spread_bytes=max(parent) - min(parent),
    )


def _peaks(result: Result) -> dict[int, int]:
    """Return the peak of each process of a run by its number, or that of a judged tree as 0.

    A run that did not complete has none.
    """
    if result.end_reason is not EndReason.COMPLETED:
        return {}
    if result.scope is Scope.TREE:
        return {0: result.peak_bytes or 0}
    return {process.number: process.peak_rss_bytes for process in result.processes}


def _allowed(scenario: Scenario) -> float:
    """Return how far the largest peak may exceed the smallest, as a share of the smallest."""
    if scenario.repeatable is Repeatable.EXACT:
        return 0.0
    return CLOSE_SHARE_OF_SOCKETS if scenario.resource is Resource.SOCKETS else CLOSE_SHARE
