"""The watch loop: any tree of processes read from outside, over time in the place of units of work.

The series of a tree has a fixed most length: when it is full every second row goes, and it is
looked at half as often. So a watch of a week costs no more than one of an hour. Looks are spaced
unevenly on purpose (golden-ratio hashing): even ones turn a saw-tooth of nearly their own period
into a slow rise. Readings that are dear are spaced further still, by a `Pace`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import msgspec

from leaklab.features.watch.history import FEWEST_READINGS, Process
from leaklab.model.scenario import Resource
from leaklab.model.signals import Reading, Signal
from leaklab.model.verdicts import Estimate, Reason, ReasonKind, Verdict
from leaklab.observer.pace import Pace
from leaklab.observer.probes.protocol import Probes
from leaklab.observer.series import Series
from leaklab.verdict.octaves import Rows
from leaklab.verdict.process import judge_tree
from leaklab.verdict.resources import SIGNALS_OF_TREE
from leaklab.verdict.wording import Per, worded

# Two are the least that have a slope; what the verdict asks for, its reasons say.
FEWEST_ROWS = 2
MOST_ROWS = 2000
# However long the watch: a table that is looked at should be of now.
LONGEST_INTERVAL_SECONDS = 10.0
# Where a reading is not due yet, it is asked for again; more often than that would cost, too.
LEAST_INTERVAL_SECONDS = 0.01
# Of one CPU the part that readings may take.
READING_SHARE = 50
GOLDEN = (5**0.5 - 1) / 2

SIGNALS = tuple(signal for signals in SIGNALS_OF_TREE.values() for signal in signals)


class Ending(Enum):
    """Why a watch is over."""

    ENDED = "it ended"
    INTERRUPTED = "interrupted"
    TIME = "the time is up"


@dataclass(frozen=True)
class Means:
    """What a watch is made with; tests have their own of each.

    pids: the living processes of the tree.
    probes: reads them.
    clock: seconds, from any beginning.
    interval_seconds: how long from one look to the next, at least and on the average.
    """

    pids: Callable[[], Sequence[int]]
    probes: Probes
    clock: Callable[[], float]
    interval_seconds: float


class Watch:
    """What has been seen of a tree so far."""

    def __init__(self, means: Means, pace: Pace) -> None:
        """Begin to watch: time runs from here."""
        self._means = means
        self._pace = pace
        self._began = means.clock()
        self._tree = Series(MOST_ROWS)
        self._processes: dict[int, Process] = {}
        self._segments_before: frozenset[str] | None = None
        self._looks = 0
        self.unreadable = 0
        self.seconds = 0.0

    @property
    def wait_seconds(self) -> float:
        """How long to wait for the next look: between 0.6 and 1.6 times the interval."""
        stretched = min(self._tree.spacing, LONGEST_INTERVAL_SECONDS)
        shift = (self._looks + 1) * GOLDEN % 1 - self._looks * GOLDEN % 1
        interval = max(self._means.interval_seconds, stretched, LEAST_INTERVAL_SECONDS)
        return interval * (1 + shift)

    @property
    def samples(self) -> Sequence[tuple[float, Reading]]:
        """The series of the tree: the seconds since the start, and what was read then."""
        return self._tree.rows

    @property
    def now(self) -> Reading:
        """The whole tree, as it was read last."""
        return self._tree.rows[-1][1] if self._tree.rows else Reading()

    @property
    def too_short(self) -> bool:
        """Whether there are too few readings to say how fast anything grows."""
        return len(self._tree.rows) < FEWEST_READINGS

    def lasted(self) -> float:
        """Seconds since it began; `seconds` are those at the last reading."""
        return self._means.clock() - self._began

    def look(self) -> None:
        """Read the tree, unless that would take more of a CPU than it may."""
        if not self._pace.due:
            return
        with self._pace.spending():
            self._looks += 1
            seconds = self.lasted()
            found = dict(self._read())
            total = self._in_all(found)
        # Nothing is left of it but what waits for its parent.
        if total.pss_bytes is None:
            return
        self.seconds = seconds
        self._tree.add(seconds, total)
        for pid in self._processes.keys() - found.keys():
            del self._processes[pid]
        for pid, reading in found.items():
            process = self._processes.setdefault(pid, Process(pid))
            process.add(seconds, reading, self._means.probes.command_line(pid))

    def processes(self, most: int) -> list[Process]:
        """Those alive at the last look that have memory, the largest first."""
        found = [p for p in self._processes.values() if p.reading.rss_bytes is not None]
        return sorted(found, key=lambda p: -(p.reading.rss_bytes or 0))[:most]

    def count(self) -> int:
        """How many have memory."""
        return len(self.processes(len(self._processes)))

    def verdict(self, resource: Resource) -> Verdict:
        """The verdict on what was seen so far, with the time in its reasons; without amounts where
        there are too few readings."""
        verdict = judge_tree({s: rows for s, rows in self.rows().items() if rows[0]}, resource)
        if self.too_short:
            verdict = msgspec.structs.replace(verdict, per_unit=None, low=None, high=None)
        elif resource is Resource.MEMORY:  # in which PSS may grow by the files that are mapped
            e = growth_of_memory(verdict)
            verdict = msgspec.structs.replace(verdict, per_unit=e.per_unit, low=e.low, high=e.high)
        over = Reason(kind=ReasonKind.WATCHED_FOR, seconds=self.seconds)
        return worded(
            msgspec.structs.replace(verdict, reasons=[*verdict.reasons, over]), Per.SECOND
        )

    def rows(self) -> dict[Signal, Rows]:
        """By signal that can decide: when it was read, and what."""
        return {signal: self._tree.of(signal) for signal in SIGNALS}

    def _read(self) -> Iterator[tuple[int, Reading]]:
        for pid in self._means.pids():
            if reading := self._means.probes.reading(pid):
                yield pid, reading

    def _in_all(self, found: dict[int, Reading]) -> Reading:
        total = self._means.probes.in_all(list(found.values()))
        of_others = [r for r in found.values() if r.rss_bytes is not None and r.pss_bytes is None]
        self.unreadable = max(self.unreadable, len(of_others))
        segments = self._means.probes.shared_memory(next(iter(found), 0))
        if self._segments_before is None:
            self._segments_before = segments
        return msgspec.structs.replace(total, segments=len(segments - self._segments_before))


def growth_of_memory(verdict: Verdict) -> Estimate:
    """Of a tree, by the signal that decides on memory."""
    found = {estimate.signal: estimate for estimate in verdict.estimates}
    return next(found[s] for s in SIGNALS_OF_TREE[Resource.MEMORY] if s in found)


def follow(
    watch: Watch, wait: Callable[[float], Ending | None], show: Callable[[Watch], None]
) -> Ending:
    """Look again and again; why it is over.

    Args:
        watch: what looks.
        wait: waits so many seconds, or less where the watch is to end, and then says why.
        show: is called after every look.
    """
    while True:
        watch.look()
        show(watch)
        if ending := wait(watch.wait_seconds):
            if ending is Ending.TIME:  # it goes on, and the last look may be long ago
                watch.look()
            return ending
