"""From the peaks at a few sizes to the laws that they allow.

Each law is peak = base + rise · f(units) / f(largest size), fitted by least squares. Peaks are all
but exact, so how far they lie from a law says how wrong the law is, not how noisy the peaks are:

* No fit counts as better than the rounding to pages, whose variance is a page squared / 12; else
  one that happens to be perfect would be infinitely likely.
* What a law leaves over is even, grows with the work or fades with it (`Noise`). Without the
  second, stairs would be projected as if they were dust; without the third, a cache that fills
  beside a leak would bend the leak.
* A level law can have a line beneath it that rounding hides, and a logarithm a table that did not
  double yet (`Fit.highest`). How much that may be is in their intervals.

Among the laws Akaike's criterion decides, with its correction for small samples (AICc: Hurvich and
Tsai 1989; Burnham and Anderson 2002, 2.4 and 4.5): eight sizes for three or four parameters are
where AIC alone takes too rich a law, and BIC counts on many sizes and on a true law among them.
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

# The richest law has four parameters (base, rise, hinge, spread), and AICc needs two sizes more.
MIN_SIZES = 6
# A set grows fourfold at a time: what has been level for no longer may be one of its steps.
LEVEL_RATIO = 4.4
HINGES = 48
# Of a law that is level nothing grows with the work.
OF_LEVEL = (Noise.EVEN, Noise.EARLY)


def fit(points: Sequence[Point]) -> Laws:
    """Fit every law, and weigh them.

    A law that shrinks, or is no better than the constant that it holds as a case of its own (no
    rise at all), says nothing of growth, and is left out.

    Args:
        points: of at least `MIN_SIZES` different sizes, the smallest first.
    """
    units = np.array([point.units for point in points], float)
    peaks = np.array([point.peak_bytes for point in points], float)
    level = [_fitted(Law.CONSTANT, noise, units, peaks) for noise in OF_LEVEL]
    growing = [_fitted(law, noise, units, peaks) for law in TERMS for noise in Noise]
    found = [*growing, *_bounded(units, peaks)]
    constant = min(f.aicc for f in level)
    allowed = [f for f in found if f.rise_bytes > 0 and f.aicc < constant]
    weighed = _weighed([*level, *allowed])
    return Laws(weighed, _hidden(weighed[0], units, peaks))


def _hinges(units: FloatArray) -> FloatArray:
    """Where a bounded law may have become level: after the first size, and long before the last;
    nowhere, where the sizes do not lie that far apart."""
    last = units[-1] / LEVEL_RATIO
    return np.geomspace(units[0], last, HINGES)[1:] if last > units[0] else np.array([])


def _bounded(units: FloatArray, peaks: FloatArray) -> list[Fit]:
    """The bounded law with the hinge that leaves least over; none where there is no room."""

    def left_over(hinge_units: float) -> float:
        growth = law_growth(Law.BOUNDED, units, units[-1], hinge_units)
        off = _off(_design(Law.BOUNDED, growth), peaks)
        return float(off @ off)

    hinges = _hinges(units)
    if not len(hinges):
        return []
    hinge = min(hinges, key=left_over)
    return [_fitted(Law.BOUNDED, noise, units, peaks, hinge) for noise in OF_LEVEL]


def _fitted(
    law: Law, noise: Noise, units: FloatArray, peaks: FloatArray, hinge_units: float | None = None
) -> Fit:
    """A law by weighted least squares, its spread by maximum likelihood; for the intervals that is
    widened by what fitting took from it."""
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
        aicc=_aicc(_surprise(design, peaks, _deviations(spread, shape)), len(peaks), free),
    )


def _design(law: Law, growth: FloatArray) -> FloatArray:
    """A column for the base, and one for what grows."""
    terms = 1 if law is Law.CONSTANT else 2
    return np.stack([np.ones_like(growth), growth], axis=1)[:, :terms]


def _deviations(spread_bytes: float, shape: FloatArray) -> FloatArray:
    deviations: FloatArray = np.sqrt((spread_bytes * shape) ** 2 + PAGE_VARIANCE)
    return deviations


def _solved(design: FloatArray, peaks: FloatArray, deviations: FloatArray) -> FloatArray:
    """The parameters, by weighted least squares."""
    rows = design / deviations[:, None]
    return np.asarray(np.linalg.lstsq(rows, peaks / deviations, rcond=None)[0], float)


def _covariance(design: FloatArray, deviations: FloatArray) -> FloatArray:
    rows = design / deviations[:, None]
    return np.asarray(np.linalg.pinv(rows.T @ rows), float)


def _surprise(design: FloatArray, peaks: FloatArray, deviations: FloatArray) -> float:
    """The negative log-likelihood, less a constant."""
    off = (peaks - design @ _solved(design, peaks, deviations)) / deviations
    return float(off @ off / 2 + np.log(deviations).sum())


def _off(design: FloatArray, peaks: FloatArray) -> FloatArray:
    """What a law leaves over where all sizes weigh the same."""
    off: FloatArray = peaks - design @ _solved(design, peaks, np.ones_like(peaks))
    return off


def _spread(design: FloatArray, peaks: FloatArray, shape: FloatArray) -> float:
    """The standard deviation of what is left over, rounding apart, by maximum likelihood."""
    if (shape == 1).all():
        off = _off(design, peaks)
        return math.sqrt(max(float(off @ off) / len(peaks) - PAGE_VARIANCE, 0.0))
    from scipy.optimize import minimize_scalar  # noqa: PLC0415  (0.3 s to import)

    def surprise(log_spread: float) -> float:
        return _surprise(design, peaks, _deviations(np.exp(log_spread), shape))

    bounds = (0.0, np.log(peaks.max() + PAGE_BYTES))
    found = minimize_scalar(surprise, bounds=bounds, method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))


def _aicc(surprise: float, sizes: int, freedom: int) -> float:
    """Akaike's criterion with its correction; of too few sizes nothing can be believed.

    The spread is a parameter, too, beside those that took the freedom.
    """
    parameters = sizes - freedom + 1
    free = sizes - parameters - 1
    correction = parameters * (parameters + 1) / free if free > 0 else math.inf
    return 2 * (surprise + parameters + correction)


def _weighed(fits: Sequence[Fit]) -> tuple[Fit, ...]:
    """The same with their Akaike weights, those of the likeliest law first.

    A law's noises share its chance, or one with three of them would have three chances.
    """
    least = min(f.aicc for f in fits)
    noises = {law: len(OF_LEVEL if law.is_level else Noise) for law in Law}
    beliefs = [math.exp((least - f.aicc) / 2) / noises[f.law] for f in fits]
    found = [replace(f, weight=b / sum(beliefs)) for f, b in zip(fits, beliefs, strict=True)]
    of_law = {law: sum(f.weight for f in found if f.law is law) for law in Law}
    return tuple(sorted(found, key=lambda f: (of_law[f.law], f.weight), reverse=True))


def _hidden(best: Fit, units: FloatArray, peaks: FloatArray) -> Fit | None:
    """The line through the part where a level law is level: its upper bound is the growth that
    the rounding, or what else is left over, could hide."""
    if not best.law.is_level:
        return None
    level = units >= (best.hinge_units or 0)
    return _fitted(Law.LINEAR, best.noise, units[level], peaks[level])
