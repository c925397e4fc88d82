"""A day at a railway's fare desk; a unit is a batch of journeys to be quoted.

The journeys are random, so in the end each worker has read all parts of the table.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from multiprocessing import active_children
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

BATCH = 160
CHEAPEST, A_STATION = 100, 5


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Quote batch after batch."""
    stations, workers = int(lab.options["stations"]), int(lab.options["workers"])
    random = Random(lab.seed)
    desk = program.FareDesk(table(stations), stations, workers)
    try:
        while True:
            desk.quote(some_journeys(random, stations))
            yield
    finally:
        desk.close()


def table(stations: int) -> Iterator[bytes]:
    """The fares from each station to all, a row for each: as `fare` has them, but faster."""
    for origin in range(stations):
        yield array("I", range(fare(origin, 0), fare(origin, stations), A_STATION)).tobytes()


def fare(origin: int, destination: int) -> int:
    """What a journey costs, in cents: made up, the same each time."""
    return CHEAPEST + origin * 7919 % 1000 + A_STATION * destination


def some_journeys(random: Random, stations: int) -> list[tuple[int, int]]:
    """A batch of journeys, each from anywhere to anywhere."""
    place = random.random
    return [(int(stations * place()), int(stations * place())) for _ in range(BATCH)]


def check(program: Any, lab: Lab) -> None:
    """Every fare is right, also of fewer journeys than workers; a closed desk has none left."""
    stations, workers = 50, 3
    random = Random(lab.seed)
    desk = program.FareDesk(table(stations), stations, workers)
    try:
        for _ in range(lab.units):
            journeys = some_journeys(random, stations)[: random.randrange(BATCH)]
            quoted = desk.quote(journeys)
            right = [fare(*journey) for journey in journeys]
            assert quoted == right, f"{journeys} cost {right}, and not {quoted}"
    finally:
        desk.close()
    left = active_children()
    assert not left, f"the desk is closed, and {len(left)} workers are still there"
