"""The snapshots of a trace, as records.

A snapshot is reduced to its sums by file at once, because a snapshot that is kept needs as much
memory as the traces that it copies. What this folder and tracemalloc allocate is left out, and so
is what a logger allocates for them, where the tracebacks are long enough to show it.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
import tracemalloc
from collections import defaultdict
from contextlib import contextmanager
from operator import itemgetter

from . import records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    # By place, which is a file's name or a traceback: bytes and blocks.
    Sizes = dict[Any, tuple[int, int]]

OWN_FILES = frozenset(
    [tracemalloc.__file__]
    + [
        os.path.join(os.path.dirname(__file__), name)
        for name in ("__init__.py", "snapshots.py", "records.py")
    ]
)
# Of a trace as tracemalloc has it: its domain, its size, its frames, and how many there were.
SIZE_OF, FRAMES_OF = itemgetter(1), itemgetter(2)
NOTHING = (0, 0)


class _Switch:
    """Starts tracemalloc for the first trace, and stops it after the last if it started it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._is_ours = False

    @contextmanager
    def on(self, frames: int) -> Iterator[None]:
        """Trace with this number of frames until the context ends."""
        with self._lock:
            if not self._users:
                self._is_ours = not tracemalloc.is_tracing()
                if self._is_ours:
                    tracemalloc.start(frames)
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users and self._is_ours:
                    tracemalloc.stop()


_SWITCH = _Switch()


class Trace:
    """The snapshots of one trace; each is compared with an earlier one."""

    def __init__(self, delay: float, top: int, trace: int, frames: int, logger: Any) -> None:
        for name, value, lowest in (("top", top, 1), ("trace", trace, 0), ("frames", frames, 1)):
            if value < lowest:
                raise ValueError(f"{name} is {value}; it must be {lowest} or more")
        if not delay > 0:
            raise ValueError(f"delay is {delay}; it must be more than 0 seconds")
        self.delay, self._top, self._trace, self._frames = delay, top, trace, frames
        self._log = records.log_function(logger)
        self._began = time.monotonic()
        self._identity = {"pid": os.getpid(), "started": round(time.time(), 3)}
        self._number = 0
        self._first_files: Sizes = {}
        # Two earlier snapshots, so that what the start of the service allocated is left out.
        self._earlier_tracebacks: Sizes = {}
        self._next_earlier_tracebacks: Sizes = {}

    def log(self, records_to_log: list[dict[str, Any]]) -> None:
        """Give records to the logger."""
        for record in records_to_log:
            self._log(record)

    def event(self, name: str, **fields: Any) -> dict[str, Any]:
        """Return a record of this trace, at the present time."""
        seconds = round(time.monotonic() - self._began, 3)
        return {"event": name, **self._identity, "seconds": seconds, **fields}

    @contextmanager
    def running(self) -> Iterator[None]:
        """Trace, and log the beginning and the end; both ends are quiet if tracemalloc is off."""
        self._began = time.monotonic()
        settings = {"delay": self.delay, "top": self._top, "trace": self._trace}
        reason = "stopped"
        with _SWITCH.on(self._frames):
            self._log(self.event(records.TRACE_START, **settings))
            try:
                yield
            except asyncio.CancelledError:
                reason = "cancelled"
                raise
            except RuntimeError as error:
                reason = str(error)
                if tracemalloc.is_tracing():
                    raise
            finally:
                self._log(self.event(records.TRACE_END, reason=reason))

    def snapshot(self) -> list[dict[str, Any]]:
        """Make a snapshot and return its records.

        Raises:
            RuntimeError: Something else has stopped tracemalloc.
        """
        began, cpu_began = time.perf_counter(), time.thread_time()
        moment = self.event("", snapshot=self._number)
        tracebacks = _sizes_by_traceback()
        files = _sizes_by_file(tracebacks)
        self._renew_earlier(files, tracebacks)
        of_files = _changes(files, self._first_files)
        of_tracebacks = _changes(tracebacks, self._earlier_tracebacks)
        lists = {
            records.TOP_CURRENT: _largest(of_files, "size", self._top),
            records.SINCE_START: _largest(of_files, "difference", self._top),
            records.TRACEBACK: _largest(of_tracebacks, "difference", self._trace),
        }
        cost = {
            "event": records.TRACE_COST,
            "snapshot_seconds": round(time.perf_counter() - began, 6),
            "cpu_seconds": round(time.thread_time() - cpu_began, 6),
            **_totals(files),
        }
        self._number += 1
        ranked = ((e, rank, c) for e, chosen in lists.items() for rank, c in enumerate(chosen, 1))
        return [
            {**moment, **cost},
            *({**moment, "event": e, "rank": rank, **_named(c)} for e, rank, c in ranked),
        ]

    def _renew_earlier(self, files: Sizes, tracebacks: Sizes) -> None:
        """At each doubling of the snapshots, compare places with the snapshot of the last one."""
        if not self._number:
            self._first_files, self._next_earlier_tracebacks = files, tracebacks
        if self._number & (self._number - 1) == 0:
            self._earlier_tracebacks = self._next_earlier_tracebacks
            self._next_earlier_tracebacks = tracebacks


def _sizes_by_traceback() -> Sizes:
    """Return what is traced now, without what this folder and tracemalloc allocated.

    A traceback is a tuple of its frames, (file, line), the newest first. tracemalloc traces this
    function, too, which is what makes a loop expensive: this one allocates nothing for a block.
    `Snapshot.statistics` takes 20 times as long.
    """
    traces: Any = tracemalloc.take_snapshot().traces
    blocks = traces._traces
    sizes = defaultdict(list)
    for frames, size in zip(map(FRAMES_OF, blocks), map(SIZE_OF, blocks)):
        sizes[frames].append(size)
    return {
        frames: (sum(of_frames), len(of_frames))
        for frames, of_frames in sizes.items()
        if not any(file in OWN_FILES for file, _ in frames)
    }


def _sizes_by_file(tracebacks: Sizes) -> Sizes:
    sums: Sizes = {}
    for frames, (size, count) in tracebacks.items():
        file = frames[0][0]
        size_before, count_before = sums.get(file, NOTHING)
        sums[file] = size_before + size, count_before + count
    return sums


def _totals(files: Sizes) -> dict[str, int]:
    """Return the memory of tracemalloc itself, and of what it traces."""
    return {
        "tracemalloc_bytes": tracemalloc.get_tracemalloc_memory(),
        "traced_bytes": sum(size for size, _ in files.values()),
        "blocks": sum(count for _, count in files.values()),
        "files": len(files),
        "frames": tracemalloc.get_traceback_limit(),
    }


def _changes(now: Sizes, before: Sizes) -> list[dict[str, Any]]:
    """Return the bytes of each place, its blocks, the bytes of an average one, and the growth."""
    return [
        {
            "place": place,
            "size": size,
            "count": count,
            "average": round(size / count),
            "difference": size - before.get(place, NOTHING)[0],
        }
        for place, (size, count) in now.items()
    ]


def _largest(changes: list[dict[str, Any]], key: str, most: int) -> list[dict[str, Any]]:
    positive = (change for change in changes if change[key] > 0)
    return sorted(positive, key=lambda change: -change[key])[:most]


def _named(change: dict[str, Any]) -> dict[str, Any]:
    """Return a change with its place as text: a file, or the lines of a traceback, oldest first."""
    numbers = dict(change)
    place = numbers.pop("place")
    if isinstance(place, str):
        return {"file": place, **numbers}
    lines = [f"{file}:{line}" for file, line in reversed(place)]
    return {"traceback": " > ".join(lines), **numbers}
