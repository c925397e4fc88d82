"""Addresses are looked up by the batch; a unit is a batch of 500.

Address number k is asked for about k times less often than the first (Zipf's law, among ten
million): most batches bring addresses never seen before, so the cache fills, and it takes long.
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
    """Where an address is: a made-up place, the same each time."""
    north, east = address * 7919 % 100_003, address * 104_729 % 100_003
    return f"{address:08} / {north:06} north / {east:06} east"


def check(program: Any, lab: Lab) -> None:
    """Every place is right, and one just looked up is not asked for again."""
    asked = []

    def asking(address: int) -> str:
        asked.append(address)
        return place(address)

    geocoder = program.Geocoder(asking)
    random = Random(lab.seed)
    for address in (random.randrange(80_000) for _ in range(100_000)):
        found = geocoder.place(address)
        assert found == place(address), f"place({address}) gave {found!r}, which is elsewhere"
        before = len(asked)
        geocoder.place(address)
        assert len(asked) == before, f"address {address} was asked for twice in a row"
