"""The laws by which a peak may grow with the work, and their predictions for a size.

Each law is peak = base + rise · f(units) / f(largest size). `fitting` determines base and rise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from leaklab.model.units import PAGE_BYTES
from leaklab.verdict.intervals import CONFIDENCE, student

FloatArray: TypeAlias = npt.NDArray[np.float64]

PAGE_VARIANCE = PAGE_BYTES**2 / 12
# A larger size is out of reach: one unit per nanosecond for thirty years.
MAX_UNITS = 1e18


class Law(StrEnum):
    """How the peak grows; `bounded` is a line that becomes level at some size."""

    CONSTANT = "constant"
    BOUNDED = "bounded"
    LOGARITHM = "logarithm"
    ROOT = "square root"
    LINEAR = "linear"
    LINEARITHMIC = "n·log n"
    QUADRATIC = "quadratic"

    @property
    def is_level(self) -> bool:
        """Whether it stops growing, so that a larger limit is never reached."""
        return self in (Law.CONSTANT, Law.BOUNDED)


TERMS: dict[Law, Callable[[FloatArray], FloatArray]] = {
    Law.LOGARITHM: np.log,
    Law.ROOT: np.sqrt,
    Law.LINEAR: lambda n: n,
    Law.LINEARITHMIC: lambda n: n * np.log(n),
    Law.QUADRATIC: lambda n: n**2,
}


class Noise(StrEnum):
    """How the residuals of a law depend on the size.

    They are even; or growing, from tables that double and lists that over-allocate; or early, from
    small sizes at which imports took more than the work or a cache was still filling.
    """

    EVEN = "even"
    GROWING = "growing"
    EARLY = "early"


@dataclass(frozen=True)
class Point:
    """A size in units, and the peak that was measured there."""

    units: int
    peak_bytes: int


@dataclass(frozen=True)
class Prediction:
    """A peak and its 95 % prediction interval."""

    units: int
    peak_bytes: float
    low_bytes: float
    high_bytes: float


@dataclass(frozen=True)
class Crossing:
    """The units at which the peak reaches a limit, with an interval; None means after `MAX_UNITS`.

    The interval is from where the upper bound of the peak reaches the limit to where the lower
    bound does.
    """

    limit_bytes: int
    units: float | None
    low_units: float | None
    high_units: float | None


@dataclass(frozen=True)
class Fit:
    """One law with its parameters.

    `rise_bytes` is the law's growing part at the largest size, with a 95 % interval.
    `hinge_units` is where a bounded law became level. `spread_bytes` is the standard deviation of
    the residuals where they are largest, without rounding. `weight` is the Akaike weight among the
    fits to the same peaks.
    """

    law: Law
    noise: Noise
    base_bytes: float
    rise_bytes: float
    rise_low_bytes: float
    rise_high_bytes: float
    hinge_units: float | None
    smallest_units: int
    largest_units: int
    spread_bytes: float
    covariance: tuple[tuple[float, ...], ...]
    freedom: int
    aicc: float
    weight: float = 0.0

    def peaks(self, units: FloatArray) -> FloatArray:
        """Return the peak in bytes at each of these sizes."""
        return self.base_bytes + self.rise_bytes * self._growth(units)

    def margins(self, units: FloatArray) -> FloatArray:
        """Return the half widths of the 95 % prediction intervals at these sizes, in bytes."""
        growth = self._growth(units)
        rows = np.stack([np.ones_like(growth), growth], axis=1)[:, : len(self.covariance)]
        of_law = np.einsum("ij,jk,ik->i", rows, np.array(self.covariance), rows)
        residual = self.spread_bytes * shape_of(self.noise, units, growth, self.smallest_units)
        deviations = np.sqrt(of_law + residual**2 + PAGE_VARIANCE)
        margins: FloatArray = student(self.freedom) * deviations
        return margins

    def lowest(self, units: FloatArray) -> FloatArray:
        """Return the lower ends of the intervals, in bytes."""
        return self.peaks(units) - self.margins(units)

    def highest(self, units: FloatArray) -> FloatArray:
        """Return the upper ends of the intervals, in bytes.

        What looks like a logarithm may be a table that has not doubled within the sizes. Beyond the
        largest size the whole peak is taken to be such a table, which doubles once.
        """
        upper = self.peaks(units) + self.margins(units)
        unseen = (self.law is Law.LOGARITHM) & (units > self.largest_units)
        highest: FloatArray = np.where(unseen, 2 * upper, upper)
        return highest

    def _growth(self, units: FloatArray) -> FloatArray:
        return law_growth(self.law, units, self.largest_units, self.hinge_units)


@dataclass(frozen=True)
class Laws:
    """The laws that are consistent with the peaks, the likeliest first.

    If the likeliest law is level, `undetected_slope` is the line fitted to its level part, which
    bounds the growth that the peaks would not show.
    """

    fits: tuple[Fit, ...]
    undetected_slope: Fit | None = None

    @property
    def best(self) -> Fit:
        """The likeliest law, with its likeliest type of noise."""
        return self.fits[0]

    @property
    def plausible(self) -> tuple[Fit, ...]:
        """The other fits that may be true: the fewest that have 95 % weight with the best fit."""
        others = sorted(self.fits[1:], key=lambda fit: fit.weight, reverse=True)
        before = np.cumsum([self.best.weight, *(fit.weight for fit in others)])
        return tuple(f for f, weight in zip(others, before, strict=False) if weight < CONFIDENCE)

    def weight_of(self, law: Law) -> float:
        """Return the Akaike weight of a law, summed over its types of noise."""
        return sum(fit.weight for fit in self.fits if fit.law is law)

    def predict(self, units: int) -> Prediction:
        """Predict the peak at a size; the interval covers all plausible laws."""
        size = np.array([float(units)])
        low, high = self._lowest(size)[0], self._highest(size)[0]
        return Prediction(units, float(self.best.peaks(size)[0]), float(low), float(high))

    def crossing(self, limit_bytes: int) -> Crossing:
        """Return the units at which the peak reaches a limit."""
        return Crossing(
            limit_bytes,
            units=_first(self.best.peaks, limit_bytes),
            low_units=_first(self._highest, limit_bytes),
            high_units=_first(self._lowest, limit_bytes),
        )

    def _highest(self, units: FloatArray) -> FloatArray:
        fits = (
            *self.plausible,
            self.best,
            *([self.undetected_slope] if self.undetected_slope else []),
        )
        highest: FloatArray = np.max([f.highest(units) for f in fits], axis=0)
        return highest

    def _lowest(self, units: FloatArray) -> FloatArray:
        fits = (self.best, *self.plausible)
        lower = np.min([f.lowest(units) for f in fits], axis=0)
        lowest: FloatArray = np.maximum(lower, 0)
        return lowest


def law_growth(
    law: Law, units: FloatArray, largest_units: float, hinge_units: float | None
) -> FloatArray:
    """Return a law's growing part at each size, as a share of that at the largest size."""
    if law is Law.CONSTANT:
        return np.zeros_like(units)
    if hinge_units is not None:
        level: FloatArray = np.minimum(units, hinge_units) / hinge_units
        return level
    term = TERMS[law]
    share: FloatArray = term(units) / term(np.array([float(largest_units)]))
    return share


def shape_of(
    noise: Noise, units: FloatArray, growth: FloatArray, smallest_units: float
) -> FloatArray:
    """Return the standard deviation of the residuals at each size, as a share of the largest."""
    if noise is Noise.GROWING:
        return growth
    fading: FloatArray = np.minimum(smallest_units / units, 1) ** 2
    return fading if noise is Noise.EARLY else np.ones_like(growth)


def _first(curve: Callable[[FloatArray], FloatArray], limit_bytes: float) -> float | None:
    """Return the smallest size at which a curve reaches the limit; None if it does not."""
    from scipy.optimize import brentq  # noqa: PLC0415  (0.3 s to import)

    sizes = np.geomspace(1, MAX_UNITS, 1000)
    reached = np.flatnonzero(curve(sizes) >= limit_bytes)
    if not len(reached):
        return None
    if not reached[0]:
        return 1.0

    def above_limit(units: float) -> float:
        """Return the bytes by which the curve is above the limit."""
        return float(curve(np.array([units]))[0] - limit_bytes)

    return float(brentq(above_limit, sizes[reached[0] - 1], sizes[reached[0]]))
