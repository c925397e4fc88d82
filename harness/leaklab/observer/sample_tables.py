"""The samples' tables: memory that the measured processes write and the harness reads, in the
agent's layout."""

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from leaklab.agent.leaklab_agent import layout
from leaklab.model.measurement import Stop, StopKind
from leaklab.model.signals import Reading, Samples

WORDS = layout.TABLE_BYTES // 8
HOW = {
    layout.AS_IT_IS: StopKind.NOT_COLLECTED,
    layout.COLLECTED: StopKind.COLLECTED,
    layout.UNCOLLECTED: StopKind.COLLECTOR_OFF,
}


@dataclass(frozen=True)
class SampleTables:
    """A view of the words of all tables, and the descriptor by which the agent gets them.

    Table 0 is the agent's own; in a pool each worker has the table of its number.
    """

    fd: int
    words: memoryview
    processes: int

    def units_done(self, process: int = 0) -> int:
        """The work a process had done when its last sample was taken."""
        count = self.words[process * WORDS]
        return int(self._row(process, count - 1)[0]) if count else 0

    def units_done_in_all(self) -> int:
        """The work that was done in the run: of a pool, by its workers."""
        numbers = range(1, self.processes) if self.processes > 1 else (0,)
        return sum(self.units_done(number) for number in numbers)

    def samples(self, process: int = 0) -> Samples:
        """All that a process sampled, also one that was killed since."""
        rows = [self._row(process, i) for i in range(self.words[process * WORDS])]
        columns: dict[str, list[Any]] = {
            name: [None if row[at] == layout.NOT_READ else row[at] for row in rows]
            for at, name in enumerate(layout.ROW_SIGNALS, start=1)
        }
        return Samples(units=[row[0] for row in rows], **columns)

    def stops(self, process: int, baseline_bytes: int) -> list[Stop]:
        """What a process read at its stops; its high-water marks above a baseline."""
        count = min(self.words[process * WORDS + 1], layout.MAX_STOPS)
        return [self._stop(process, number, baseline_bytes) for number in range(count)]

    def _stop(self, process: int, number: int, baseline_bytes: int) -> Stop:
        begin = process * WORDS + layout.STOPS_AT + number * layout.STOP_WIDTH
        units, how, high_water, nanoseconds, *values = self.words[begin : begin + layout.STOP_WIDTH]
        named = zip(layout.STOP_SIGNALS, values, strict=True)
        read = {name: value for name, value in named if value != layout.NOT_READ}
        return Stop(
            units=units,
            how=HOW.get(how, StopKind.NOT_COLLECTED),
            peak_rss_bytes=high_water - baseline_bytes,
            cpu_seconds=nanoseconds / 1e9,
            reading=Reading(**read),
        )

    def _row(self, process: int, number: int) -> memoryview:
        begin = process * WORDS + layout.TABLE_HEAD + number * layout.ROW_WIDTH
        return self.words[begin : begin + layout.ROW_WIDTH]


@contextmanager
def sample_tables(processes: int) -> Iterator[SampleTables]:
    """Empty tables in a memfd: nothing of them is left anywhere when it is closed."""
    size = processes * layout.TABLE_BYTES
    fd = os.memfd_create("samples")
    try:
        os.ftruncate(fd, size)
        with (
            mmap.mmap(fd, size) as mapped,
            memoryview(mapped) as octets,
            octets.cast("q") as words,
        ):
            yield SampleTables(fd, words, processes)
    finally:
        os.close(fd)
