"""The scroll-back of a terminal."""

from __future__ import annotations

from collections import deque
from itertools import islice

SCROLLBACK_LINES = 10_000


class Terminal:
    """Keeps printed lines for scrolling back."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=SCROLLBACK_LINES)

    def write(self, line: bytes) -> None:
        """Print a line."""
        self._lines.append(line.decode("ascii").rstrip("\n"))

    def screen(self, height: int, scrolled_back: int = 0) -> list[str]:
        """Return the `height` visible lines, oldest first, `scrolled_back` lines above the end."""
        newest_first = islice(reversed(self._lines), scrolled_back, scrolled_back + height)
        return list(newest_first)[::-1]
