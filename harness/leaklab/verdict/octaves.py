"""The estimators of the verdict: rates, orders and slopes over the last octaves of a series.

An octave is a doubling of the work done: (N/2, N], (N/4, N/2], (N/8, N/4]. Each is divided by work
into at most eight blocks, and the *minimum* of a block represents it: this removes what a saw-tooth
or uncollected garbage adds and keeps what is retained. Over octaves the three relevant laws differ
in their rate per unit: a line keeps it (x 1), a square root loses 29 % (x 0.71), and a logarithm
loses half (x 0.5). docs/method.md derives each constant; `leaklab selftest accuracy`
measures their effect on generated series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from leaklab.verdict.intervals import CONFIDENCE, student

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Float64Array: TypeAlias = "NDArray[np.float64]"

# The work done at each reading, rising, and the values; both have the same length.
Rows: TypeAlias = tuple[Sequence[float], Sequence[float]]

BLOCKS = 8

# By probability p and number of blocks, the smallest Kendall S that chance alone reaches with
# probability <= p (exact null distribution; tests/unit/verdict/test_octaves.py derives both rows).
# Fewer than five blocks cannot reach either probability.
CRITICAL_S = {
    0.01: {5: 10, 6: 13, 7: 17, 8: 20},
    0.05: {5: 8, 6: 11, 7: 13, 8: 16},
}


class Slope(NamedTuple):
    """Growth per unit of work, with its 95 % confidence interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Octave:
    """The block minima of one octave.

    Attributes:
        units: The work done at each minimum.
        minima: The minimum of each block.
        swing: The median over the blocks of the difference between maximum and minimum.
    """

    units: Float64Array
    minima: Float64Array
    swing: float = 0.0

    @cached_property
    def rise(self) -> float:
        """The difference between the minima of the last and the first block."""
        return float(self.minima[-1] - self.minima[0]) if self.minima.size else 0.0

    @cached_property
    def kendall_s(self) -> int:
        """Kendall's S (1938): the pairs of blocks in rising order less those in falling order."""
        import numpy as np

        signs = np.sign(self.minima[None, :] - self.minima[:, None])
        return int(np.triu(signs, k=1).sum())

    @cached_property
    def rate(self) -> float:
        """Growth per unit: the median slope of all pairs of blocks (Theil 1950, Sen 1968)."""
        return theil_sen(self.units, self.minima).estimate

    @cached_property
    def largest_step_share(self) -> float:
        """The largest difference between neighbours as a share of the rise; 0 without a rise."""
        import numpy as np

        steps = np.diff(self.minima)
        return float(steps.max() / self.rise) if steps.size and self.rise > 0 else 0.0

    @cached_property
    def end_share(self) -> float:
        """The pace at the end as a share of the average pace: 1 for a line, 0 without a rise.

        It is the smaller of the paces of the last block and of the last two blocks, so that a stop
        in either block is detected.
        """
        if self.minima.size < 3 or self.rise <= 0:
            return 0.0
        even = self.rise / (self.minima.size - 1)
        return min(float(self.minima[-1] - self.minima[-1 - k]) / (k * even) for k in (1, 2))

    def ordered(self, chance: float) -> bool:
        """Return whether chance reaches this order of the minima with at most this probability."""
        critical = CRITICAL_S[chance].get(self.minima.size)
        return critical is not None and self.kendall_s >= critical


def octaves(units: Sequence[float], values: Sequence[float]) -> tuple[Octave, Octave, Octave]:
    """Return the last three octaves of a series, oldest first.

    Args:
        units: The work done at each sample, rising.
        values: The reading at each sample.

    Returns:
        Three octaves; one without samples is empty.
    """
    import numpy as np

    x = np.asarray(units, dtype=np.float64)
    y = np.asarray(values, dtype=np.float64)
    end = x[-1] if x.size else 0.0
    first, second, last = (_octave(x, y, end / 2**k, end / 2 ** (k - 1)) for k in (3, 2, 1))
    return first, second, last


def block_minima(units: Sequence[float], values: Sequence[float]) -> Octave:
    """Return the block minima of a whole series, as if it were one octave."""
    import numpy as np

    x = np.asarray(units, dtype=np.float64)
    y = np.asarray(values, dtype=np.float64)
    return _octave(x, y, 0.0, x[-1] if x.size else 0.0)


def joined(*parts: Octave) -> tuple[Float64Array, Float64Array]:
    """Return the block minima of successive octaves as one series: (units, minima)."""
    import numpy as np

    return np.concatenate([o.units for o in parts]), np.concatenate([o.minima for o in parts])


def growth_per_unit(units: Float64Array, minima: Float64Array) -> Slope:
    """Return the Theil-Sen slope of block minima, with an interval that covers two kinds of noise.

    The Theil-Sen interval is right where the minima scatter around a line. Where the retained
    amount varies from unit to unit, the *increments* are independent and the deviations add up.
    The Theil-Sen interval then covers the truth in only 40 % of cases, and Student's t on the rates
    of the increments is right. The interval returned is the union of both
    (tests/unit/verdict/test_octaves.py measures its coverage).

    Args:
        units: The work done at each minimum, rising.
        minima: The minima, in bytes or pieces.
    """
    import numpy as np

    sen = theil_sen(units, minima)
    if units.size < 3:
        return sen
    spans = np.diff(units)
    rates = np.diff(minima) / spans
    mean = float(np.average(rates, weights=spans))
    half = student(rates.size - 1) * float(rates.std(ddof=1)) / rates.size**0.5
    return Slope(sen.estimate, min(sen.low, mean - half), max(sen.high, mean + half))


def theil_sen(units: Float64Array, values: Float64Array) -> Slope:
    """Return the median slope of all pairs of points (Theil 1950, Sen 1968); 0 below two points.

    Its interval assumes that the points scatter independently around a line.
    """
    if units.size < 2:
        return Slope(0.0, 0.0, 0.0)
    from scipy.stats import theilslopes

    fit = theilslopes(values, units, alpha=CONFIDENCE)
    return Slope(float(fit.slope), float(fit.low_slope), float(fit.high_slope))


def steady_part(units: Float64Array, minima: Float64Array) -> Slope:
    """Return the part of the growth that continues without end: b of a*ln(x) + b*x.

    Between two blocks this law grows by a*d(ln x) + b*dx. So the rate over a block is linear in
    d(ln x)/dx with intercept b, which a least-squares fit estimates; the interval is Student's t.
    """
    import numpy as np
    from scipy.stats import linregress

    spans = np.diff(units)
    fit = linregress(np.diff(np.log(units)) / spans, np.diff(minima) / spans)
    half = student(spans.size - 2) * float(fit.intercept_stderr)
    return Slope(float(fit.intercept), float(fit.intercept) - half, float(fit.intercept) + half)


def _octave(x: Float64Array, y: Float64Array, after: float, upto: float) -> Octave:
    import numpy as np

    inside = (x > after) & (x <= upto)
    x, y = x[inside], y[inside]
    if not x.size:
        return Octave(x, y)
    count = min(BLOCKS, x.size)
    block = np.ceil((x - after) * count / (upto - after)).astype(int) - 1
    members = [np.flatnonzero(block == b) for b in np.unique(block)]
    lowest = [int(m[y[m].argmin()]) for m in members]
    return Octave(x[lowest], y[lowest], float(np.median([np.ptp(y[m]) for m in members])))
