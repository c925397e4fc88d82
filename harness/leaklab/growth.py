"""One series judged: does it grow with the work, has it come to a plateau, or can nobody say?

A leak keeps growing at a steady rate over the last two octaves of the work, and does so to the
very end. `clean` is bounded from above by its interval: nothing *larger* than that grows.
Everything between is undecided, with what would decide it.

Rejected: a limit on RSS (23 of 100 innocents accused), Mann-Kendall over the whole run (a filling
cache is a trend), slopes of halves (a logarithm is a line to them). DESIGN.md has the figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leaklab.model import Growth
from leaklab.trend import BLOCKS, Octave, octaves

# Rates of successive octaves, as a ratio: 1 for a line, 2**-0.5 for a root, 0.5 for a logarithm.
# The cuts stand half-way between neighbours, on the scale of exponents.
STEADY = 2**-0.25
FADING = 2**-0.75

# One step that makes up more than this of an octave's rise is a step, not growth; at its end a
# line still rises at its full pace, a series that levelled off at less than this of it.
HALF = 0.5

FEWEST_BLOCKS = 5


@dataclass(frozen=True)
class Finding:
    """What one series shows: `leak` is None where it decides nothing."""

    leak: bool | None
    growth: Growth | None
    reason: str


def judge_series(units: Sequence[float], values: Sequence[float], floor: float) -> Finding:
    """Judge one series.

    Args:
        units: work done at each sample, rising, the last being all the work.
        values: what was read there.
        floor: growth over an octave that counts as none, in the unit of `values`.
    """
    oldest, before, last = octaves(units, values)
    if last.minima.size < FEWEST_BLOCKS:
        return _undecided("too few samples: 10 are the least, 64 and more say more")
    if _fades(oldest, before, last, floor):
        return Finding(
            leak=False, growth=Growth.BOUNDED, reason="its growth fades with every octave"
        )
    if _rises(last, floor):
        return _judge_rising(before, last, floor)
    if all(o.is_one_step and o.rise > floor for o in (oldest, before, last)):
        return _undecided("one step in every octave, like a table that doubles: do more units")
    if all(o.ordered(0.05) and o.rise > floor for o in (before, last)):
        return _undecided("it tends to rise, and no more can be said: do more units")
    return Finding(
        leak=False, growth=_shape(units, values, last, floor), reason="no growth over the last half"
    )


def _judge_rising(before: Octave, last: Octave, floor: float) -> Finding:
    if not _rises(before, floor):
        return _undecided("it rises over the last half and did not before: do more units")
    if last.end_share < HALF:
        return _undecided("it rose, and levels off at the end: do more units")
    kept = last.rate / before.rate if before.rate > 0 else 0.0
    if kept < STEADY:
        return _undecided(f"still grows, at {kept:.0%} of the rate before: do more units")
    return Finding(
        leak=True,
        growth=Growth.UNBOUNDED,
        reason=f"grows steadily, at {kept:.0%} of the rate before",
    )


def _fades(oldest: Octave, before: Octave, last: Octave, floor: float) -> bool:
    """Whether the rate fell twice in a row like a logarithm's, or faster."""
    grew = all(o.ordered(0.05) and o.rise > floor for o in (oldest, before))
    return grew and before.rate <= FADING * oldest.rate and last.rate <= FADING * before.rate


def _undecided(reason: str) -> Finding:
    return Finding(leak=None, growth=None, reason=reason)


def _rises(octave: Octave, floor: float) -> bool:
    in_order = octave.ordered(0.01) and octave.rise > floor
    return in_order and octave.largest_step_share <= HALF


def _shape(units: Sequence[float], values: Sequence[float], last: Octave, floor: float) -> Growth:
    """Which innocent shape it is: it came to a plateau, it rises and falls back, or neither."""
    x, y = np.asarray(units), np.asarray(values, dtype=np.float64)
    climbed = float(last.minima.min() - y[0])
    tail = y[x > x[-1] / 2]
    swing = float(np.ptp(tail))
    if climbed > max(floor, swing):
        return Growth.BOUNDED
    if swing > floor and _falls(tail) >= 2:
        return Growth.SAWTOOTH
    return Growth.BOUNDED if climbed > floor else Growth.NONE


def _falls(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> int:
    """How often it falls from the top quarter of its range to the bottom quarter."""
    share = (values - values.min()) / np.ptp(values)
    extremes = share[(share > 0.75) | (share < 0.25)] > 0.5
    return int((np.diff(extremes.astype(int)) < 0).sum())


__all__ = ["BLOCKS", "FADING", "STEADY", "Finding", "judge_series"]
