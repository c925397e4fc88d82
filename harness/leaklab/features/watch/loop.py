"""The watch loop: a tree of processes is read from outside, over time instead of units of work.

The series of a tree has a maximum length. When it is full, every second row is removed and the
tree is sampled half as often, so a watch of a week costs no more than one of an hour. Samples are
spaced unevenly (golden-ratio hashing), because even ones turn a saw-tooth with nearly their own
period into a slow rise. A whole reading of a large process takes long, and a `CpuBudget` spaces
such readings further apart. Between two of them only the resident memory is read.
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
from leaklab.observer.cpu_budget import CpuBudget
from leaklab.observer.probes.protocol import Probes
from leaklab.verdict.generations import Generations
from leaklab.verdict.over_time import UNLIMITED, judge_over_time, signal_of_memory
from leaklab.verdict.wording import Per, with_text
from leaklab.verdict.workers import with_generations

# A slope needs two rows. The verdict needs more, and its reasons say how many.
MIN_ROWS = 2
MAX_WATCH_ROWS = 2000
# The maximum for a watch of any length, so that the live table stays current.
MAX_INTERVAL_SECONDS = 10.0
# A reading that is not due yet is tried again after this time, because trying costs CPU time, too.
MIN_INTERVAL_SECONDS = 0.01
# Shares of one CPU for whole readings and for readings of resident memory; together 2 %.
READING_CPU_BUDGET = 1 / 60
RESIDENT_CPU_BUDGET = 1 / 300
GOLDEN = (5**0.5 - 1) / 2


class WatchEnd(Enum):
    """Why a watch has ended."""

    ENDED = "it ended"
    INTERRUPTED = "interrupted"
    TIME = "the time is up"


def _no_container(_: int) -> None:
    """Read no control group."""


@dataclass(frozen=True)
class WatchSettings:
    """The settings of a watch, with the functions that it reads the system by.

    Attributes:
        pids: Returns the living processes of the tree.
        probes: Reads a process.
        clock: Returns seconds since any fixed time.
        interval_seconds: The mean time between samples; it grows with the length of the watch.
        memory_bytes: The memory limit of the tree.
        container: Reads the control group of a process.
    """

    pids: Callable[[], Sequence[int]]
    probes: Probes
    clock: Callable[[], float]
    interval_seconds: float
    memory_bytes: float = UNLIMITED
    container: Callable[[int], ContainerReading | None] = _no_container


class Watch:
    """What has been seen of a tree so far.

    Attributes:
        containers, shared_memory_bytes: The first reading and the last one, where there were any.
    """

    def __init__(self, settings: WatchSettings, pace: CpuBudget, resident_pace: CpuBudget) -> None:
        """Begin to watch: time runs from here.

        Args:
            settings: The settings of the watch.
            pace: The CPU budget of whole readings.
            resident_pace: The CPU budget of readings of resident memory.
        """
        self._settings = settings
        self._pace = pace
        self._resident_pace = resident_pace
        self._began = settings.clock()
        self._tree = History(MAX_WATCH_ROWS)
        self._processes: dict[int, ProcessHistory] = {}
        self._ended = EndedProcesses()
        self._segments_before: frozenset[str] | None = None
        self._samples_taken = 0
        # How often PSS was read, and the sum of these readings.
        self._whole_readings, self._pss_bytes = 0, 0
        self.containers: list[ContainerReading] = []
        self.shared_memory_bytes: list[int] = []
        self.unreadable = 0
        self.seconds = 0.0

    @property
    def wait_seconds(self) -> float:
        """The time to wait for the next sample: between 0.6 and 1.6 times the interval.

        The interval is shorter if workers are replaced often.
        """
        stretched = min(self._tree.resident.spacing, MAX_INTERVAL_SECONDS)
        shift = (self._samples_taken + 1) * GOLDEN % 1 - self._samples_taken * GOLDEN % 1
        interval = max(self._settings.interval_seconds, stretched) / self._ended.rate_factor
        interval = max(interval, MIN_INTERVAL_SECONDS)
        return interval * (1 + shift)

    @property
    def samples(self) -> Sequence[tuple[float, Reading]]:
        """The series of the tree: whole readings, with the seconds since the start."""
        return self._tree.whole.rows

    @property
    def resident_samples(self) -> Sequence[tuple[float, Reading]]:
        """The series of resident memory alone, which is read more often."""
        return self._tree.resident.rows

    @property
    def now(self) -> Reading:
        """The last reading of the whole tree."""
        return self._tree.now

    @property
    def too_short(self) -> bool:
        """Whether there are too few readings for a growth rate."""
        return len(self.resident_samples) < MIN_SERIES_READINGS

    def elapsed_seconds(self) -> float:
        """Return the seconds since the start until now; `seconds` ends at the last reading."""
        return self._settings.clock() - self._began

    def take_sample(self) -> None:
        """Read the tree, unless that would exceed the CPU budget."""
        probes, seconds = self._settings.probes, self.elapsed_seconds()
        if self._pace.due:
            with self._pace.charge():
                readings = self._read(probes.reading)
                total = self._with_shared(probes.sum_readings(readings.values()), readings)
                self._add(seconds, readings, total)
        elif self._resident_pace.due:
            with self._resident_pace.charge():
                readings = self._read(probes.cheap_reading)
                self._add(seconds, readings, probes.sum_readings(readings.values()))

    def processes(self, max_count: int) -> list[ProcessHistory]:
        """Return the largest processes that were alive and had memory at the last sample."""
        alive = [p for p in self._processes.values() if p.reading.rss_bytes is not None]
        return sorted(alive, key=lambda p: -(p.reading.rss_bytes or 0))[:max_count]

    def process_count(self) -> int:
        """Return the number of processes that had memory at the last sample."""
        return len(self.processes(len(self._processes)))

    def generations(self) -> list[Generations]:
        """Judge the processes that started and ended during the watch, by their commands."""
        return self._ended.generations(self._whole_readings, self._pss_bytes)

    def verdict(self, resource: Resource) -> Verdict:
        """Judge a resource from the readings until now.

        The reasons name the time watched. With too few readings the verdict has no amounts.
        """
        verdict = judge_over_time(self._tree.rows(), resource, self._settings.memory_bytes)
        if self.too_short:
            verdict = msgspec.structs.replace(verdict, per_unit=None, low=None, high=None)
        verdict = with_generations(verdict, self.generations())
        watched_for = Reason(kind=ReasonKind.WATCHED_FOR, seconds=self.seconds)
        return with_text(
            msgspec.structs.replace(verdict, reasons=[*verdict.reasons, watched_for]), Per.SECOND
        )

    def growth_of_memory(self, verdict: Verdict) -> Estimate:
        """Return the estimate that decides on memory, from a verdict of this watch."""
        signal = signal_of_memory(self._tree.rows())
        return next(e for e in verdict.estimates if e.signal is signal)

    def _read(self, read: Callable[[int], Reading | None]) -> dict[int, Reading]:
        self._samples_taken += 1
        return {pid: reading for pid in self._settings.pids() if (reading := read(pid))}

    def _with_shared(self, total: Reading, readings: Mapping[int, Reading]) -> Reading:
        """Add what belongs to no process to a whole reading: /dev/shm and the container."""
        without_pss = [
            r for r in readings.values() if r.rss_bytes is not None and r.pss_bytes is None
        ]
        self.unreadable = max(self.unreadable, len(without_pss))
        any_pid = next(iter(readings), 0)
        segments = self._settings.probes.segment_names(any_pid)
        if self._segments_before is None:
            self._segments_before = segments
        tmpfs_bytes = self._settings.probes.shared_memory_bytes(any_pid)
        if tmpfs_bytes is not None:
            self.shared_memory_bytes = [*self.shared_memory_bytes[:1], tmpfs_bytes]
        if container := self._settings.container(any_pid):
            self.containers = [*self.containers[:1], container]
        new = len(segments - self._segments_before)
        return msgspec.structs.replace(total, segments=new, tmpfs_bytes=tmpfs_bytes)

    def _add(self, seconds: float, readings: Mapping[int, Reading], total: Reading) -> None:
        if total.rss_bytes is None:  # only zombies are left
            return
        is_first = not self._tree.resident.rows
        self.seconds = seconds
        self._tree.add(seconds, total)
        self._whole_readings += total.pss_bytes is not None
        self._pss_bytes += total.pss_bytes or 0
        for pid in self._processes.keys() - readings.keys():
            self._ended.add(self._processes.pop(pid))
        for pid, reading in readings.items():
            if pid not in self._processes:
                self._processes[pid] = ProcessHistory(pid, seen_from_start=not is_first)
            process = self._processes[pid]
            process.add(seconds, reading, self._settings.probes.command_line(pid))
            process.note_descent(self._settings.probes)


def follow(
    watch: Watch, wait: Callable[[float], WatchEnd | None], show: Callable[[Watch], None]
) -> WatchEnd:
    """Take samples until the watch ends; return why it ended.

    Args:
        watch: Takes the samples.
        wait: Waits for a number of seconds; returns early, with the reason, if the watch ends.
        show: Is called after every sample.
    """
    while True:
        watch.take_sample()
        show(watch)
        if ending := wait(watch.wait_seconds):
            if ending is WatchEnd.TIME:  # the tree still runs, and the last sample may be old
                watch.take_sample()
            return ending
