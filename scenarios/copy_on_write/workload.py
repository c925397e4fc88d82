"""Forked workers add up orders from a parts catalogue; a unit is an order for each of them.

The catalogue is loaded first, the workers are forked after it and inherit it. An order travels
through a pipe as packed numbers, its total comes back through another. One worker at a time is
asked, always in the same order, so that every run copies the same pages in the same order.
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
    """Have order after order added up by each worker."""
    parts, workers = int(lab.options["parts"]), int(lab.options["workers"])
    if parts < 1 or workers < 1:
        raise ValueError(f"parts={parts} and workers={workers}: copy_on_write needs one at least")
    catalogue = program.Catalogue(records(lab.seed, parts))
    random = Random(lab.seed)
    crew = Crew(catalogue, workers)
    try:
        while True:
            for worker in range(workers):
                crew.total(worker, order(random, parts))
            yield
    finally:
        crew.dismiss()


def records(seed: int, parts: int) -> Iterator[bytes]:
    """So many records, each of 200 bytes, the last ten of them the price."""
    random = Random(seed)
    for number in range(parts):
        yield b"%08d|%-180x|%010d" % (number, random.getrandbits(640), price(seed, number))


def price(seed: int, number: int) -> int:
    """What a part costs, in cents."""
    return (number + seed) * 7919 % 1_000_003


def order(random: Random, parts: int) -> list[int]:
    """The numbers of the parts in an order: any, evenly."""
    return [int(random.random() * parts) for _ in range(PARTS_IN_ORDER)]


class Crew:
    """Workers that were forked from this process, and live until they are dismissed."""

    def __init__(self, catalogue: Any, size: int) -> None:
        self._pipes: list[tuple[int, int]] = []
        self._pids: list[int] = []
        for _ in range(size):
            self._hire(catalogue)

    def total(self, worker: int, numbers: list[int]) -> int:
        """What an order costs, as a worker says.

        Raises:
            RuntimeError: the worker is gone.
        """
        orders, totals = self._pipes[worker]
        os.write(orders, ORDER.pack(*numbers))
        answer = os.read(totals, TOTAL.size)
        if len(answer) < TOTAL.size:
            raise RuntimeError(f"worker {worker} ended before its work was done")
        return int(TOTAL.unpack(answer)[0])

    def dismiss(self) -> None:
        """End them all: where no more orders can come, a worker ends by itself."""
        for orders, totals in self._pipes:
            os.close(orders)
            os.close(totals)
        for pid in self._pids:
            os.waitpid(pid, 0)

    def _hire(self, catalogue: Any) -> None:
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
    """A worker's life: add up order after order, until there are no more; never return.

    Now and then it collects garbage when an answer is out, so that nobody has to wait for that.
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
    """Compare records and totals, asked here and of workers, with what was loaded."""
    loaded = list(records(lab.seed, 2000))
    catalogue = program.Catalogue(iter(loaded))
    for number in (0, 1, 999, len(loaded) - 1):
        found = catalogue.record(number)
        assert found == loaded[number], f"record({number}) is {found!r}, not {loaded[number]!r}"
    assert catalogue.total([]) == 0, "an order of nothing has a price"
    crew = Crew(catalogue, 2)
    try:
        ask(crew, catalogue, lab, len(loaded))
    finally:
        crew.dismiss()


def ask(crew: Crew, catalogue: Any, lab: Lab, parts: int) -> None:
    """Have orders added up here and by two workers, and compare."""
    random = Random(lab.seed)
    for _ in range(min(lab.units, 20)):
        numbers = order(random, parts)
        expected = sum(price(lab.seed, number) for number in numbers)
        for total in (catalogue.total(numbers), crew.total(0, numbers), crew.total(1, numbers)):
            assert total == expected, f"an order of {expected} cents was added up to {total}"
