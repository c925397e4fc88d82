"""Product sheets on demand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

CACHE_SIZE = 1000


class LookupService:
    """Caches the results of an expensive call."""

    def __init__(self, render: Callable[[int], str]) -> None:
        self._render = render
        self._sheets: OrderedDict[int, str] = OrderedDict()

    def sheet(self, item: int) -> str:
        """Return the product sheet of an item."""
        if item not in self._sheets:
            self._sheets[item] = self._render(item)
            if len(self._sheets) > CACHE_SIZE:
                self._sheets.popitem(last=False)
        self._sheets.move_to_end(item)
        return self._sheets[item]
