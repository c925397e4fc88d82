"""Addresses are looked up in batches; a unit is a batch of 500.

Address number k is k times rarer than the first (Zipf's law, over ten million addresses). Most
batches have addresses that are new, so the cache fills, and that takes a long time.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Look up batch after batch."""
    geocoder = program.Geocoder(place)
    random = Random(lab.seed).random
    addresses = int(lab.options["addresses"])
    batch = range(int(lab.options["batch"]))
    while True:
        for _ in batch:
            geocoder.place(int(addresses ** random()))
        yield


def place(address: int) -> str:
    """Return the invented place of an address: the same each time."""
    north, east = address * 7919 % 100_003, address * 104_729 % 100_003
    return f"{address:08} / {north:06} north / {east:06} east"


def check(program: Any, lab: Lab) -> None:
    """Every place is right, and an address just looked up is not looked up again."""
    looked_up = []

    def looking_up(address: int) -> str:
        looked_up.append(address)
        return place(address)

    geocoder = program.Geocoder(looking_up)
    random = Random(lab.seed)
    for address in (random.randrange(80_000) for _ in range(100_000)):
        answer = geocoder.place(address)
        assert answer == place(address), f"place({address}) gave the wrong place {answer!r}"
        before = len(looked_up)
        geocoder.place(address)
        assert len(looked_up) == before, f"address {address} was looked up twice in a row"
