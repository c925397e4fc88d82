"""A fare table in memory that is shared by several worker processes."""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection

FARE_BYTES = 4


class FareDesk:
    """Quotes fares; all of its workers read the same table."""

    def __init__(self, rows: Iterable[bytes], stations: int, workers: int) -> None:
        """Fill the table with one row of fares per station, and start the workers."""
        self._table = mmap.mmap(-1, stations * stations * FARE_BYTES)
        for row in rows:
            self._table.write(row)
        self._workers = [Worker(self._table, stations) for _ in range(workers)]

    def quote(self, journeys: list[tuple[int, int]]) -> list[int]:
        """Return the fares in cents of journeys (origin, destination), split among the workers."""
        size = len(self._workers)
        for number, worker in enumerate(self._workers):
            worker.connection.send(journeys[number::size])
        fares = [0] * len(journeys)
        for number, worker in enumerate(self._workers):
            fares[number::size] = worker.connection.recv()
        return fares

    def close(self) -> None:
        """End the workers, and release the table."""
        for worker in self._workers:
            worker.stop()
        self._table.close()


class Worker:
    """A process that quotes fares, and the connection to it."""

    def __init__(self, table: mmap.mmap, stations: int) -> None:
        self.connection, far_end = Pipe()
        self._process = get_context("fork").Process(
            target=work, args=(table, stations, far_end), daemon=True
        )
        self._process.start()
        far_end.close()

    def stop(self) -> None:
        """Tell the process to end, and wait until it has ended."""
        self.connection.send(None)
        self._process.join()
        self.connection.close()


def work(table: mmap.mmap, stations: int, connection: Connection) -> None:
    """Answer batch after batch until None arrives."""
    fares = memoryview(table).cast("I")
    for journeys in iter(connection.recv, None):
        connection.send([fares[start * stations + end] for start, end in journeys])
