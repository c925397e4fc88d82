"""The samples' table: memory that the agent writes and the harness reads, in the agent's layout."""

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from leaklab import agent
from leaklab.record import Samples


@dataclass(frozen=True)
class SampleTable:
    """A view of the words, and the descriptor by which the agent gets them."""

    fd: int
    words: memoryview

    def units_done(self) -> int:
        """The work done when the last sample was taken."""
        count = self.words[0]
        return int(self._row(count - 1)[0]) if count else 0

    def samples(self) -> Samples:
        """All that was sampled, also by a process that was killed since."""
        rows = [self._row(i) for i in range(self.words[0])]
        columns: dict[str, list[Any]] = {
            name: [None if row[at] == agent.NOT_READ else row[at] for row in rows]
            for at, name in enumerate(agent.SIGNALS, start=1)
        }
        return Samples(units=[row[0] for row in rows], **columns)

    def _row(self, number: int) -> memoryview:
        begin = 1 + number * agent.WIDTH
        return self.words[begin : begin + agent.WIDTH]


@contextmanager
def sample_table() -> Iterator[SampleTable]:
    """An empty table in a memfd: nothing of it is left anywhere when it is closed."""
    fd = os.memfd_create("samples")
    try:
        os.ftruncate(fd, agent.TABLE_BYTES)
        with (
            mmap.mmap(fd, agent.TABLE_BYTES) as mapped,
            memoryview(mapped) as octets,
            octets.cast("q") as words,
        ):
            yield SampleTable(fd, words)
    finally:
        os.close(fd)
