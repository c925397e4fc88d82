"""What a series does over its last octaves: the estimators under the verdict.

An octave is a doubling of the work done: (N/2, N], (N/4, N/2], (N/8, N/4]. Each is cut by work
into at most eight blocks, and a block is represented by its *minimum*: what a saw-tooth or garbage
in waiting adds on top is gone, what is retained stays. Over octaves the three laws that matter
look different: per unit, a line keeps its rate (x 1), a square root loses 29 % (x 0.71), a
logarithm half (x 0.5). DESIGN.md, "The verdict", derives each constant; `leaklab accuracy`
measures what they do on generated series.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

BLOCKS = 8

# The smallest Kendall S that chance alone reaches with probability <= p, by number of blocks
# (exact null distribution; tests/unit/test_trend.py derives both rows again). Fewer blocks than
# five cannot reach either.
CRITICAL_S = {
    0.01: {5: 10, 6: 13, 7: 17, 8: 20},
    0.05: {5: 8, 6: 11, 7: 13, 8: 16},
}


@dataclass(frozen=True)
class Octave:
    """The block minima of one octave and where they were read, in units of work."""

    units: Numbers
    minima: Numbers

    @cached_property
    def rise(self) -> float:
        """From the first block's minimum to the last's."""
        return float(self.minima[-1] - self.minima[0]) if self.minima.size else 0.0

    @cached_property
    def kendall_s(self) -> int:
        """Pairs of blocks in rising order, less pairs in falling order (Kendall 1938)."""
        signs = np.sign(self.minima[None, :] - self.minima[:, None])
        return int(np.triu(signs, k=1).sum())

    @cached_property
    def rate(self) -> float:
        """Growth per unit: the median slope over all pairs of blocks (Theil 1950, Sen 1968)."""
        return slope_of(self.units, self.minima)[0]

    @cached_property
    def largest_step_share(self) -> float:
        """The largest difference between neighbours, as a share of the whole rise."""
        steps = np.diff(self.minima)
        return float(steps.max() / self.rise) if steps.size and self.rise > 0 else 0.0

    @cached_property
    def is_one_step(self) -> bool:
        """One upward step that all blocks before it stand below and all after it above."""
        steps = np.diff(self.minima)
        if not steps.size or steps.max() <= 0:
            return False
        cut = int(steps.argmax()) + 1
        return bool(
            self.minima[:cut].max() < self.minima[cut:].min() and self.largest_step_share > 0.5
        )

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
    x = np.asarray(units, dtype=np.float64)
    y = np.asarray(values, dtype=np.float64)
    end = x[-1] if x.size else 0.0
    first, second, last = (_octave(x, y, end / 2**k, end / 2 ** (k - 1)) for k in (3, 2, 1))
    return first, second, last


def slope_of(units: Numbers, values: Numbers) -> tuple[float, float, float]:
    """The Theil-Sen slope with its 95 % interval: (slope, low, high); zeros below two points."""
    if units.size < 2:
        return 0.0, 0.0, 0.0
    from scipy.stats import theilslopes  # noqa: PLC0415  (0.8 s to import)

    found = theilslopes(values, units, alpha=0.95)
    return float(found.slope), float(found.low_slope), float(found.high_slope)


def _octave(x: Numbers, y: Numbers, after: float, upto: float) -> Octave:
    inside = (x > after) & (x <= upto)
    x, y = x[inside], y[inside]
    if not x.size:
        return Octave(x, y)
    count = min(BLOCKS, x.size)
    block = np.ceil((x - after) * count / (upto - after)).astype(int) - 1
    lowest = [int(np.flatnonzero(block == b)[y[block == b].argmin()]) for b in np.unique(block)]
    return Octave(x[lowest], y[lowest])
