"""The verdict on one series: it grows with the work, it has levelled off, or it is undecided.

A leak grows at a steady rate over the last two octaves of the work, up to the very end. The
interval of a `clean` series is its upper bound: growth *larger* than that is excluded. Everything
else is undecided, and the reason says what would decide it.

Rejected methods: a limit on RSS (a filling cache exceeds any), the Mann-Kendall test over the whole
run (a plateau that is reached late is a trend to it), comparing the slopes of two halves (it takes
a logarithm for a line).
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
from leaklab.verdict.shapes import clean_shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_BLOCKS = 5

# Fading growth may be a cache that fills and hides a leak. After this many times the declared work
# such a cache has stopped growing.
CONFIRM_TIMES = 4


@dataclass(frozen=True)
class GrowthRule:
    """The constants of the verdict.

    docs/method.md derives each of them; `leaklab selftest accuracy` varies each of them.

    The rate of an octave divided by the rate of the octave before is 1 for a line, 2**-0.5 for a
    square root and 0.5 for a logarithm. `steady` and `fading` lie half-way between these ratios, on
    the scale of exponents.

    Attributes:
        chance: The highest probability with which chance alone may order the blocks of an octave.
        steady: A leak keeps at least this share of its earlier rate.
        fading: Growth that will end keeps at most this share, in two successive octaves.
        one_step: A rise of which one step is more than this share is a step, not growth.
        end_pace: Growth that ends at less than this share of its mean pace has levelled off.
        endless_share: The part of a fading growth that may never end must be below this share of
            the present rate.
        unseen_share: Growth over half of the run, as a share of the swing from sample to sample.
            Smaller growth is not detectable, and `clean` does not exclude it.
    """

    chance: float = 0.01
    steady: float = 2**-0.25
    fading: float = 2**-0.75
    one_step: float = 0.5
    end_pace: float = 0.5
    endless_share: float = 0.1
    unseen_share: float = 0.125


DEFAULT_RULE = GrowthRule()

# The chance at which growth counts as present when only its fading is tested.
TENDENCY = 0.05


@dataclass(frozen=True)
class SeriesVerdict:
    """The conclusion on one series, the shape of its growth, and the reason.

    `conclusive` is false where the series is clean in spite of a step, because more may follow.
    """

    conclusion: Conclusion
    growth: Growth | None
    reason: Reason
    conclusive: bool = True


def judge_series(
    units: Sequence[float],
    values: Sequence[float],
    noise_floor: float,
    rule: GrowthRule = DEFAULT_RULE,
    declared: float | None = None,
) -> SeriesVerdict:
    """Judge one series.

    Args:
        units: The work done at each sample, rising.
        values: The reading at each sample.
        noise_floor: Growth over an octave that counts as none, in the unit of `values`.
        rule: The constants of the verdict.
        declared: The work that a verdict is declared to need; None takes all of the work.

    Returns:
        The verdict; its reason names no signal.
    """
    oldest, before, last = octaves(units, values)
    if last.minima.size < MIN_BLOCKS:
        return undecided(ReasonKind.TOO_FEW_SAMPLES)
    if _fades((oldest, before, last), noise_floor, rule):
        if declared and units[-1] < CONFIRM_TIMES * declared:
            return undecided(ReasonKind.FADES_SO_FAR)
        return SeriesVerdict(Conclusion.CLEAN, Growth.BOUNDED, Reason(kind=ReasonKind.FADES))
    if rises(last, noise_floor, rule):
        return _judge_rising(before, last, noise_floor, rule)
    doubt, ceiling = _doubt(before, last, noise_floor, rule, min(declared or units[-1], units[-1]))
    if doubt:
        return undecided(doubt)
    return SeriesVerdict(
        Conclusion.CLEAN,
        clean_shape(units, values, last, noise_floor),
        Reason(kind=ReasonKind.LEVEL, ceiling=ceiling),
        conclusive=not clear_steps(joined(before, last)[1], noise_floor).any(),
    )


def judge_extreme(
    units: Sequence[float], values: Sequence[float], amount: float, rule: GrowthRule = DEFAULT_RULE
) -> bool:
    """Return whether a series grows so much that it is a leak without further work.

    Such a series rises in order, by `amount` or more, not mostly by one step, and does not slow
    down at its end (`end_pace`). Where there are enough samples for two octaves, the rate of the
    last one is also at least `steady` of the rate of the one before.
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
    """Return whether a series rises in order, by `amount` or more, and does not slow down.

    The whole series is judged. It needs five samples and no octaves, because there may be no time
    for octaves.
    """
    whole = block_minima(units, values)
    enough = whole.rise >= amount and whole.end_share >= rule.end_pace
    return enough and rises(whole, amount, rule)


def _doubt(
    before: Octave, last: Octave, noise_floor: float, rule: GrowthRule, declared: float
) -> tuple[ReasonKind | None, float]:
    """Return why a series without ordered growth is not clean, and the growth it may still have.

    The reason is None if it is clean; the growth is per unit. A clear step is more than twice the
    deepest fall. One such step may be a rising load or a table that is rebuilt, and is removed; two
    may be a pattern, and are a reason. The rest must be level: at the upper end of the interval of
    its slope, the growth over half of the declared work must be small compared to the program's own
    swing.
    """
    import numpy as np

    units, minima = joined(before, last)
    steps = np.diff(minima)
    clear = clear_steps(minima, noise_floor)
    if clear.sum() >= 2 and clear[max(before.minima.size - 1, 0) :].any():
        return ReasonKind.RISES_BY_STEPS, 0.0
    minima = minima - np.concatenate([[0.0], np.cumsum(np.where(clear, steps, 0.0))])
    slope = theil_sen(units, minima)
    if slope.low * float(units[-1]) / 2 > noise_floor:
        return ReasonKind.TENDS_TO_RISE, slope.high
    if slope.high * declared / 2 > max(noise_floor, rule.unseen_share * last.swing):
        return ReasonKind.SWINGS, slope.high
    return None, max(slope.high, 0.0)


def clear_steps(minima: Float64Array, noise_floor: float) -> NDArray[np.bool_]:
    """Return which differences of neighbours are steps: more than twice the deepest fall."""
    import numpy as np

    steps = np.diff(minima)
    is_step: NDArray[np.bool_] = steps > max(noise_floor, 2 * -float(steps.min()))
    return is_step


def _judge_rising(
    before: Octave, last: Octave, noise_floor: float, rule: GrowthRule
) -> SeriesVerdict:
    if before.minima.size < MIN_BLOCKS:
        return undecided(ReasonKind.TOO_FEW_SAMPLES)
    if not rises(before, noise_floor, rule):
        return undecided(ReasonKind.ROSE_ONLY_LATELY)
    if last.end_share < rule.end_pace:
        return undecided(ReasonKind.LEVELS_OFF)
    kept = last.rate / before.rate if before.rate > 0 else 0.0
    if kept < rule.steady:
        return undecided(ReasonKind.SLOWS_DOWN, kept_share=kept)
    reason = Reason(kind=ReasonKind.GROWS_STEADILY, kept_share=kept)
    return SeriesVerdict(Conclusion.LEAK, Growth.UNBOUNDED, reason)


def _fades(last_three: tuple[Octave, Octave, Octave], noise_floor: float, rule: GrowthRule) -> bool:
    """Return whether the rate fell in two successive octaves as a logarithm's does, or faster.

    The growth of a logarithm and a leak together also fades, until only the leak is left. The
    interval of the part that does not fade must therefore begin below a negligible rate, and end
    below half of the present rate.
    """
    oldest, before, last = last_three
    if not all(o.ordered(TENDENCY) and o.rise > noise_floor for o in (oldest, before)):
        return False
    if before.rate > rule.fading * oldest.rate or last.rate > rule.fading * before.rate:
        return False
    steady = steady_part(*joined(*last_three))
    negligible = noise_floor / (float(last.units[-1]) / 2)
    no_line = steady.low <= max(negligible, rule.endless_share * last.rate)
    return no_line and steady.high <= max(negligible, last.rate / 2)


def undecided(kind: ReasonKind, kept_share: float | None = None) -> SeriesVerdict:
    """Return an undecided verdict with its reason."""
    return SeriesVerdict(Conclusion.UNDECIDED, None, Reason(kind=kind, kept_share=kept_share))


def rises(octave: Octave, noise_floor: float, rule: GrowthRule) -> bool:
    """Return whether an octave rises in order, above the noise floor and not mostly by one step."""
    in_order = octave.ordered(rule.chance) and octave.rise > noise_floor
    return in_order and octave.largest_step_share <= rule.one_step
