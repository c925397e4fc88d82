"""Forked workers add up orders from a parts catalogue; a unit is one order for each worker.

The catalogue is loaded first; the workers are forked after that and inherit it. An order goes
through a pipe as packed numbers, and its total comes back through another pipe. The workers get
their orders in turn, so every run copies the same pages in the same order.
"""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator
from random import Random
from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

PARTS_IN_ORDER = 500
ORDERS_PER_COLLECTION = 50
ORDER = Struct(f"<{PARTS_IN_ORDER}I")
TOTAL = Struct("<q")


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Let each worker add up order after order."""
    parts, workers = int(lab.options["parts"]), int(lab.options["workers"])
    if parts < 1 or workers < 1:
        raise ValueError(f"parts={parts} and workers={workers}: at least 1 of each is needed")
    catalogue = program.Catalogue(records(lab.seed, parts))
    random = Random(lab.seed)
    pool = WorkerPool(catalogue, workers)
    try:
        while True:
            for worker in range(workers):
                pool.total(worker, order(random, parts))
            yield
    finally:
        pool.close()


def records(seed: int, parts: int) -> Iterator[bytes]:
    """Yield `parts` records of 200 bytes each; the last ten bytes are the price."""
    random = Random(seed)
    for number in range(parts):
        yield b"%08d|%-180x|%010d" % (number, random.getrandbits(640), price(seed, number))


def price(seed: int, number: int) -> int:
    """Return the price of a part, in cents."""
    return (number + seed) * 7919 % 1_000_003


def order(random: Random, parts: int) -> list[int]:
    """Return the part numbers of an order, uniformly distributed."""
    return [int(random.random() * parts) for _ in range(PARTS_IN_ORDER)]


class WorkerPool:
    """Worker processes that are forked from this process and live until the pool is closed."""

    def __init__(self, catalogue: Any, size: int) -> None:
        self._pipes: list[tuple[int, int]] = []
        self._pids: list[int] = []
        for _ in range(size):
            self._start_worker(catalogue)

    def total(self, worker: int, numbers: list[int]) -> int:
        """Let a worker add up an order; return the total in cents.

        Raises:
            RuntimeError: the worker has ended.
        """
        orders, totals = self._pipes[worker]
        os.write(orders, ORDER.pack(*numbers))
        answer = os.read(totals, TOTAL.size)
        if len(answer) < TOTAL.size:
            raise RuntimeError(f"worker {worker} ended before its work was complete")
        return int(TOTAL.unpack(answer)[0])

    def close(self) -> None:
        """End all workers: a worker ends by itself when its pipe is closed."""
        for orders, totals in self._pipes:
            os.close(orders)
            os.close(totals)
        for pid in self._pids:
            os.waitpid(pid, 0)

    def _start_worker(self, catalogue: Any) -> None:
        to_worker, from_worker = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            for mine in (*self._pipes, (to_worker[1], from_worker[0])):
                os.close(mine[0])
                os.close(mine[1])
            serve(catalogue, to_worker[0], from_worker[1])
        os.close(to_worker[0])
        os.close(from_worker[1])
        self._pipes.append((to_worker[1], from_worker[0]))
        self._pids.append(pid)


def serve(catalogue: Any, orders: int, totals: int) -> None:
    """Run a worker: add up order after order until the pipe is closed, then exit the process.

    After every 50 orders it collects garbage, when the answer is sent and no client waits.
    """
    try:
        for count in itertools.count(1):
            packed = os.read(orders, ORDER.size)
            if not packed:
                break
            os.write(totals, TOTAL.pack(catalogue.total(ORDER.unpack(packed))))
            if count % ORDERS_PER_COLLECTION == 0:
                gc.collect()
    finally:
        os._exit(0)


def check(program: Any, lab: Lab) -> None:
    """Compare records and totals, here and from workers, with the data that was loaded."""
    loaded = list(records(lab.seed, 2000))
    catalogue = program.Catalogue(iter(loaded))
    for number in (0, 1, 999, len(loaded) - 1):
        record = catalogue.record(number)
        assert record == loaded[number], f"record({number}) is {record!r}, not {loaded[number]!r}"
    assert catalogue.total([]) == 0, "an empty order has a price"
    pool = WorkerPool(catalogue, 2)
    try:
        compare_totals(pool, catalogue, lab, len(loaded))
    finally:
        pool.close()


def compare_totals(pool: WorkerPool, catalogue: Any, lab: Lab, parts: int) -> None:
    """Add up orders here and in two workers, and compare the totals."""
    random = Random(lab.seed)
    for _ in range(min(lab.units, 20)):
        numbers = order(random, parts)
        expected = sum(price(lab.seed, number) for number in numbers)
        for total in (catalogue.total(numbers), pool.total(0, numbers), pool.total(1, numbers)):
            assert total == expected, f"the total of an order of {expected} cents is {total}"
