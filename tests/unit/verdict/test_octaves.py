import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaklab.verdict.octaves import (
    BLOCKS,
    CRITICAL_S,
    Float64Array,
    Octave,
    growth_per_unit,
    joined,
    octaves,
    steady_part,
)


def octave(*minima: float) -> Octave:
    return Octave(np.arange(1.0, len(minima) + 1), np.array(minima, dtype=float))


def chance_of_s_at_least(s: int, n: int) -> float:
    """Exact: the share of all orders of n blocks with a Kendall S of at least s."""
    inversions = [1]
    for k in range(1, n + 1):
        spread = [0] * (len(inversions) + k - 1)
        for i, ways in enumerate(inversions):
            for j in range(k):
                spread[i + j] += ways
        inversions = spread
    pairs = n * (n - 1) // 2
    return sum(w for i, w in enumerate(inversions) if pairs - 2 * i >= s) / math.factorial(n)


@pytest.mark.parametrize("chance", sorted(CRITICAL_S))
@pytest.mark.parametrize("n", [5, 6, 7, 8])
def test_the_critical_s_is_the_smallest_that_chance_reaches_that_rarely(
    chance: float, n: int
) -> None:
    critical = CRITICAL_S[chance][n]
    assert chance_of_s_at_least(critical, n) <= chance < chance_of_s_at_least(critical - 2, n)


def test_four_blocks_cannot_reach_one_per_cent() -> None:
    assert chance_of_s_at_least(6, 4) > 0.01


def test_kendall_s_follows_its_definition() -> None:
    minima = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]
    pairs = itertools.combinations(minima, 2)
    assert sum((b > a) - (b < a) for a, b in pairs) == octave(*minima).kendall_s


def test_an_octave_is_a_doubling_of_the_work_cut_into_eight_blocks() -> None:
    first, second, last = octaves(range(1, 161), range(1, 161))
    assert [21, 41, 81] == [first.minima[0], second.minima[0], last.minima[0]]
    assert [BLOCKS] * 3 == [o.minima.size for o in (first, second, last)]
    assert list(last.minima) == [81, 91, 101, 111, 121, 131, 141, 151]


def test_a_short_octave_has_a_block_for_every_sample() -> None:
    _, second, last = octaves(range(1, 21), range(1, 21))
    assert [5, 8] == [second.minima.size, last.minima.size]


def test_a_block_is_represented_by_its_minimum() -> None:
    saw = [unit % 10 for unit in range(1, 161)]
    assert list(octaves(range(1, 161), saw)[2].minima) == [0] * 8


def test_an_empty_series_has_empty_octaves() -> None:
    assert [0, 0, 0] == [o.minima.size for o in octaves([], [])]
    assert octaves([], [])[2].rate == 0.0


def test_the_final_pace_is_one_for_a_line_and_zero_for_a_stop() -> None:
    assert octave(1, 2, 3, 4, 5, 6, 7, 8).end_share == pytest.approx(1)
    assert octave(1, 2, 3, 4, 5, 6, 7, 7).end_share == 0


def test_the_swing_of_a_block_is_the_range_above_its_minimum() -> None:
    assert octaves(range(1, 161), [7 * (unit % 10) for unit in range(1, 161)])[2].swing == 63


def coverage(values_of: Callable[[np.random.Generator], Float64Array], truth: float) -> float:
    """Return the share of 300 generated series with the true growth per unit in the interval."""
    units = np.arange(1.0, 257)
    held = 0
    for seed in range(300):
        _, before, last = octaves(list(units), list(values_of(np.random.default_rng(seed))))
        slope = growth_per_unit(*joined(before, last))
        held += slope.low <= truth <= slope.high
    return held / 300


def test_the_interval_covers_the_truth_if_points_scatter_around_a_line() -> None:
    def scattered(rng: np.random.Generator) -> Float64Array:
        return 100.0 * np.arange(256) + rng.normal(scale=500, size=256)

    assert coverage(scattered, 100) >= 0.93


def test_the_interval_covers_the_truth_if_the_growth_varies_by_unit() -> None:
    def uneven(rng: np.random.Generator) -> Float64Array:
        return np.asarray(np.cumsum(100.0 * rng.lognormal(sigma=0.8, size=256)))

    assert coverage(uneven, 100 * float(np.exp(0.8**2 / 2))) >= 0.93


def test_a_line_under_a_logarithm_is_measured() -> None:
    units = np.arange(32.0, 257, 8)
    steady = steady_part(units, 5000 * np.log(units) + 7 * units)
    assert (steady.low, steady.estimate, steady.high) == pytest.approx((7, 7, 7))


@given(
    st.lists(st.integers(0, 2**40), min_size=8, max_size=200),
    st.integers(-(2**40), 2**40),
    st.integers(1, 1000),
)
def test_a_constant_added_or_a_scale_changes_no_order(
    values: list[int], constant: int, scale: int
) -> None:
    units = range(1, len(values) + 1)
    before = octaves(units, values)
    after = octaves(units, [v * scale + constant for v in values])
    assert [o.kendall_s for o in before] == [o.kendall_s for o in after]
