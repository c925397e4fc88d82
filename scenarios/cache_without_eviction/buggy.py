"""Product sheets on demand, each rendered once."""

from __future__ import annotations

from collections.abc import Callable


class LookupService:
    """Remembers what an expensive call returned."""

    def __init__(self, render: Callable[[int], str]) -> None:
        self._render = render
        self._sheets: dict[int, str] = {}

    def sheet(self, item: int) -> str:
        """The product sheet of an item."""
        if item not in self._sheets:
            self._sheets[item] = self._render(item)
        return self._sheets[item]
