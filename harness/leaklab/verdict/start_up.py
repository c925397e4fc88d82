"""Where the start-up of a program ends: importing and warming up look like growth that fades.

A start-up is steep and comes first. It ends where, for the last time in the first quarter of a
watch, the series moves twice as fast as it ever does later; time then begins anew. No more than a
quarter is ever left out: a logarithm or a square root, begun that much later, is still told from a
line (it keeps 65 % and 81 % of its rate from octave to octave, and a leak keeps 84 %).

Rejected: a straight line fitted to each side of a hinge (garbage bends it), and leaving out a fixed
time (an import takes from a tenth of a second to a minute).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leaklab.verdict.octaves import Rows

MAX_SHARE = 0.25
BLOCKS_WITHIN = 8
# No line is twice as steep as itself.
STEEPER = 2.0
# Fewer readings than that have no octaves to be judged by.
MIN_START_UP_ROWS = 10


def without_start_up(rows: Rows, least: float) -> tuple[Rows, float]:
    """A series from the end of its start-up on, and when that was, in seconds; 0 where it has none.

    The seconds of what is left count from there.

    Args:
        rows: seconds, rising, and what was read then.
        least: a change that is no larger than this is no start-up.
    """
    seconds, values = rows
    first = _first_after(seconds, values, least) if len(seconds) >= MIN_START_UP_ROWS else 0
    if not first:
        return rows, 0.0
    began = seconds[first]
    return ([at - began for at in seconds[first:]], list(values[first:])), began


def _first_after(seconds: Sequence[float], values: Sequence[float], least: float) -> int:
    """The first reading that belongs to no start-up."""
    lowest = lowest_of_blocks(seconds, values, round(BLOCKS_WITHIN / MAX_SHARE))
    end = seconds[0] + MAX_SHARE * (seconds[-1] - seconds[0])
    steps = [(values[b] - values[a], a, b) for a, b in pairwise(lowest)]
    later = max((abs(step) for step, _, b in steps if seconds[b] > end), default=0.0)
    steep = max(least, STEEPER * later)
    found = [(a, b) for step, a, b in steps if abs(step) > steep and seconds[b] <= end]
    if not found:
        return 0
    before, after = found[-1]
    # Where it has come to that level: a block is longer than most start-ups.
    way = 1 if values[after] > values[before] else -1
    return next(
        at for at in range(before + 1, after + 1) if way * (values[at] - values[after]) >= 0
    )


def lowest_of_blocks(seconds: Sequence[float], values: Sequence[float], blocks: int) -> list[int]:
    """The places of the lowest values in blocks of even length; a block without any has none."""
    begin, span = seconds[0], seconds[-1] - seconds[0]
    found: dict[int, int] = {}
    for at, (second, value) in enumerate(zip(seconds, values, strict=True)):
        block = min(int((second - begin) / span * blocks), blocks - 1) if span else 0
        if block not in found or value < values[found[block]]:
            found[block] = at
    return [found[block] for block in sorted(found)]
