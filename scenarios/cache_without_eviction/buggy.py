"""Product sheets on demand."""

from __future__ import annotations

from collections.abc import Callable


class LookupService:
    """Caches the results of an expensive call."""

    def __init__(self, render: Callable[[int], str]) -> None:
        self._render = render
        self._sheets: dict[int, str] = {}

    def sheet(self, item: int) -> str:
        """Return the product sheet of an item."""
        if item not in self._sheets:
            self._sheets[item] = self._render(item)
        return self._sheets[item]
