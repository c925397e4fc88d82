"""Everything again and again beside busy neighbours: are the verdicts and the peaks the same?"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from leaklab.model import Repeatable, Resource, Scenario
from leaklab.record import Ended, Result

# Busy in every way that could disturb: it computes, allocates and frees, and makes system calls.
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


@dataclass(frozen=True)
class Steadiness:
    """How far the peaks of one variant in one mode lie apart over its rounds."""

    label: str
    runs: int
    least_bytes: int
    most_bytes: int
    allowed_share: float
    wrong: int

    @property
    def spread_share(self) -> float:
        """Largest less smallest peak, as a share of the smallest."""
        return (self.most_bytes - self.least_bytes) / self.least_bytes if self.least_bytes else 0.0

    @property
    def holds(self) -> bool:
        """No wrong verdict, and the peaks as near to each other as the scenario declares."""
        return not self.wrong and self.spread_share <= self.allowed_share


@contextmanager
def busy_neighbours() -> Iterator[list[int]]:
    """Two busy processes: one takes turns with the runs on the processor that they are pinned to,
    the other moves about. They end by themselves if their parent does; gives their pids.
    """
    allowed = os.sched_getaffinity(0)
    with ExitStack() as stack:
        yield [stack.enter_context(_neighbour(cpus)) for cpus in ({max(allowed)}, allowed)]


@contextmanager
def _neighbour(cpus: set[int]) -> Iterator[int]:
    code = NEIGHBOUR.replace("CPUS", repr(cpus)).replace("PARENT", str(os.getpid()))
    command = [sys.executable, "-I", "-S", "-c", code]
    # In a session of its own: Ctrl-C is the harness's to handle.
    process = subprocess.Popen(command, start_new_session=True)  # noqa: S603
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def steadiness(results: Sequence[Result], scenarios: Sequence[Scenario]) -> list[Steadiness]:
    """Group results by scenario, variant and mode, and see how near their peaks are."""
    allowed = {s.name: _allowed(s) for s in scenarios}
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.scenario, result.variant, result.mode), []).append(result)
    return [_steadiness(group, allowed[key[0]]) for key, group in groups.items()]


def _steadiness(group: Sequence[Result], allowed: float) -> Steadiness:
    peaks = [r.peak_rss_bytes or 0 for r in group if r.ended is Ended.COMPLETED] or [0]
    first = group[0]
    return Steadiness(
        label=f"{first.scenario}/{first.variant}/{first.mode}",
        runs=len(group),
        least_bytes=min(peaks),
        most_bytes=max(peaks),
        allowed_share=allowed,
        wrong=sum(not r.agrees for r in group),
    )


def _allowed(scenario: Scenario) -> float:
    if scenario.repeatable is Repeatable.EXACT:
        return 0.0
    return CLOSE_SHARE_OF_SOCKETS if scenario.resource is Resource.SOCKETS else CLOSE_SHARE
