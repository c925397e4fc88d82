"""One series judged: does it grow with the work, has it come to a plateau, or can nobody say?

A leak keeps growing at a steady rate over the last two octaves of the work, and does so to the
very end. `clean` is bounded from above by its interval: nothing *larger* than that grows.
Everything between is undecided, with what would decide it.

Rejected: a limit on RSS (a filling cache passes any), Mann-Kendall over the whole run (a plateau
reached late is a trend), slopes of halves compared (a logarithm is a line to them).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leaklab.model.scenario import Growth
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind
from leaklab.verdict.octaves import (
    Float64Array,
    Octave,
    block_minima,
    joined,
    octaves,
    steady_part,
    theil_sen,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_BLOCKS = 5

# Growth that fades may hide a leak beneath a cache that fills: after so many times the work that a
# verdict is declared to need, what fills like that has faded for good.
CONFIRM_TIMES = 4


@dataclass(frozen=True)
class GrowthRule:
    """The constants of the verdict.

    docs/method.md derives each of them; `leaklab selftest accuracy` varies each of them.

    Rates of successive octaves are compared as a ratio: 1 for a line, 2**-0.5 for a root, 0.5 for a
    logarithm. The two cuts stand half-way between neighbours, on the scale of exponents.

    Attributes:
        chance: the probability with which chance alone may order an octave's blocks like growth.
        steady: at least so much of the rate before is kept by a leak.
        fading: at most so much is kept by growth that will end, twice in a row.
        one_step: a single step of more than this share of a rise is a step, not growth.
        end_pace: a line rises to its end at its full pace; below this share it has levelled off.
        endless_share: of growth that fades, so much of the present rate may be a line's.
        unseen_share: growth over half the run that is this small beside the swing of a program
            from sample to sample cannot be seen, and is not excluded by `clean`.
    """

    chance: float = 0.01
    steady: float = 2**-0.25
    fading: float = 2**-0.75
    one_step: float = 0.5
    end_pace: float = 0.5
    endless_share: float = 0.1
    unseen_share: float = 0.125


DEFAULT_RULE = GrowthRule()

# Growth that chance orders like this, at most, is there; whether it fades is another question.
TENDENCY = 0.05


@dataclass(frozen=True)
class SeriesVerdict:
    """What one series shows.

    `conclusive` is false where it is acquitted in spite of a step: others may follow.
    """

    conclusion: Conclusion
    growth: Growth | None
    reason: Reason
    conclusive: bool = True


def judge_series(
    units: Sequence[float],
    values: Sequence[float],
    floor: float,
    rule: GrowthRule = DEFAULT_RULE,
    declared: float | None = None,
) -> SeriesVerdict:
    """Judge one series.

    Args:
        units: work done at each sample, rising.
        values: what was read there.
        floor: growth over an octave that counts as none, in the unit of `values`.
        rule: the constants.
        declared: the work that a verdict is said to need; None where nobody says, then it is all.
    """
    oldest, before, last = octaves(units, values)
    if last.minima.size < MIN_BLOCKS:
        return undecided(ReasonKind.TOO_FEW_SAMPLES)
    if _fades((oldest, before, last), floor, rule):
        if declared and units[-1] < CONFIRM_TIMES * declared:
            return undecided(ReasonKind.FADES_SO_FAR)
        return SeriesVerdict(Conclusion.CLEAN, Growth.BOUNDED, Reason(kind=ReasonKind.FADES))
    if rises(last, floor, rule):
        return _judge_rising(before, last, floor, rule)
    doubt, ceiling = _doubt(before, last, floor, rule, min(declared or units[-1], units[-1]))
    if doubt:
        return undecided(doubt)
    return SeriesVerdict(
        Conclusion.CLEAN,
        _shape(units, values, last, floor),
        Reason(kind=ReasonKind.LEVEL, ceiling=ceiling),
        conclusive=not clear_steps(joined(before, last)[1], floor).any(),
    )


def judge_extreme(
    units: Sequence[float], values: Sequence[float], amount: float, rule: GrowthRule = DEFAULT_RULE
) -> bool:
    """Whether a series grows in order, not mostly by one step and at full pace to its end, and by
    at least so much that nothing innocent does: then it need not be watched any longer.

    Where there are samples enough for two octaves, the last must have kept the pace of the one
    before.
    """
    if not rises_to_its_end(units, values, amount, rule):
        return False
    _, before, last = octaves(units, values)
    if before.minima.size < MIN_BLOCKS:
        return True
    return last.rate >= rule.steady * before.rate


def rises_to_its_end(
    units: Sequence[float], values: Sequence[float], amount: float, rule: GrowthRule
) -> bool:
    """Whether a whole series rises in order, by so much, and at full pace to its end. It asks for
    five samples at least, and not for octaves: there may be no time for them."""
    whole = block_minima(units, values)
    enough = whole.rise >= amount and whole.end_share >= rule.end_pace
    return enough and rises(whole, amount, rule)


def _doubt(
    before: Octave, last: Octave, floor: float, rule: GrowthRule, declared: float
) -> tuple[ReasonKind | None, float]:
    """Why a series that does not rise in order cannot be acquitted all the same (None if it can),
    and the most it may yet grow per unit.

    One clear step, up by more than twice the deepest fall, may be a load or a table's rebuilding,
    and is taken out; a second is a pattern. What is left must be level: no growth that its
    interval leaves possible may, over half the declared work, be worth noticing beside the
    program's own swing: so each doubling of the work halves what may hide.
    """
    import numpy as np

    units, minima = joined(before, last)
    steps = np.diff(minima)
    clear = clear_steps(minima, floor)
    if clear.sum() >= 2 and clear[max(before.minima.size - 1, 0) :].any():
        return ReasonKind.RISES_BY_STEPS, 0.0
    minima = minima - np.concatenate([[0.0], np.cumsum(np.where(clear, steps, 0.0))])
    slope = theil_sen(units, minima)
    if slope.low * float(units[-1]) / 2 > floor:
        return ReasonKind.TENDS_TO_RISE, slope.high
    if slope.high * declared / 2 > max(floor, rule.unseen_share * last.swing):
        return ReasonKind.SWINGS, slope.high
    return None, max(slope.high, 0.0)


def clear_steps(minima: Float64Array, floor: float) -> NDArray[np.bool_]:
    """Which differences of neighbours are steps: more than twice the deepest fall."""
    import numpy as np

    steps = np.diff(minima)
    found: NDArray[np.bool_] = steps > max(floor, 2 * -float(steps.min()))
    return found


def _judge_rising(before: Octave, last: Octave, floor: float, rule: GrowthRule) -> SeriesVerdict:
    if before.minima.size < MIN_BLOCKS:
        return undecided(ReasonKind.TOO_FEW_SAMPLES)
    if not rises(before, floor, rule):
        return undecided(ReasonKind.ROSE_ONLY_LATELY)
    if last.end_share < rule.end_pace:
        return undecided(ReasonKind.LEVELS_OFF)
    kept = last.rate / before.rate if before.rate > 0 else 0.0
    if kept < rule.steady:
        return undecided(ReasonKind.SLOWS_DOWN, kept_share=kept)
    reason = Reason(kind=ReasonKind.GROWS_STEADILY, kept_share=kept)
    return SeriesVerdict(Conclusion.LEAK, Growth.UNBOUNDED, reason)


def _fades(last_three: tuple[Octave, Octave, Octave], floor: float, rule: GrowthRule) -> bool:
    """Whether the rate fell twice in a row like a logarithm's, or faster, and goes on falling.

    A leak under a logarithm fades, too, until only the leak is left; so the part that would not
    fade must be next to none within its interval, and surely less than half of the present rate.
    """
    oldest, before, last = last_three
    if not all(o.ordered(TENDENCY) and o.rise > floor for o in (oldest, before)):
        return False
    if before.rate > rule.fading * oldest.rate or last.rate > rule.fading * before.rate:
        return False
    steady = steady_part(*joined(*last_three))
    negligible = floor / (float(last.units[-1]) / 2)
    none = steady.low <= max(negligible, rule.endless_share * last.rate)
    return none and steady.high <= max(negligible, last.rate / 2)


def undecided(kind: ReasonKind, kept_share: float | None = None) -> SeriesVerdict:
    """A finding that decides nothing, and why."""
    return SeriesVerdict(Conclusion.UNDECIDED, None, Reason(kind=kind, kept_share=kept_share))


def rises(octave: Octave, floor: float, rule: GrowthRule) -> bool:
    """Whether an octave rises in order, by more than a floor, and not mostly by one step."""
    in_order = octave.ordered(rule.chance) and octave.rise > floor
    return in_order and octave.largest_step_share <= rule.one_step


def _shape(units: Sequence[float], values: Sequence[float], last: Octave, floor: float) -> Growth:
    """Which innocent shape it is: it came to a plateau, it rises and falls back, or neither."""
    import numpy as np

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
    import numpy as np

    share = (values - values.min()) / np.ptp(values)
    extremes = share[(share > 0.75) | (share < 0.25)] > 0.5
    return int((np.diff(extremes.astype(int)) < 0).sum())
