"""A railway's fare desk quotes fares; a unit is one batch of journeys.

The journeys are random, so in the end each worker has read every part of the table.
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
BASE_FARE, STATION_FARE = 100, 5


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
    """Yield one row per station, its fares to all stations: the values of `fare`, but faster."""
    for origin in range(stations):
        yield array("I", range(fare(origin, 0), fare(origin, stations), STATION_FARE)).tobytes()


def fare(origin: int, destination: int) -> int:
    """Return the invented price of a journey in cents: the same each time."""
    return BASE_FARE + origin * 7919 % 1000 + STATION_FARE * destination


def some_journeys(random: Random, stations: int) -> list[tuple[int, int]]:
    """Return a batch of random journeys."""
    place = random.random
    return [(int(stations * place()), int(stations * place())) for _ in range(BATCH)]


def check(program: Any, lab: Lab) -> None:
    """Every fare is right, also with fewer journeys than workers; close() ends all workers."""
    stations, workers = 50, 3
    random = Random(lab.seed)
    desk = program.FareDesk(table(stations), stations, workers)
    try:
        for _ in range(lab.units):
            journeys = some_journeys(random, stations)[: random.randrange(BATCH)]
            quoted = desk.quote(journeys)
            right = [fare(*journey) for journey in journeys]
            assert quoted == right, f"the fares of {journeys} are {quoted}, expected {right}"
    finally:
        desk.close()
    left = active_children()
    assert not left, f"{len(left)} workers are still alive after close()"
