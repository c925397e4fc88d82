"""The end of a program's start-up: imports and warm-up look like growth that fades.

A start-up is the steep part at the beginning of a watch. It ends at the last moment, within the
first quarter of the watch, at which the series moves twice as fast as at any time after that
quarter. The seconds of the judged series count from that moment.

No more than a quarter is left out. From octave to octave, a logarithm that began a quarter before
the judged part keeps 65 % of its rate and a square root 81 %. A leak must keep 84 %, so both can
still be distinguished from one.

Rejected methods: a straight line fitted to each side of a hinge (garbage bends it), and leaving out
a fixed time (an import takes from a tenth of a second to a minute).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leaklab.verdict.octaves import Rows

MAX_SHARE = 0.25
BLOCKS_WITHIN = 8
# Within a start-up the series moves at least this many times as fast as later.
MIN_TIMES_STEEPER = 2.0
# Fewer readings have no octaves that can be judged.
MIN_START_UP_ROWS = 10


def without_start_up(rows: Rows, min_change: float) -> tuple[Rows, float]:
    """Return a series without its start-up, and the length of the start-up in seconds.

    The seconds of the remaining series count from the end of the start-up. The length is 0 where
    there is no start-up.

    Args:
        rows: The seconds, rising, and the values.
        min_change: A smaller change is not a start-up.
    """
    seconds, values = rows
    first = _first_after(seconds, values, min_change) if len(seconds) >= MIN_START_UP_ROWS else 0
    if not first:
        return rows, 0.0
    began = seconds[first]
    return ([at - began for at in seconds[first:]], list(values[first:])), began


def _first_after(seconds: Sequence[float], values: Sequence[float], min_change: float) -> int:
    """Return the index of the first reading after the start-up."""
    lowest = lowest_of_blocks(seconds, values, round(BLOCKS_WITHIN / MAX_SHARE))
    end = seconds[0] + MAX_SHARE * (seconds[-1] - seconds[0])
    steps = [(values[b] - values[a], a, b) for a, b in pairwise(lowest)]
    later = max((abs(step) for step, _, b in steps if seconds[b] > end), default=0.0)
    steep = max(min_change, MIN_TIMES_STEEPER * later)
    steep_steps = [(a, b) for step, a, b in steps if abs(step) > steep and seconds[b] <= end]
    if not steep_steps:
        return 0
    before, after = steep_steps[-1]
    # A block is longer than most start-ups, so the first reading at the new level is sought in it.
    direction = 1 if values[after] > values[before] else -1
    return next(
        at for at in range(before + 1, after + 1) if direction * (values[at] - values[after]) >= 0
    )


def lowest_of_blocks(seconds: Sequence[float], values: Sequence[float], blocks: int) -> list[int]:
    """Return the indices of the lowest values in blocks of equal length; empty blocks have none."""
    begin, span = seconds[0], seconds[-1] - seconds[0]
    lowest: dict[int, int] = {}
    for at, (second, value) in enumerate(zip(seconds, values, strict=True)):
        block = min(int((second - begin) / span * blocks), blocks - 1) if span else 0
        if block not in lowest or value < values[lowest[block]]:
            lowest[block] = at
    return [lowest[block] for block in sorted(lowest)]
