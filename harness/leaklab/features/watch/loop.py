"""The watch loop: any tree of processes read from outside, over time in the place of units of work.

The series of a tree has a fixed most length: when it is full every second row goes, and it is
looked at half as often. So a watch of a week costs no more than one of an hour. Looks are spaced
unevenly on purpose (golden-ratio hashing): even ones turn a saw-tooth of nearly their own period
into a slow rise. A whole reading of a large process takes long, and is spaced further still, by a
`CpuBudget`; between two of them its resident memory is read alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import msgspec

from leaklab.features.watch.container import ContainerReading
from leaklab.features.watch.ended_processes import EndedProcesses
from leaklab.features.watch.history import MIN_SERIES_READINGS, History, ProcessHistory
from leaklab.model.scenario import Resource
from leaklab.model.signals import Reading
from leaklab.model.verdicts import Estimate, Reason, ReasonKind, Verdict
from leaklab.observer.pace import CpuBudget
from leaklab.observer.probes.protocol import Probes
from leaklab.verdict.generations import Generations, with_generations
from leaklab.verdict.over_time import UNLIMITED, judge_over_time, signal_of_memory
from leaklab.verdict.wording import Per, with_text

# Two are the least that have a slope; what the verdict asks for, its reasons say.
MIN_ROWS = 2
MAX_WATCH_ROWS = 2000
# However long the watch: a table that is looked at should be of now.
MAX_INTERVAL_SECONDS = 10.0
# Where a reading is not due yet, it is asked for again; more often than that would cost, too.
MIN_INTERVAL_SECONDS = 0.01
# Shares of one CPU: of whole readings, and of readings of resident memory; together 2 %.
READING_CPU_BUDGET = 1 / 60
RESIDENT_CPU_BUDGET = 1 / 300
GOLDEN = (5**0.5 - 1) / 2


class WatchEnd(Enum):
    """Why a watch is over."""

    ENDED = "it ended"
    INTERRUPTED = "interrupted"
    TIME = "the time is up"


def _no_container(_: int) -> None:
    """Nothing is known of a group."""


@dataclass(frozen=True)
class WatchSettings:
    """What a watch is made with; tests have their own of each.

    pids: the living processes of the tree.
    probes: reads them.
    clock: seconds, from any beginning.
    interval_seconds: how long from one look to the next, at least and on the average.
    memory_bytes: how much memory the tree may come to have.
    container: reads the control group of one process.
    """

    pids: Callable[[], Sequence[int]]
    probes: Probes
    clock: Callable[[], float]
    interval_seconds: float
    memory_bytes: float = UNLIMITED
    container: Callable[[int], ContainerReading | None] = _no_container


class Watch:
    """What has been seen of a tree so far.

    containers, shared_memory_bytes: the first reading and the last one, where there were any.
    """

    def __init__(self, means: WatchSettings, pace: CpuBudget, resident_pace: CpuBudget) -> None:
        """Begin to watch: time runs from here.

        Args:
            means: what it is made with.
            pace: of readings that are whole.
            resident_pace: of those of resident memory alone.
        """
        self._means = means
        self._pace = pace
        self._resident_pace = resident_pace
        self._began = means.clock()
        self._tree = History(MAX_WATCH_ROWS)
        self._processes: dict[int, ProcessHistory] = {}
        self._ended = EndedProcesses()
        self._segments_before: frozenset[str] | None = None
        self._looks = 0
        self.containers: list[ContainerReading] = []
        self.shared_memory_bytes: list[int] = []
        self.unreadable = 0
        self.seconds = 0.0

    @property
    def wait_seconds(self) -> float:
        """How long to wait for the next look: between 0.6 and 1.6 times the interval, which is
        shorter where workers are replaced often."""
        stretched = min(self._tree.resident.spacing, MAX_INTERVAL_SECONDS)
        shift = (self._looks + 1) * GOLDEN % 1 - self._looks * GOLDEN % 1
        interval = max(self._means.interval_seconds, stretched) / self._ended.times_closer
        interval = max(interval, MIN_INTERVAL_SECONDS)
        return interval * (1 + shift)

    @property
    def samples(self) -> Sequence[tuple[float, Reading]]:
        """The series of the tree: the seconds since the start, and what was read then."""
        return self._tree.whole.rows

    @property
    def resident_samples(self) -> Sequence[tuple[float, Reading]]:
        """The same of resident memory alone, which is read more often."""
        return self._tree.resident.rows

    @property
    def now(self) -> Reading:
        """The whole tree, as it was read last."""
        return self._tree.now

    @property
    def too_short(self) -> bool:
        """Whether there are too few readings to say how fast anything grows."""
        return len(self.resident_samples) < MIN_SERIES_READINGS

    def elapsed_seconds(self) -> float:
        """Seconds since it began; `seconds` are those at the last reading."""
        return self._means.clock() - self._began

    def take_sample(self) -> None:
        """Read the tree, unless that would take more of a CPU than it may."""
        probes, seconds = self._means.probes, self.elapsed_seconds()
        if self._pace.due:
            with self._pace.charge():
                found = self._read(probes.reading)
                total = self._with_what_is_beside(probes.in_all(found.values()), found)
                self._keep(seconds, found, total)
        elif self._resident_pace.due:
            with self._resident_pace.charge():
                found = self._read(probes.resident)
                self._keep(seconds, found, probes.in_all(found.values()))

    def processes(self, most: int) -> list[ProcessHistory]:
        """Those alive at the last look that have memory, the largest first."""
        found = [p for p in self._processes.values() if p.reading.rss_bytes is not None]
        return sorted(found, key=lambda p: -(p.reading.rss_bytes or 0))[:most]

    def process_count(self) -> int:
        """How many have memory."""
        return len(self.processes(len(self._processes)))

    def generations(self) -> list[Generations]:
        """The processes that came and went."""
        return self._ended.judged()

    def verdict(self, resource: Resource) -> Verdict:
        """The verdict on what was seen so far, with the time in its reasons; without amounts where
        there are too few readings."""
        verdict = judge_over_time(self._tree.rows(), resource, self._means.memory_bytes)
        if self.too_short:
            verdict = msgspec.structs.replace(verdict, per_unit=None, low=None, high=None)
        verdict = with_generations(verdict, self.generations())
        over = Reason(kind=ReasonKind.WATCHED_FOR, seconds=self.seconds)
        return with_text(
            msgspec.structs.replace(verdict, reasons=[*verdict.reasons, over]), Per.SECOND
        )

    def growth_of_memory(self, verdict: Verdict) -> Estimate:
        """Of a verdict of its own the estimate that decides on memory."""
        signal = signal_of_memory(self._tree.rows())
        return next(e for e in verdict.estimates if e.signal is signal)

    def _read(self, read: Callable[[int], Reading | None]) -> dict[int, Reading]:
        self._looks += 1
        return {pid: reading for pid in self._means.pids() if (reading := read(pid))}

    def _with_what_is_beside(self, total: Reading, found: Mapping[int, Reading]) -> Reading:
        """A whole reading of the tree, with what is of no process: /dev/shm, and the container."""
        of_others = [r for r in found.values() if r.rss_bytes is not None and r.pss_bytes is None]
        self.unreadable = max(self.unreadable, len(of_others))
        any_pid = next(iter(found), 0)
        segments = self._means.probes.segment_names(any_pid)
        if self._segments_before is None:
            self._segments_before = segments
        tmpfs_bytes = self._means.probes.shared_memory_bytes(any_pid)
        if tmpfs_bytes is not None:
            self.shared_memory_bytes = [*self.shared_memory_bytes[:1], tmpfs_bytes]
        if container := self._means.container(any_pid):
            self.containers = [*self.containers[:1], container]
        new = len(segments - self._segments_before)
        return msgspec.structs.replace(total, segments=new, tmpfs_bytes=tmpfs_bytes)

    def _keep(self, seconds: float, found: Mapping[int, Reading], total: Reading) -> None:
        if total.rss_bytes is None:  # nothing is left of it but what waits for its parent
            return
        is_first = not self._tree.resident.rows
        self.seconds = seconds
        self._tree.add(seconds, total)
        for pid in self._processes.keys() - found.keys():
            self._ended.ended(self._processes.pop(pid))
        for pid, reading in found.items():
            if pid not in self._processes:
                self._processes[pid] = ProcessHistory(pid, seen_from_start=not is_first)
            process = self._processes[pid]
            process.add(seconds, reading, self._means.probes.command_line(pid))
            process.note_descent(self._means.probes)


def follow(
    watch: Watch, wait: Callable[[float], WatchEnd | None], show: Callable[[Watch], None]
) -> WatchEnd:
    """Look again and again; why it is over.

    Args:
        watch: what looks.
        wait: waits so many seconds, or less where the watch is to end, and then says why.
        show: is called after every look.
    """
    while True:
        watch.take_sample()
        show(watch)
        if ending := wait(watch.wait_seconds):
            if ending is WatchEnd.TIME:  # it goes on, and the last look may be long ago
                watch.take_sample()
            return ending
