"""The readings of a log: by process, and in each by file, in a bounded amount of memory."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf, isfinite

from leaklab.features.logs.records import (
    CostRecord,
    FileRecord,
    LoggedRecord,
    TracebackRecord,
    Unusable,
    parse_line,
)
from leaklab.features.logs.sources import Batch
from leaklab.verdict.octaves import Rows

# 32 processes with 256 files of 256 readings each take 32 MiB.
MAX_READINGS = 256
MAX_LOGGED_FILES = 256
MAX_TRACES = 32

# A process and the time at which its trace began.
TraceKey = tuple[int, float]


class SizeSeries:
    """The sizes of one file by snapshot, thinned evenly to at most `MAX_READINGS`.

    A reading stands for `stride` snapshots and is the smallest of them, because the verdict
    compares minima. The order of the records does not matter.
    """

    def __init__(self) -> None:
        """Begin an empty series."""
        self.stride = 1
        self.last_snapshot = -1
        self.last_size = 0
        self.last_count = 0
        self._seconds = array("d")
        self._sizes = array("d")

    def add(self, snapshot: int, seconds: float, size: int, count: int = 0) -> None:
        """Add the size in bytes at a snapshot; adding it again changes nothing."""
        if snapshot >= self.last_snapshot:
            self.last_snapshot, self.last_size, self.last_count = snapshot, size, count
        while snapshot // self.stride >= MAX_READINGS:
            self._halve()
        at = snapshot // self.stride
        missing = at + 1 - len(self._sizes)
        self._sizes.extend([inf] * missing)
        self._seconds.extend([inf] * missing)
        if size < self._sizes[at]:
            self._sizes[at], self._seconds[at] = size, seconds

    def rows(self) -> Rows:
        """Return the seconds and the sizes in bytes of the readings."""
        pairs = zip(self._seconds, self._sizes, strict=True)
        rows = [pair for pair in pairs if isfinite(pair[1])]
        return [seconds for seconds, _ in rows], [size for _, size in rows]

    def _halve(self) -> None:
        """Keep the smaller of each two readings."""
        pairs = list(zip(self._sizes, self._seconds, strict=True))
        if len(pairs) % 2:
            pairs.append((inf, inf))
        smaller = [min(two) for two in zip(pairs[::2], pairs[1::2], strict=True)]
        self._sizes = array("d", [size for size, _ in smaller])
        self._seconds = array("d", [seconds for _, seconds in smaller])
        self.stride *= 2


@dataclass
class CostSum:
    """The cost of the snapshots of a trace: the sums, the largest and the last."""

    snapshots: int = 0
    cpu_seconds: float = 0.0
    max_snapshot_seconds: float = 0.0
    max_tracemalloc_bytes: int = 0
    frames: int = 0

    def add(self, record: CostRecord) -> None:
        """Add a snapshot."""
        self.snapshots += 1
        self.cpu_seconds += record.cpu_seconds
        self.max_snapshot_seconds = max(self.max_snapshot_seconds, record.snapshot_seconds)
        self.max_tracemalloc_bytes = max(self.max_tracemalloc_bytes, record.tracemalloc_bytes)
        self.frames = record.frames


@dataclass
class ProcessTrace:
    """The trace of one process.

    Attributes:
        pid: The process.
        started: The Unix time at which its trace began.
        total: The memory of all files together, also of those in no list.
        files: The memory of each file that was in a list.
        tracebacks: By file, the newest place that grew most.
        snapshots: The number of the last snapshot and 1.
        seconds: The time of the last snapshot.
    """

    pid: int
    started: float
    total: SizeSeries = field(default_factory=SizeSeries)
    files: dict[str, SizeSeries] = field(default_factory=dict)
    tracebacks: dict[str, TracebackRecord] = field(default_factory=dict)
    cost: CostSum = field(default_factory=CostSum)
    snapshots: int = 0
    seconds: float = 0.0

    def add(self, record: LoggedRecord) -> None:
        """Add a record of this process."""
        if record.snapshot >= self.snapshots:
            self.snapshots, self.seconds = record.snapshot + 1, record.seconds
        if isinstance(record, CostRecord):
            self.cost.add(record)
            self.total.add(record.snapshot, record.seconds, record.traced_bytes)
        elif isinstance(record, TracebackRecord):
            self._add_traceback(record)
        elif isinstance(record, FileRecord):
            series = self.files.get(record.file)
            if series is None:
                self._make_room()
                series = self.files[record.file] = SizeSeries()
            series.add(record.snapshot, record.seconds, record.size, record.count)

    def listed(self) -> dict[str, SizeSeries]:
        """Return the files in the lists of the last snapshot; of the others the size is unknown."""
        last = self.snapshots - 1
        return {file: s for file, s in self.files.items() if s.last_snapshot == last}

    def _add_traceback(self, record: TracebackRecord) -> None:
        before = self.tracebacks.get(record.file)
        is_newer = before is None or record.snapshot > before.snapshot
        is_larger = before is not None and record.difference > before.difference
        if is_newer or (before and record.snapshot == before.snapshot and is_larger):
            if before is None and len(self.tracebacks) >= MAX_LOGGED_FILES:
                del self.tracebacks[next(iter(self.tracebacks))]
            self.tracebacks[record.file] = record

    def _make_room(self) -> None:
        """Forget the file that has been in no list for the longest time."""
        if len(self.files) >= MAX_LOGGED_FILES:
            del self.files[min(self.files, key=lambda file: self.files[file].last_snapshot)]


class TraceLog:
    """What was read of the records, and of how many lines."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self.traces: dict[TraceKey, ProcessTrace] = {}
        self.lines = 0
        self.records = 0
        self.cut_short = 0
        self.traces_left_out = 0

    def read(self, batches: Iterable[Batch]) -> None:
        """Read all lines of a log."""
        for batch in batches:
            self.add(batch)

    def add(self, batch: Batch) -> None:
        """Read some lines."""
        self.lines += batch.passed
        last = len(batch.lines) - 1
        for number, line in enumerate(batch.lines):
            record = parse_line(line, ended=batch.ended or number < last)
            if record is Unusable.CUT_SHORT:
                self.cut_short += 1
            elif not isinstance(record, Unusable):
                self.records += 1
                self._trace_of(record).add(record)

    def _trace_of(self, record: LoggedRecord) -> ProcessTrace:
        key = (record.pid, record.started)
        trace = self.traces.get(key)
        if trace is None:
            if len(self.traces) >= MAX_TRACES:
                shortest = min(self.traces, key=lambda k: self.traces[k].snapshots)
                del self.traces[shortest]
                self.traces_left_out += 1
            trace = self.traces[key] = ProcessTrace(*key)
        return trace
