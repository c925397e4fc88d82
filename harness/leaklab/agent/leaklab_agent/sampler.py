"""Reads the signals of its own process into its table.

Nothing here collects, freezes or trims between the first unit and the last.
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

# A signal that does not decide the verdict is read at each row whose number is a multiple of this:
# eight times and more in each of the last two octaves. Halving the table keeps these rows longest.
SELDOM = 4
MIN_ROWS_IF_SELDOM = 32 * SELDOM


class Sampler:
    """The readers of a process's signals, and the table they write to."""

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
        # Shared memory belongs to the run, not to a process: its first process reads it.
        self._shared_memory_before = proc.shared_memory_usage()
        self._readers = (
            self._rss,
            self._vms,
            self._shared,
            self._heap if self._mallinfo else _never,
            sys.getallocatedblocks,
            proc.count_descriptors,
            proc.count_sockets if "sockets" in job["judged"] else _never,
            proc.count_threads,
            proc.count_children,
            _never if number else self._segments,
            _never if number else self._tmpfs,
        )
        # A pool's parent has so few samples that none can be left out.
        self._always_at = ALWAYS_AT if number or job["task"] == RUN else 1
        seldom = SELDOM if rows >= MIN_ROWS_IF_SELDOM else max(1, rows // 32)
        self._paced = tuple(self._make_paced(job["judged"], seldom))
        self._touch()

    def _make_paced(self, judged: list[str], seldom: int) -> Iterator[PacedReader]:
        for name, read in zip(ROW_SIGNALS, self._readers):  # noqa: B905  (Python 3.8)
            costly = name == "sockets" and name in judged
            factor = COST_FACTOR_IF_JUDGED if costly else COST_FACTOR
            yield PacedReader(read, 1 if name in judged else seldom, factor, self._always_at)

    def _touch(self) -> None:
        """Use all that will be used, before the baseline."""
        for i in range(len(self.rows)):
            self.rows[i] = 0
        self.sample(0)
        self.stop(0, 0, 0, 0)
        self.rows[0] = self.rows[1] = 0

    def sample(self, unit: int) -> None:
        """Write one row. The count is raised last, so that a reader never sees half of one."""
        self._channel.end_forked_child()
        rows, count = self.rows, self.rows[0]
        at = TABLE_HEAD + count * ROW_WIDTH
        rows[at] = unit
        for reader in self._paced:
            at += 1
            rows[at] = reader(count)
        rows[0] = count + 1

    def stop(self, units: int, how: int, high_water_bytes: int, cpu_nanoseconds: int) -> None:
        """Read all that is too expensive for every row, into the stops before the rows.

        Args:
            units: the work done.
            how: NO_COLLECTION, COLLECTED or COLLECTOR_OFF.
            high_water_bytes: of RSS, so far.
            cpu_nanoseconds: what the units took, so far.
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
        """Drop every second row, but for the last, to make room for twice the work. Rows with even
        numbers stay, among which are those that have all signals."""
        rows, count, kept = self.rows, self.rows[0], 0
        for i in range(count):
            if i % 2 == 0 or i == count - 1:
                to, source = TABLE_HEAD + kept * ROW_WIDTH, TABLE_HEAD + i * ROW_WIDTH
                rows[to : to + ROW_WIDTH] = rows[source : source + ROW_WIDTH]
                kept += 1
        rows[0] = kept

    def reading(self) -> dict[str, int]:
        """All signals now, by name, whatever they cost."""
        values = {ROW_SIGNALS[i]: read() for i, read in enumerate(self._readers)}
        values["sockets"] = proc.count_sockets()
        if self._mallinfo:
            values["heap_free_bytes"] = self._mallinfo().fordblks
        return {name: value for name, value in values.items() if value != NOT_READ}

    def full_reading(self) -> dict[str, int]:
        """All signals, and what takes a tenth of a millisecond and a descriptor: pymalloc's
        statistics, resident shared memory, and how many children are zombies."""
        values = self.reading()
        values.update(self._pymalloc.read())
        values["shmem_bytes"] = proc.resident_shared_memory_bytes()
        values["zombies"] = proc.count_zombies()
        return {name: value for name, value in values.items() if value != NOT_READ}

    def settle(self) -> None:
        """Before the baseline: leave nothing to be given back, or to be mapped, by and by."""
        populate_files()
        self.trim()

    def trim(self) -> None:
        """Ask malloc to give its free pages back to the kernel."""
        if self._trim:
            self._trim(0)

    def _rss(self) -> int:
        self._pages = os.pread(self._statm, 64, 0).split(None, 3)
        return int(self._pages[1]) * mmap.PAGESIZE

    def _vms(self) -> int:
        """Of the same reading as RSS, which comes before it."""
        return int(self._pages[0]) * mmap.PAGESIZE

    def _shared(self) -> int:
        return int(self._pages[2]) * mmap.PAGESIZE

    def _heap(self) -> int:
        info = self._mallinfo()
        return int(info.uordblks + info.hblkhd)

    def _segments(self) -> int:
        return self._gained(0)

    def _tmpfs(self) -> int:
        return self._gained(1)

    def _gained(self, which: int) -> int:
        """Files in shared memory, or bytes, that were not there before; fewer than none are other
        programs' doing."""
        now, before = proc.shared_memory_usage()[which], self._shared_memory_before[which]
        return NOT_READ if NOT_READ in (now, before) else max(now - before, 0)


def _never() -> int:
    """The reader of a signal that is not read here."""
    return NOT_READ
