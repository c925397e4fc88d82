"""Generated series of known truth, on which the verdict is tested and its errors are counted.

A law takes the work done as a share of the run (0 … 1) and a random generator, and returns the
retained bytes. A run does four times the work that the verdict is declared to need. Garbage that
waits for the collector is added, and is removed at each collection: at the declared work, and at
each doubling. Parameters are drawn anew for every series, so that no rule can be fitted to them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaklab.model.units import PAGE_BYTES

# The units of a run, and those that the verdict is declared to need.
UNITS = 100_000
DECLARED = UNITS // 4

SeriesArray = NDArray[Any]
SeriesLaw = Callable[[SeriesArray, np.random.Generator], SeriesArray]


@dataclass(frozen=True)
class Shape:
    """A law, and whether it leaks.

    `garbage` is the law of the bytes that wait for the collector, over the work since the last
    collection.
    """

    law: SeriesLaw
    leaks: bool
    garbage: SeriesLaw | None = None


@dataclass(frozen=True)
class SyntheticSeries:
    """The units and bytes at each sample, and the units and retained bytes at each collection."""

    units: SeriesArray
    values: SeriesArray
    kept_units: tuple[int, ...]
    kept_bytes: tuple[int, ...]


def _amount(rng: np.random.Generator) -> float:
    """Draw the total that a run retains: 256 KiB … 64 MiB, with all octaves equally likely."""
    return float(2 ** rng.uniform(18, 26))


def _line(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    return _amount(rng) * x


def _uneven_line(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    pieces = rng.lognormal(sigma=0.8, size=x.size)
    pieces[0] = 0
    return np.asarray(_amount(rng) * np.cumsum(pieces) / pieces.sum())


def _line_after_warm_up(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    warm = rng.uniform(0.05, 0.2)
    return _amount(rng) * x + _amount(rng) * np.minimum(x / warm, 1)


def _line_under_a_saw(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    amount = _amount(rng)
    return amount * x + amount * rng.uniform(0.05, 0.2) * _teeth(x, rng)


def _drift(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    per_unit, units = rng.uniform(2, 16), 100_000
    return np.asarray(np.round(per_unit * units * x))


def _rare(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    often = rng.integers(16, 64)
    return np.asarray(102_400 * np.floor(x * often + rng.uniform()))


def _flat(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:  # noqa: ARG001  (a law's signature)
    return np.zeros_like(x)


def _plateau(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    return _amount(rng) * np.minimum(x / rng.uniform(0.02, 0.45), 1)


def _late_plateau(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    return _amount(rng) * np.minimum(x / rng.uniform(0.5, 0.98), 1)


def _saturation(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    return _amount(rng) * (1 - np.exp(-x / rng.uniform(0.02, 0.12)))


def _logarithm(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    start = 2.0 ** -rng.uniform(8, 14)
    return np.asarray(_amount(rng) * np.log1p(x / start) / np.log1p(1 / start))


def _teeth(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    return np.asarray((x * rng.uniform(24, 200) + rng.uniform()) % 1.0)


def _saw(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    return _amount(rng) * _teeth(x, rng)


def _step(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    return np.asarray(_amount(rng) * (x > rng.uniform(0.05, 0.95)))


def _churn(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    return _amount(rng) * rng.uniform(size=x.size)


def _page_noise(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    return PAGE_BYTES * rng.integers(-8, 9, size=x.size).astype(np.float64)


def _stairs(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    return np.asarray(_amount(rng) * np.floor(x * rng.integers(3, 13) + rng.uniform()))


def _line_in_churn(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    amount = _amount(rng)
    churn = float(2 ** rng.uniform(-1, 3)) * rng.uniform(size=x.size)
    return amount * (x + churn)


def _line_under_a_logarithm(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    line = _amount(rng) * x
    return np.asarray(line + rng.uniform(0.5, 4) * line.max() * np.log1p(2000 * x))


def _line_under_a_saturation(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    amount, often = _amount(rng), 4 * x  # in declared runs
    fills = 1 - np.exp(-often / rng.uniform(0.05, 0.25))
    return np.asarray(amount * (fills + rng.uniform(0.05, 0.5) * often))


def _fills_beyond(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    return _amount(rng) * np.minimum(4 * x / rng.uniform(1.2, 2.0), 1)


def _random_steps(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    often = rng.uniform(2, 6)
    steps = np.cumsum(rng.exponential(1 / (4 * often), size=200))
    return np.asarray(_amount(rng) * np.searchsorted(steps, x).astype(np.float64))


def _long_teeth(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    return np.asarray(_amount(rng) * ((x / rng.uniform(0.3, 3)) % 1.0))


def _small_line(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    return np.asarray(2.0**17 * rng.uniform(1, 4) * x)


def _big_saw(x: SeriesArray, rng: np.random.Generator) -> SeriesArray:
    return np.asarray(_amount(rng) * ((x * rng.uniform(4, 24) + rng.uniform()) % 1.0))


SHAPES = {
    "line": Shape(_line, leaks=True),
    "line of uneven pieces": Shape(_uneven_line, leaks=True),
    "line after a warm-up": Shape(_line_after_warm_up, leaks=True),
    "line under a saw-tooth": Shape(_line_under_a_saw, leaks=True),
    "drift, 2-16 B a unit": Shape(_drift, leaks=True),
    "rare, 16-64 times a run": Shape(_rare, leaks=True),
    "stairs, 3-12 a run": Shape(_stairs, leaks=True),
    "line in churn": Shape(_line_in_churn, leaks=True),
    "line under a logarithm": Shape(_line_under_a_logarithm, leaks=True),
    "line under a saturation": Shape(_line_under_a_saturation, leaks=True),
    "line beneath garbage": Shape(_small_line, leaks=True, garbage=_long_teeth),
    "steps at random": Shape(_random_steps, leaks=True),
    "flat": Shape(_flat, leaks=False),
    "plateau": Shape(_plateau, leaks=False),
    "plateau, late": Shape(_late_plateau, leaks=False),
    "fills beyond the declared work": Shape(_fills_beyond, leaks=False),
    "garbage in long teeth": Shape(_flat, leaks=False, garbage=_long_teeth),
    "garbage over a plateau": Shape(_plateau, leaks=False, garbage=_long_teeth),
    "saturation": Shape(_saturation, leaks=False),
    "logarithm": Shape(_logarithm, leaks=False),
    "saw-tooth": Shape(_saw, leaks=False),
    "saw-tooth, 4-24 teeth": Shape(_big_saw, leaks=False),
    "one big step": Shape(_step, leaks=False),
    "churn": Shape(_churn, leaks=False),
    "page-sized noise": Shape(_page_noise, leaks=False),
}


def generate(
    shape: Shape, samples: int, rng: np.random.Generator, *, page_rounded: bool
) -> SyntheticSeries:
    """Generate one series of `samples` rows over `UNITS` units.

    A page-rounded series is read like RSS: in whole pages, with up to a page of noise.
    """
    x = (np.arange(samples) + rng.uniform(size=samples)) / samples
    x[-1] = 1.0
    collections = np.array([DECLARED, 2 * DECLARED, UNITS]) / UNITS
    every = np.sort(np.concatenate([x, collections]))
    y = shape.law(every, rng)
    kept = y[np.searchsorted(every, collections)]
    y = y[np.searchsorted(every, x)]
    if shape.garbage:
        last = np.concatenate([[0.0], collections])[np.searchsorted(collections, x)]
        y = y + shape.garbage(x - last, rng)
    if page_rounded:
        y = PAGE_BYTES * np.ceil((y + rng.uniform(0, PAGE_BYTES, size=y.size)) / PAGE_BYTES)
    stops = tuple(round(share * UNITS) for share in collections)
    return SyntheticSeries(x * UNITS, y, stops, tuple(round(v) for v in kept))
