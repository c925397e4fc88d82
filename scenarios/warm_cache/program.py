"""Finds the places of addresses, with a cache of 50,000 answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

CACHE_SIZE = 50_000


class Geocoder:
    """Answers from a cache if possible, and from the gazetteer otherwise."""

    def __init__(self, look_up: Callable[[int], str]) -> None:
        self._place = lru_cache(maxsize=CACHE_SIZE)(look_up)

    def place(self, address: int) -> str:
        """Return the place of an address."""
        return self._place(address)
