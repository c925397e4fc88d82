"""Reads the signals of its own process into the process's table.

Between the first unit and the last the sampler does not collect, freeze or trim.
"""

from __future__ import annotations

import mmap
import os
import sys

from . import proc
from .allocators import PymallocStats, libc_heap
from .layout import (
    MAX_STOPS,
    NOT_READ,
    ROW_SIGNALS,
    ROW_WIDTH,
    RUN,
    STOP_HEAD,
    STOP_SIGNALS,
    STOP_WIDTH,
    STOPS_AT,
    TABLE_BYTES,
    TABLE_HEAD,
)
from .paced_reader import ALWAYS_AT, COST_FACTOR, COST_FACTOR_IF_JUDGED, PacedReader
from .pages import populate_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .channel import Channel

# Signals that do not decide the verdict are read at the rows that are a multiple of this, at least
# eight times in each of the last two octaves. Halving the table keeps these rows longest.
SELDOM = 4
MIN_ROWS_IF_SELDOM = 32 * SELDOM


class Sampler:
    """The readers of a process's signals and the table that they write to."""

    def __init__(
        self, job: dict[str, Any], table_fd: int, number: int, channel: Channel, rows: int
    ) -> None:
        table = mmap.mmap(table_fd, TABLE_BYTES, offset=number * TABLE_BYTES)
        self.rows = memoryview(table).cast("q")
        self._channel = channel
        self._statm = channel.guard(os.open("/proc/self/statm", os.O_RDONLY))
        self._pages = [b"0"] * 3
        self._pymalloc = PymallocStats(channel)
        self._mallinfo, self._trim = libc_heap()
        # Shared memory belongs to the whole run, so only the run's first process reads it.
        self._shared_memory_before = proc.shared_memory_usage()
        self._readers = (
            self._rss,
            self._vms,
            self._shared,
            self._heap if self._mallinfo else _not_read,
            sys.getallocatedblocks,
            proc.count_descriptors,
            proc.count_sockets if "sockets" in job["judged"] else _not_read,
            proc.count_threads,
            proc.count_children,
            _not_read if number else self._segments,
            _not_read if number else self._tmpfs,
        )
        # A pool's parent has few samples, so each reading is made.
        self._always_at = ALWAYS_AT if number or job["task"] == RUN else 1
        seldom = SELDOM if rows >= MIN_ROWS_IF_SELDOM else max(1, rows // 32)
        self._paced = tuple(self._make_paced(job["judged"], seldom))
        self._touch()

    def _make_paced(self, judged: list[str], seldom: int) -> Iterator[PacedReader]:
        for name, read in zip(ROW_SIGNALS, self._readers):  # noqa: B905  (Python 3.8)
            decides = name == "sockets" and name in judged
            factor = COST_FACTOR_IF_JUDGED if decides else COST_FACTOR
            yield PacedReader(read, 1 if name in judged else seldom, factor, self._always_at)

    def _touch(self) -> None:
        """Touch the whole table and call every reader once, so that no unit does it first."""
        for i in range(len(self.rows)):
            self.rows[i] = 0
        self.sample(0)
        self.stop(0, 0, 0, 0)
        self.rows[0] = self.rows[1] = 0

    def sample(self, unit: int) -> None:
        """Write one row. The count is raised last, so the harness never reads an incomplete row."""
        self._channel.end_forked_child()
        rows, count = self.rows, self.rows[0]
        at = TABLE_HEAD + count * ROW_WIDTH
        rows[at] = unit
        for reader in self._paced:
            at += 1
            rows[at] = reader(count)
        rows[0] = count + 1

    def stop(self, units: int, how: int, high_water_bytes: int, cpu_nanoseconds: int) -> None:
        """Write a stop: the signals that are too expensive for every row.

        Args:
            units: The work done.
            how: NO_COLLECTION, COLLECTED or COLLECTOR_OFF.
            high_water_bytes: The high-water mark of RSS so far.
            cpu_nanoseconds: The CPU time of the units so far.
        """
        count = self.rows[1]
        if count == MAX_STOPS:
            return
        values = self.full_reading()
        at = STOPS_AT + count * STOP_WIDTH
        self.rows[at], self.rows[at + 1] = units, how
        self.rows[at + 2], self.rows[at + 3] = high_water_bytes, cpu_nanoseconds
        for name in STOP_SIGNALS:
            self.rows[at + STOP_HEAD] = values.get(name, NOT_READ)
            at += 1
        self.rows[1] = count + 1

    def halve(self) -> None:
        """Drop every second row to make room for twice the work. The last row stays, and so do the
        rows with even numbers, which include those that have all signals."""
        rows, count, kept = self.rows, self.rows[0], 0
        for i in range(count):
            if i % 2 == 0 or i == count - 1:
                to, source = TABLE_HEAD + kept * ROW_WIDTH, TABLE_HEAD + i * ROW_WIDTH
                rows[to : to + ROW_WIDTH] = rows[source : source + ROW_WIDTH]
                kept += 1
        rows[0] = kept

    def reading(self) -> dict[str, int]:
        """Read the signals of a row, the sockets and the heap's free bytes at any cost, by name."""
        values = {ROW_SIGNALS[i]: read() for i, read in enumerate(self._readers)}
        values["sockets"] = proc.count_sockets()
        if self._mallinfo:
            values["heap_free_bytes"] = self._mallinfo().fordblks
        return {name: value for name, value in values.items() if value != NOT_READ}

    def full_reading(self) -> dict[str, int]:
        """Read the signals of a row and the expensive ones: pymalloc's statistics, resident shared
        memory and the number of zombies, which take a tenth of a millisecond and a descriptor."""
        values = self.reading()
        values.update(self._pymalloc.read())
        values["shmem_bytes"] = proc.resident_shared_memory_bytes()
        values["zombies"] = proc.count_zombies()
        return {name: value for name, value in values.items() if value != NOT_READ}

    def settle(self) -> None:
        """Map all file pages and trim the heap, so that both happen before the baseline."""
        populate_files()
        self.trim()

    def trim(self) -> None:
        """Make malloc return its free pages to the kernel."""
        if self._trim:
            self._trim(0)

    def _rss(self) -> int:
        self._pages = os.pread(self._statm, 64, 0).split(None, 3)
        return int(self._pages[1]) * mmap.PAGESIZE

    def _vms(self) -> int:
        """VMS, from the reading that `_rss` made before."""
        return int(self._pages[0]) * mmap.PAGESIZE

    def _shared(self) -> int:
        return int(self._pages[2]) * mmap.PAGESIZE

    def _heap(self) -> int:
        info = self._mallinfo()
        return int(info.uordblks + info.hblkhd)

    def _segments(self) -> int:
        return self._increase(0)

    def _tmpfs(self) -> int:
        return self._increase(1)

    def _increase(self, which: int) -> int:
        """The increase of files (0) or bytes (1) in shared memory since the start. Only another
        program can make it negative; it counts as 0 then."""
        now, before = proc.shared_memory_usage()[which], self._shared_memory_before[which]
        return NOT_READ if NOT_READ in (now, before) else max(now - before, 0)


def _not_read() -> int:
    """Return NOT_READ: the reader of each signal that this process does not read."""
    return NOT_READ
