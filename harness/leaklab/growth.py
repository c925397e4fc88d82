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
from leaklab.trend import Octave, octaves

FEWEST_BLOCKS = 5


@dataclass(frozen=True)
class Rule:
    """The constants of the verdict. DESIGN.md derives each; `leaklab accuracy` varies each.

    Rates of successive octaves are compared as a ratio: 1 for a line, 2**-0.5 for a root, 0.5 for a
    logarithm. The two cuts stand half-way between neighbours, on the scale of exponents.

    Attributes:
        chance: the probability with which chance alone may order an octave's blocks like growth.
        steady: at least so much of the rate before is kept by a leak.
        fading: at most so much is kept by growth that will end, twice in a row.
        one_step: a single step of more than this share of a rise is a step, not growth.
        end_pace: a line rises to its end at its full pace; below this share it has levelled off.
    """

    chance: float = 0.01
    steady: float = 2**-0.25
    fading: float = 2**-0.75
    one_step: float = 0.5
    end_pace: float = 0.5


RULE = Rule()

# Growth that chance orders like this, at most, is a tendency, and forbids an acquittal.
TENDENCY = 0.05


@dataclass(frozen=True)
class Finding:
    """What one series shows: `leak` is None where it decides nothing."""

    leak: bool | None
    growth: Growth | None
    reason: str


def judge_series(
    units: Sequence[float], values: Sequence[float], floor: float, rule: Rule = RULE
) -> Finding:
    """Judge one series.

    Args:
        units: work done at each sample, rising, the last being all the work.
        values: what was read there.
        floor: growth over an octave that counts as none, in the unit of `values`.
        rule: the constants.
    """
    oldest, before, last = octaves(units, values)
    if last.minima.size < FEWEST_BLOCKS:
        return _undecided("too few samples: 10 are the least, 64 and more say more")
    if _fades((oldest, before, last), floor, rule):
        return Finding(
            leak=False, growth=Growth.BOUNDED, reason="its growth fades with every octave"
        )
    if _rises(last, floor, rule):
        return _judge_rising(before, last, floor, rule)
    if all(o.is_one_step and o.rise > floor for o in (oldest, before, last)):
        return _undecided("one step in every octave, like a table that doubles: do more units")
    if all(o.ordered(TENDENCY) and o.rise > floor for o in (before, last)):
        return _undecided("it tends to rise, and no more can be said: do more units")
    return Finding(
        leak=False, growth=_shape(units, values, last, floor), reason="no growth over the last half"
    )


def _judge_rising(before: Octave, last: Octave, floor: float, rule: Rule) -> Finding:
    if not _rises(before, floor, rule):
        return _undecided("it rises over the last half and did not before: do more units")
    if last.end_share < rule.end_pace:
        return _undecided("it rose, and levels off at the end: do more units")
    kept = last.rate / before.rate if before.rate > 0 else 0.0
    if kept < rule.steady:
        return _undecided(f"still grows, at {kept:.0%} of the rate before: do more units")
    return Finding(
        leak=True,
        growth=Growth.UNBOUNDED,
        reason=f"grows steadily, at {kept:.0%} of the rate before",
    )


def _fades(last_three: tuple[Octave, Octave, Octave], floor: float, rule: Rule) -> bool:
    """Whether the rate fell twice in a row like a logarithm's, or faster."""
    oldest, before, last = last_three
    grew = all(o.ordered(TENDENCY) and o.rise > floor for o in (oldest, before))
    once = before.rate <= rule.fading * oldest.rate
    return grew and once and last.rate <= rule.fading * before.rate


def _undecided(reason: str) -> Finding:
    return Finding(leak=None, growth=None, reason=reason)


def _rises(octave: Octave, floor: float, rule: Rule) -> bool:
    in_order = octave.ordered(rule.chance) and octave.rise > floor
    return in_order and octave.largest_step_share <= rule.one_step


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
