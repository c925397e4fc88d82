"""A fare table in memory that several worker processes share."""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection

FARE_BYTES = 4


class FareDesk:
    """Quotes fares; each of its workers looks them up in the same table."""

    def __init__(self, rows: Iterable[bytes], stations: int, workers: int) -> None:
        """Fill the table, a row of fares for each station, and start the workers."""
        self._table = mmap.mmap(-1, stations * stations * FARE_BYTES)
        for row in rows:
            self._table.write(row)
        self._workers = [Worker(self._table, stations) for _ in range(workers)]

    def quote(self, journeys: list[tuple[int, int]]) -> list[int]:
        """The fares in cents of journeys (origin, destination), dealt out to the workers."""
        hands = len(self._workers)
        for number, worker in enumerate(self._workers):
            worker.line.send(journeys[number::hands])
        fares = [0] * len(journeys)
        for number, worker in enumerate(self._workers):
            fares[number::hands] = worker.line.recv()
        return fares

    def close(self) -> None:
        """Let the workers go home, and the table with them."""
        for worker in self._workers:
            worker.stop()
        self._table.close()


class Worker:
    """A process that quotes fares, and the line to it."""

    def __init__(self, table: mmap.mmap, stations: int) -> None:
        self.line, far_end = Pipe()
        self._process = get_context("fork").Process(
            target=work, args=(table, stations, far_end), daemon=True
        )
        self._process.start()
        far_end.close()

    def stop(self) -> None:
        """Tell it that the day is over, and wait until it is gone."""
        self.line.send(None)
        self._process.join()
        self.line.close()


def work(table: mmap.mmap, stations: int, line: Connection) -> None:
    """Answer batch after batch, until there is none."""
    fares = memoryview(table).cast("I")
    for journeys in iter(line.recv, None):
        line.send([fares[origin * stations + destination] for origin, destination in journeys])
