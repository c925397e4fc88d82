"""Addresses to places, with the last 50,000 answers at hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

CACHE_SIZE = 50_000


class Geocoder:
    """Answers from a cache where it can, and asks the gazetteer where it must."""

    def __init__(self, ask: Callable[[int], str]) -> None:
        self._place = lru_cache(maxsize=CACHE_SIZE)(ask)

    def place(self, address: int) -> str:
        """Where the address is."""
        return self._place(address)
