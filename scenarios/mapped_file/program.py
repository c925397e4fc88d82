"""Heights above sea level, from a map that is larger than the memory it needs."""

from __future__ import annotations

import mmap
from struct import Struct

HEIGHT = Struct("<h")


class HeightMap:
    """A file of heights in metres: rows with the same number of columns each."""

    def __init__(self, path: str, columns: int) -> None:
        self._row_bytes = columns * HEIGHT.size
        with open(path, "rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._map.madvise(mmap.MADV_RANDOM)  # neighbours on the map are far apart in the file

    def height(self, row: int, column: int) -> int:
        """Return the height of a place in metres; at sea it is 0."""
        place = row * self._row_bytes + column * HEIGHT.size
        metres: int = HEIGHT.unpack_from(self._map, place)[0]
        return metres
