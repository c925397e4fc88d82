"""Sample tables: memory that the measured processes write and the harness reads. Its layout is the
agent's (`layout.py`)."""

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from leaklab.agent.leaklab_agent import layout
from leaklab.model.errors import NotMeasured
from leaklab.model.measurement import Stop, StopKind
from leaklab.model.signals import Reading, Samples

TABLE_SLOTS = layout.TABLE_BYTES // 8
SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
HOW = {
    layout.NO_COLLECTION: StopKind.NOT_COLLECTED,
    layout.COLLECTED: StopKind.COLLECTED,
    layout.COLLECTOR_OFF: StopKind.COLLECTOR_OFF,
}


@dataclass(frozen=True)
class SampleTables:
    """The tables of all processes of a run.

    Attributes:
        fd: The descriptor of the tables, which the agent inherits.
        slots: A view of the 64-bit slots of all tables. Table 0 belongs to the agent's process; in
            a pool each worker has the table of its number.
        processes: The number of tables.
    """

    fd: int
    slots: memoryview
    processes: int

    def units_done(self, process: int = 0) -> int:
        """Return the work that a process had done at its last sample."""
        count = self._rows(process)
        return int(self._row(process, count - 1)[0]) if count else 0

    def total_units_done(self) -> int:
        """Return the work done in the run; in a pool, by all workers together."""
        numbers = range(1, self.processes) if self.processes > 1 else (0,)
        return sum(self.units_done(number) for number in numbers)

    def samples(self, process: int = 0) -> Samples:
        """Return all samples of a process, even if it was killed since."""
        rows = [self._row(process, i) for i in range(self._rows(process))]
        columns: dict[str, list[Any]] = {
            name: [None if row[at] == layout.NOT_READ else row[at] for row in rows]
            for at, name in enumerate(layout.ROW_SIGNALS, start=1)
        }
        return Samples(units=[row[0] for row in rows], **columns)

    def stops(self, process: int, baseline_bytes: int) -> list[Stop]:
        """Return the stops of a process, with its high-water marks less the baseline."""
        count = _within(self.slots[process * TABLE_SLOTS + 1], layout.MAX_STOPS)
        return [self._stop(process, number, baseline_bytes) for number in range(count)]

    def _rows(self, process: int) -> int:
        """Return the number of rows of a process.

        Raises:
            NotMeasured: The program changed it to one that a table cannot have.
        """
        return _within(self.slots[process * TABLE_SLOTS], layout.MAX_TABLE_ROWS)

    def _stop(self, process: int, number: int, baseline_bytes: int) -> Stop:
        start = process * TABLE_SLOTS + layout.STOPS_AT + number * layout.STOP_WIDTH
        units, how, high_water, nanoseconds, *values = self.slots[start : start + layout.STOP_WIDTH]
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
        start = process * TABLE_SLOTS + layout.TABLE_HEAD + number * layout.ROW_WIDTH
        return self.slots[start : start + layout.ROW_WIDTH]


def _within(count: int, most: int) -> int:
    if not 0 <= count <= most:
        raise NotMeasured("the program changed the lab's table of samples")
    return count


@contextmanager
def sample_tables(processes: int) -> Iterator[SampleTables]:
    """Make empty tables in a memfd, which disappears when it is closed."""
    size = processes * layout.TABLE_BYTES
    fd = os.memfd_create("samples", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(fd, size)
        # A table that shrinks would end the harness by SIGBUS.
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
        with (
            mmap.mmap(fd, size) as mapped,
            memoryview(mapped) as table_bytes,
            table_bytes.cast("q") as slots,
        ):
            yield SampleTables(fd, slots, processes)
    finally:
        os.close(fd)
