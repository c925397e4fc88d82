"""Hikers need the heights along their tours on a few islands; a unit is one tour.

The map is made here. Most of it is sea, which is never written (a sparse file). The islands are
squares of 64 by 64 heights, and all tours are on them. Two rows of the map are 128 KiB apart in the
file, so each row of an island lies in a separate page.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from struct import pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

COLUMNS = 1 << 16
ROW_BYTES = 2 * COLUMNS
GIB = 1 << 30
ISLANDS = 32
WIDTH = 64
POINTS = 100


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Read the heights of tour after tour."""
    rows = int(lab.options["gibibytes"]) * GIB // ROW_BYTES
    random = Random(lab.seed)
    islands = [corner(random, rows) for _ in range(ISLANDS)]
    heights = program.HeightMap(write_map(lab.scratch, rows, islands), COLUMNS)
    while True:
        top, left = random.choice(islands)
        for _ in range(POINTS):
            heights.height(top + random.randrange(WIDTH), left + random.randrange(WIDTH))
        yield


def corner(random: Random, rows: int) -> tuple[int, int]:
    """Return the first row and column of an island."""
    return random.randrange(rows // WIDTH) * WIDTH, random.randrange(COLUMNS // WIDTH) * WIDTH


def write_map(folder: str, rows: int, islands: list[tuple[int, int]]) -> str:
    """Write the map, with the heights of the islands and a hole for the sea; return its path."""
    path = f"{folder}/heights.bin"
    with open(path, "wb") as file:
        file.truncate(rows * ROW_BYTES)
        for top, left in islands:
            for row in range(top, top + WIDTH):
                file.seek(row * ROW_BYTES + 2 * left)
                strip = (height(row, column) for column in range(left, left + WIDTH))
                file.write(pack(f"<{WIDTH}h", *strip))
    return path


def height(row: int, column: int) -> int:
    """Return the invented height of a place on an island: 1 to 4,000 metres, the same each time."""
    return 1 + (row * 7919 + column * 104_729) % 4000


def check(program: Any, lab: Lab) -> None:
    """Every height on the islands is right, and the height of the sea is 0."""
    rows = 64 * WIDTH
    random = Random(lab.seed)
    islands = [corner(random, rows) for _ in range(ISLANDS)]
    path = write_map(lab.scratch, rows + WIDTH, islands)  # with a strip of sea in the south
    heights = program.HeightMap(path, COLUMNS)
    for _ in range(100 * lab.units):
        top, left = random.choice(islands)
        row, column = top + random.randrange(WIDTH), left + random.randrange(WIDTH)
        metres, expected = heights.height(row, column), height(row, column)
        assert metres == expected, f"height({row}, {column}) gave {metres}, expected {expected}"
    for column in range(0, COLUMNS, 1000):
        metres = heights.height(rows, column)
        assert metres == 0, f"height({rows}, {column}) gave {metres}, expected 0 at sea"
