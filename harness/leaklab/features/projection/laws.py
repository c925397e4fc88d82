"""How a peak grows with the work done: the laws that it may obey, and what they say of a size.

Each law is peak = base + rise · f(units) / f(largest size). `fitting` finds base and rise.
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
# A unit a nanosecond for thirty years.
MAX_UNITS = 1e18


class Law(StrEnum):
    """How the peak grows; `bounded` rises in a line, and is level from some size on."""

    CONSTANT = "constant"
    BOUNDED = "bounded"
    LOGARITHM = "logarithm"
    ROOT = "square root"
    LINEAR = "linear"
    LINEARITHMIC = "n·log n"
    QUADRATIC = "quadratic"

    @property
    def is_level(self) -> bool:
        """Whether it stops growing, so that a larger limit is never met."""
        return self in (Law.CONSTANT, Law.BOUNDED)


TERMS: dict[Law, Callable[[FloatArray], FloatArray]] = {
    Law.LOGARITHM: np.log,
    Law.ROOT: np.sqrt,
    Law.LINEAR: lambda n: n,
    Law.LINEARITHMIC: lambda n: n * np.log(n),
    Law.QUADRATIC: lambda n: n**2,
}


class Noise(StrEnum):
    """Where a law leaves most over: at all sizes alike; at the large ones, as tables that double
    and lists that over-allocate do; or at the small ones, where importing took more than the work,
    or a cache beside it was still filling."""

    EVEN = "even"
    GROWING = "growing"
    EARLY = "early"


@dataclass(frozen=True)
class Point:
    """One size, and the peak that was measured there."""

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
    """The units at which a limit is met, and the interval: from where the highest peak that is
    likely meets it, to where the lowest one does. None: not before `MAX_UNITS`."""

    limit_bytes: int
    units: float | None
    low_units: float | None
    high_units: float | None


@dataclass(frozen=True)
class Fit:
    """One law with its parameters.

    `rise_bytes` is the law's growing part at the largest size, and stands with a 95 % interval;
    `hinge_units` is where a bounded one became level; `spread_bytes` the standard deviation of what
    is left over where its noise is largest, rounding apart; `weight` the share of belief that the
    criterion gives it among the laws that were fitted to the same peaks.
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
        """The peak in bytes at each of these sizes."""
        return self.base_bytes + self.rise_bytes * self._growth(units)

    def margins(self, units: FloatArray) -> FloatArray:
        """By how many bytes a peak measured there would be off, in 95 of 100 cases at most."""
        growth = self._growth(units)
        rows = np.stack([np.ones_like(growth), growth], axis=1)[:, : len(self.covariance)]
        of_law = np.einsum("ij,jk,ik->i", rows, np.array(self.covariance), rows)
        left_over = self.spread_bytes * shape_of(self.noise, units, growth, self.smallest_units)
        deviations = np.sqrt(of_law + left_over**2 + PAGE_VARIANCE)
        margins: FloatArray = student(self.freedom) * deviations
        return margins

    def lowest(self, units: FloatArray) -> FloatArray:
        """The lower ends of the intervals."""
        return self.peaks(units) - self.margins(units)

    def highest(self, units: FloatArray) -> FloatArray:
        """The upper ends of the intervals.

        What grows as a logarithm has less than doubled over the sizes, so a table that doubles with
        it may not have had its turn; from the largest size on, it is taken to be all there is.
        """
        found = self.peaks(units) + self.margins(units)
        unseen = (self.law is Law.LOGARITHM) & (units > self.largest_units)
        highest: FloatArray = np.where(unseen, 2 * found, found)
        return highest

    def _growth(self, units: FloatArray) -> FloatArray:
        return law_growth(self.law, units, self.largest_units, self.hinge_units)


@dataclass(frozen=True)
class Laws:
    """The laws that the peaks allow, the likeliest first.

    Where the likeliest law is level, `undetected_slope` is the steepest line that the peaks would
    not show beneath it.
    """

    fits: tuple[Fit, ...]
    undetected_slope: Fit | None = None

    @property
    def best(self) -> Fit:
        """The likeliest law, with the noise under which it is likeliest."""
        return self.fits[0]

    @property
    def plausible(self) -> tuple[Fit, ...]:
        """The others that cannot be ruled out: with the best, the fewest that the criterion gives
        95 % of its belief."""
        others = sorted(self.fits[1:], key=lambda fit: fit.weight, reverse=True)
        before = np.cumsum([self.best.weight, *(fit.weight for fit in others)])
        return tuple(f for f, so_far in zip(others, before, strict=False) if so_far < CONFIDENCE)

    def weight_of(self, law: Law) -> float:
        """The share of belief that a law has, whatever it leaves over."""
        return sum(fit.weight for fit in self.fits if fit.law is law)

    def predict(self, units: int) -> Prediction:
        """The peak at a size, the interval as wide as the rivals make it."""
        place = np.array([float(units)])
        low, high = self._lowest(place)[0], self._highest(place)[0]
        return Prediction(units, float(self.best.peaks(place)[0]), float(low), float(high))

    def crossing(self, limit_bytes: int) -> Crossing:
        """Where a limit is met."""
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
        found = np.min([f.lowest(units) for f in fits], axis=0)
        lowest: FloatArray = np.maximum(found, 0)
        return lowest


def law_growth(
    law: Law, units: FloatArray, largest_units: float, hinge_units: float | None
) -> FloatArray:
    """A law's growing part, as a share of what it is at the largest size."""
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
    """How large what is left over is at each size, as a share of what it is at most."""
    if noise is Noise.GROWING:
        return growth
    fading: FloatArray = np.minimum(smallest_units / units, 1) ** 2
    return fading if noise is Noise.EARLY else np.ones_like(growth)


def _first(curve: Callable[[FloatArray], FloatArray], limit_bytes: float) -> float | None:
    """The least size at which a curve comes to the limit; None where it does not."""
    from scipy.optimize import brentq  # noqa: PLC0415  (0.3 s to import)

    places = np.geomspace(1, MAX_UNITS, 1000)
    over = np.flatnonzero(curve(places) >= limit_bytes)
    if not len(over):
        return None
    if not over[0]:
        return 1.0

    def above(units: float) -> float:
        return float(curve(np.array([units]))[0] - limit_bytes)

    return float(brentq(above, places[over[0] - 1], places[over[0]]))
