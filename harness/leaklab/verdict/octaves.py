"""What a series does over its last octaves: the estimators under the verdict.

An octave is a doubling of the work done: (N/2, N], (N/4, N/2], (N/8, N/4]. Each is cut by work
into at most eight blocks, and a block is represented by its *minimum*: what a saw-tooth or garbage
in waiting adds on top is gone, what is retained stays. Over octaves the three laws that matter
look different: per unit, a line keeps its rate (x 1), a square root loses 29 % (x 0.71), a
logarithm half (x 0.5). docs/method.md derives each constant; `leaklab selftest accuracy`
measures what they do on generated series.
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

# The work done at each reading, and what was read.
Rows: TypeAlias = tuple[Sequence[float], Sequence[float]]

BLOCKS = 8

# The smallest Kendall S that chance alone reaches with probability <= p, by number of blocks
# (exact null distribution; tests/unit/verdict/test_octaves.py derives both rows again). Fewer
# blocks than five cannot reach either.
CRITICAL_S = {
    0.01: {5: 10, 6: 13, 7: 17, 8: 20},
    0.05: {5: 8, 6: 11, 7: 13, 8: 16},
}


class Slope(NamedTuple):
    """Growth per unit of work, with a 95 % interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Octave:
    """The block minima of one octave, where they were read (in units of work), and the `swing`:
    the median over its blocks of what lies between a block's minimum and its maximum."""

    units: Float64Array
    minima: Float64Array
    swing: float = 0.0

    @cached_property
    def rise(self) -> float:
        """From the first block's minimum to the last's."""
        return float(self.minima[-1] - self.minima[0]) if self.minima.size else 0.0

    @cached_property
    def kendall_s(self) -> int:
        """Pairs of blocks in rising order, less pairs in falling order (Kendall 1938)."""
        import numpy as np

        signs = np.sign(self.minima[None, :] - self.minima[:, None])
        return int(np.triu(signs, k=1).sum())

    @cached_property
    def rate(self) -> float:
        """Growth per unit: the median slope over all pairs of blocks (Theil 1950, Sen 1968)."""
        return theil_sen(self.units, self.minima).estimate

    @cached_property
    def largest_step_share(self) -> float:
        """The largest difference between neighbours, as a share of the whole rise."""
        import numpy as np

        steps = np.diff(self.minima)
        return float(steps.max() / self.rise) if steps.size and self.rise > 0 else 0.0

    @cached_property
    def end_share(self) -> float:
        """The pace of the last block, and of the last two, against an even rise: 1 is a line's.

        The smaller of the two, so that both a stop in the last block and one in the last but one
        are seen.
        """
        if self.minima.size < 3 or self.rise <= 0:
            return 0.0
        even = self.rise / (self.minima.size - 1)
        return min(float(self.minima[-1] - self.minima[-1 - k]) / (k * even) for k in (1, 2))

    def ordered(self, chance: float) -> bool:
        """Whether the minima rise in an order that chance reaches with at most this probability."""
        critical = CRITICAL_S[chance].get(self.minima.size)
        return critical is not None and self.kendall_s >= critical


def octaves(units: Sequence[float], values: Sequence[float]) -> tuple[Octave, Octave, Octave]:
    """The last three octaves of a series, oldest first; an octave without samples is empty.

    Args:
        units: work done at each sample, rising.
        values: what was read there, the same length.
    """
    import numpy as np

    x = np.asarray(units, dtype=np.float64)
    y = np.asarray(values, dtype=np.float64)
    end = x[-1] if x.size else 0.0
    first, second, last = (_octave(x, y, end / 2**k, end / 2 ** (k - 1)) for k in (3, 2, 1))
    return first, second, last


def block_minima(units: Sequence[float], values: Sequence[float]) -> Octave:
    """A whole series, from no work done to its end, in the blocks of one octave."""
    import numpy as np

    x = np.asarray(units, dtype=np.float64)
    y = np.asarray(values, dtype=np.float64)
    return _octave(x, y, 0.0, x[-1] if x.size else 0.0)


def joined(*parts: Octave) -> tuple[Float64Array, Float64Array]:
    """The block minima of successive octaves as one series: (units, minima)."""
    import numpy as np

    return np.concatenate([o.units for o in parts]), np.concatenate([o.minima for o in parts])


def growth_per_unit(units: Float64Array, minima: Float64Array) -> Slope:
    """The Theil-Sen slope of block minima, with an interval that is wide enough in two worlds.

    Theil-Sen's own interval holds where the minima scatter around a line. Where what is kept
    varies from unit to unit, the *increments* are independent and the deviations add up: that
    interval then covers the truth in only 40 % of cases, and Student's t on the increments' rates
    is right. The wider end of the two is given (tests/unit/verdict/test_octaves.py measures the
    coverage).
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
    """The median slope over all pairs of points (Theil 1950, Sen 1968); zeros below two points.

    Its interval assumes that the points scatter independently around a line.
    """
    if units.size < 2:
        return Slope(0.0, 0.0, 0.0)
    from scipy.stats import theilslopes

    found = theilslopes(values, units, alpha=CONFIDENCE)
    return Slope(float(found.slope), float(found.low_slope), float(found.high_slope))


def steady_part(units: Float64Array, minima: Float64Array) -> Slope:
    """How much of the growth would go on for ever, beside a logarithm: b of a*ln(x) + b*x.

    Between two blocks that law grows by a*d(ln x) + b*dx; so the rate over a block is a line in
    d(ln x)/dx with intercept b, and b is had from a least-squares fit, its interval from
    Student's t.
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
