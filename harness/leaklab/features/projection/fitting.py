"""Fitting: from the peaks at a few sizes to the laws that are consistent with them.

Each law is peak = base + rise · f(units) / f(largest size), fitted by least squares. Peaks are
almost exact, so the residuals show how wrong a law is, not how noisy the peaks are:

* No fit counts as better than the rounding to pages, which has a variance of a page squared / 12.
  Otherwise a fit that happens to be perfect would be infinitely likely.
* The residuals of a law are even, grow with the work or fade with it (`Noise`). Without the second
  type, the steps of doubling tables would be projected as small noise. Without the third, a cache
  that fills beside a leak would bend the law of the leak.
* Peaks that fit a level law may contain a line that rounding hides, and peaks that fit a logarithm
  a table that has not doubled yet (`Fit.highest`). The intervals include the largest such growth.

Akaike's criterion with its correction for small samples decides among the laws (AICc: Hurvich and
Tsai 1989; Burnham and Anderson 2002, 2.4 and 4.5). With eight sizes for three or four parameters,
AIC alone prefers laws with too many parameters, and BIC assumes many sizes and a true law among
the candidates.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from leaklab.features.projection.laws import (
    PAGE_VARIANCE,
    TERMS,
    Fit,
    FloatArray,
    Law,
    Laws,
    Noise,
    Point,
    law_growth,
    shape_of,
)
from leaklab.model.units import PAGE_BYTES
from leaklab.verdict.intervals import student

# The largest law has four parameters (base, rise, hinge, spread), and AICc needs two more sizes.
MIN_SIZES = 6
# The table of a set grows to four times its size at once and stays level in between. A level part
# must span a larger ratio of sizes than that to count as a plateau.
LEVEL_RATIO = 4.4
HINGES = 48
# The residuals of a level law cannot grow with the work.
OF_LEVEL = (Noise.EVEN, Noise.EARLY)


def fit(points: Sequence[Point]) -> Laws:
    """Fit every law, and weight the fits by their likelihood.

    A law that shrinks is left out. So is a law that is no better than the constant one, which it
    contains as the case without a rise.

    Args:
        points: The peaks at `MIN_SIZES` or more different sizes, the smallest first.
    """
    units = np.array([point.units for point in points], float)
    peaks = np.array([point.peak_bytes for point in points], float)
    level = [_fitted(Law.CONSTANT, noise, units, peaks) for noise in OF_LEVEL]
    growing = [_fitted(law, noise, units, peaks) for law in TERMS for noise in Noise]
    candidates = [*growing, *_bounded(units, peaks)]
    constant = min(f.aicc for f in level)
    better = [f for f in candidates if f.rise_bytes > 0 and f.aicc < constant]
    weighted = _weighted([*level, *better])
    return Laws(weighted, _undetected_slope(weighted[0], units, peaks))


def _hinges(units: FloatArray) -> FloatArray:
    """Return the units at which a bounded law may have become level.

    They are after the first size and well before the last; empty if the sizes are too close.
    """
    last = units[-1] / LEVEL_RATIO
    return np.geomspace(units[0], last, HINGES)[1:] if last > units[0] else np.array([])


def _bounded(units: FloatArray, peaks: FloatArray) -> list[Fit]:
    """Fit the bounded law with the hinge that has the least residuals; empty without hinges."""

    def squared_residuals(hinge_units: float) -> float:
        """Return the sum of the squared residuals, in bytes squared."""
        growth = law_growth(Law.BOUNDED, units, units[-1], hinge_units)
        residuals = _residuals(_design(Law.BOUNDED, growth), peaks)
        return float(residuals @ residuals)

    hinges = _hinges(units)
    if not len(hinges):
        return []
    hinge = min(hinges, key=squared_residuals)
    return [_fitted(Law.BOUNDED, noise, units, peaks, hinge) for noise in OF_LEVEL]


def _fitted(
    law: Law, noise: Noise, units: FloatArray, peaks: FloatArray, hinge_units: float | None = None
) -> Fit:
    """Fit a law by weighted least squares, and its spread by maximum likelihood.

    For the intervals, the spread is widened by the degrees of freedom that the fit took.
    """
    growth = law_growth(law, units, units[-1], hinge_units)
    design, shape = _design(law, growth), shape_of(noise, units, growth, units[0])
    terms = design.shape[1]
    free = len(peaks) - terms - (hinge_units is not None)
    spread = _spread(design, peaks, shape)
    widened = spread * (len(peaks) / free) ** 0.5
    values = _solved(design, peaks, _deviations(spread, shape))
    covariance = _covariance(design, _deviations(widened, shape))
    rise = float(values[1]) if terms == 2 else 0.0
    margin = student(free) * float(covariance[1, 1]) ** 0.5 if terms == 2 else 0.0
    return Fit(
        law=law,
        noise=noise,
        base_bytes=float(values[0]),
        rise_bytes=rise,
        rise_low_bytes=rise - margin,
        rise_high_bytes=rise + margin,
        hinge_units=None if hinge_units is None else float(hinge_units),
        smallest_units=int(units[0]),
        largest_units=int(units[-1]),
        spread_bytes=widened,
        covariance=tuple(map(tuple, covariance.tolist())),
        freedom=free,
        aicc=_aicc(_loss(design, peaks, _deviations(spread, shape)), len(peaks), free),
    )


def _design(law: Law, growth: FloatArray) -> FloatArray:
    """Return the design matrix: a column for the base, and one for the growing part."""
    terms = 1 if law is Law.CONSTANT else 2
    return np.stack([np.ones_like(growth), growth], axis=1)[:, :terms]


def _deviations(spread_bytes: float, shape: FloatArray) -> FloatArray:
    deviations: FloatArray = np.sqrt((spread_bytes * shape) ** 2 + PAGE_VARIANCE)
    return deviations


def _solved(design: FloatArray, peaks: FloatArray, deviations: FloatArray) -> FloatArray:
    """Return the parameters of a weighted least-squares fit."""
    rows = design / deviations[:, None]
    return np.asarray(np.linalg.lstsq(rows, peaks / deviations, rcond=None)[0], float)


def _covariance(design: FloatArray, deviations: FloatArray) -> FloatArray:
    rows = design / deviations[:, None]
    return np.asarray(np.linalg.pinv(rows.T @ rows), float)


def _loss(design: FloatArray, peaks: FloatArray, deviations: FloatArray) -> float:
    """Return the negative log-likelihood, less a constant."""
    residuals = (peaks - design @ _solved(design, peaks, deviations)) / deviations
    return float(residuals @ residuals / 2 + np.log(deviations).sum())


def _residuals(design: FloatArray, peaks: FloatArray) -> FloatArray:
    """Return the residuals of a fit in which all sizes have the same weight."""
    residuals: FloatArray = peaks - design @ _solved(design, peaks, np.ones_like(peaks))
    return residuals


def _spread(design: FloatArray, peaks: FloatArray, shape: FloatArray) -> float:
    """Return the standard deviation of the residuals without rounding, by maximum likelihood."""
    if (shape == 1).all():
        residuals = _residuals(design, peaks)
        return math.sqrt(max(float(residuals @ residuals) / len(peaks) - PAGE_VARIANCE, 0.0))
    from scipy.optimize import minimize_scalar  # noqa: PLC0415  (0.3 s to import)

    def cost(log_spread: float) -> float:
        """Return the loss of a standard deviation that is given by its logarithm."""
        return _loss(design, peaks, _deviations(np.exp(log_spread), shape))

    bounds = (0.0, np.log(peaks.max() + PAGE_BYTES))
    minimum = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-3})
    return float(np.exp(minimum.x))


def _aicc(loss: float, sizes: int, freedom: int) -> float:
    """Return Akaike's criterion with its correction; infinite for too few sizes.

    The spread counts as a parameter beside those that took degrees of freedom.
    """
    parameters = sizes - freedom + 1
    free = sizes - parameters - 1
    correction = parameters * (parameters + 1) / free if free > 0 else math.inf
    return 2 * (loss + parameters + correction)


def _weighted(fits: Sequence[Fit]) -> tuple[Fit, ...]:
    """Return the fits with their Akaike weights, those of the likeliest law first.

    The types of noise of a law share its prior probability, otherwise a law with more of them
    would be favoured.
    """
    lowest = min(f.aicc for f in fits)
    noises = {law: len(OF_LEVEL if law.is_level else Noise) for law in Law}
    likelihoods = [math.exp((lowest - f.aicc) / 2) / noises[f.law] for f in fits]
    total = sum(likelihoods)
    weighted = [replace(f, weight=p / total) for f, p in zip(fits, likelihoods, strict=True)]
    of_law = {law: sum(f.weight for f in weighted if f.law is law) for law in Law}
    return tuple(sorted(weighted, key=lambda f: (of_law[f.law], f.weight), reverse=True))


def _undetected_slope(best: Fit, units: FloatArray, peaks: FloatArray) -> Fit | None:
    """Fit a line to the level part of a level law; None for another law.

    The upper bound of the line is the growth that rounding and other residuals could hide.
    """
    if not best.law.is_level:
        return None
    level = units >= (best.hinge_units or 0)
    return _fitted(Law.LINEAR, best.noise, units[level], peaks[level])
