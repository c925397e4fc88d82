"""Reads the signals of its own process into its table.

Nothing here collects, freezes or trims between the first unit and the last.
"""

from __future__ import annotations

import mmap
import os
import sys

from . import proc
from .allocators import PymallocStats, libc_heap
from .layout import HEAD, NOT_READ, RUN, SIGNALS, TABLE_BYTES, WIDTH
from .paced_reader import COST_FACTOR, COST_FACTOR_IF_JUDGED, MAX_LEFT_OUT, PacedReader
from .pages import populate_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .channel import Channel

# A signal that does not decide the verdict is read at this many rows of a run, evenly spaced: eight
# times in each of the last two octaves.
ROWS_IF_NOT_JUDGED = 32


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
        # Segments belong to the run, not to a process: its first process counts them.
        self._segments_before = frozenset() if number else frozenset(proc.segments())
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
        )
        # A pool's parent has so few samples that none can be left out.
        self._max_left_out = MAX_LEFT_OUT if number or job["do"] == RUN else 0
        seldom = max(1, rows // ROWS_IF_NOT_JUDGED)
        self._paced = tuple(self._make_paced(job["judged"], seldom))
        self._touch()

    def _make_paced(self, judged: list[str], seldom: int) -> Iterator[PacedReader]:
        for name, read in zip(SIGNALS, self._readers):  # noqa: B905  (Python 3.8)
            costly = name == "sockets" and name in judged
            factor = COST_FACTOR_IF_JUDGED if costly else COST_FACTOR
            yield PacedReader(read, 1 if name in judged else seldom, factor, self._max_left_out)

    def _touch(self) -> None:
        """Use all that will be used, before the baseline."""
        for i in range(len(self.rows)):
            self.rows[i] = 0
        self.sample(0)
        self.full_reading()
        self.rows[0], self.rows[1] = 0, NOT_READ

    def sample(self, unit: int) -> None:
        """Write one row. The count is raised last, so that a reader never sees half of one."""
        self._channel.end_forked_child()
        rows, count = self.rows, self.rows[0]
        at = HEAD + count * WIDTH
        rows[at] = unit
        for reader in self._paced:
            at += 1
            rows[at] = reader(count)
        rows[0] = count + 1

    def read_halfway(self) -> None:
        """Note what is free in pymalloc's arenas, beside the rows."""
        self.rows[1] = self._pymalloc.free_bytes()

    def halve(self) -> None:
        """Drop every second row, but for the last, to make room for twice the work. Rows with even
        numbers stay, among which are those that have all signals."""
        rows, count, kept = self.rows, self.rows[0], 0
        for i in range(count):
            if i % 2 == 0 or i == count - 1:
                to, source = HEAD + kept * WIDTH, HEAD + i * WIDTH
                rows[to : to + WIDTH] = rows[source : source + WIDTH]
                kept += 1
        rows[0] = kept

    def reading(self) -> dict[str, int]:
        """All signals now, by name, whatever they cost."""
        values = {SIGNALS[i]: read() for i, read in enumerate(self._readers)}
        values["sockets"] = proc.count_sockets()
        if self._mallinfo:
            values["heap_free_bytes"] = self._mallinfo().fordblks
        return {name: value for name, value in values.items() if value != NOT_READ}

    def full_reading(self) -> dict[str, int]:
        """All signals, and what takes a tenth of a millisecond and a descriptor: the free bytes of
        pymalloc's arenas, and how many children are zombies."""
        values = self.reading()
        values["arena_free_bytes"] = self._pymalloc.free_bytes()
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
        try:
            return sum(name not in self._segments_before for name in proc.segments())
        except OSError:  # the program has no descriptor left
            return NOT_READ


def _never() -> int:
    """The reader of a signal that is not read here."""
    return NOT_READ
