"""The laws of growth on generated peaks, rounded to pages and with the steps of a dict."""

import functools
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaklab.features.projection.fitting import fit
from leaklab.features.projection.laws import Law, Point
from leaklab.features.projection.project import Sizes, sizes_of
from leaklab.model.units import PAGE_BYTES

SIZES = sizes_of(2000, Sizes(8))
FAR = 200_000
MIB = 1 << 20
GIB = 1 << 30

GROWTH: dict[Law, Callable[[float], float]] = {
    Law.LOGARITHM: math.log,
    Law.ROOT: math.sqrt,
    Law.LINEAR: lambda n: n,
    Law.LINEARITHMIC: lambda n: n * math.log(n),
    Law.QUADRATIC: lambda n: n**2,
}
growth_laws = st.sampled_from(list(GROWTH))
bases = st.integers(0, 64 * MIB)
# At the largest size: a rise of a few pages cannot be distinguished from rounding.
rises = st.integers(MIB, 512 * MIB)


def in_pages(amount: float) -> int:
    return math.ceil(amount / PAGE_BYTES) * PAGE_BYTES


def points(peak: Callable[[int], float]) -> list[Point]:
    """Return the peaks of a program at the command's sizes, in pages."""
    return [Point(units, in_pages(peak(units))) for units in sorted(SIZES)]


def obeying(law: Law, base: float, rise: float) -> Callable[[float], float]:
    growth = GROWTH[law]
    return lambda units: base + rise * growth(units) / growth(SIZES[0])


def dict_table(entries: float) -> float:
    """Return a dict's bytes: its table doubles when two thirds are full, at 104 bytes an entry."""
    return 104 * math.pow(2, math.ceil(math.log2(entries * 1.5)))


def list_table(entries: float) -> float:
    """Return a list's bytes: it grows by an eighth."""
    return 8 * math.pow(1.125, math.ceil(math.log(entries, 1.125)))


def held(table: Callable[[float], float], entries_per_unit: float, units: float) -> float:
    return MIB + table(entries_per_unit * units)


def leak_beside_a_cache(units: float) -> float:
    return MIB + 800 * units + 3000 * min(units, 600)


def leak_below_an_import(units: float) -> float:
    return max(MIB + 800 * units, 2 * MIB)


@given(law=growth_laws, base=bases, rise=rises)
@settings(max_examples=8, deadline=None)
def test_a_law_is_recovered_from_peaks_in_pages(law: Law, base: int, rise: int) -> None:
    truth = obeying(law, base, rise)
    laws = fit(points(truth))
    assert law is laws.best.law
    prediction = laws.predict(FAR)
    # Of twenty intervals one may miss: this one is three times as wide.
    margin = prediction.high_bytes - prediction.low_bytes
    assert prediction.low_bytes - margin <= truth(FAR) <= prediction.high_bytes + margin


@given(law=growth_laws, rise=rises, factor=st.sampled_from([2, 16, 256]))
@settings(max_examples=5, deadline=None)
def test_scaled_peaks_give_a_projection_scaled_alike(law: Law, rise: int, factor: int) -> None:
    small = points(obeying(law, MIB, rise))
    large = [replace(point, peak_bytes=factor * point.peak_bytes) for point in small]
    expected, result = fit(small).predict(FAR), fit(large).predict(FAR)
    assert result.peak_bytes == pytest.approx(factor * expected.peak_bytes, rel=0.01)


@given(law=growth_laws, rise=rises, pages=st.integers(1, 1 << 16))
@settings(max_examples=5, deadline=None)
def test_memory_that_exists_at_every_size_is_added_to_the_projection(
    law: Law, rise: int, pages: int
) -> None:
    low = points(obeying(law, MIB, rise))
    high = [replace(point, peak_bytes=point.peak_bytes + pages * PAGE_BYTES) for point in low]
    expected, result = fit(low).predict(FAR), fit(high).predict(FAR)
    more = pages * PAGE_BYTES
    assert (
        result.peak_bytes - expected.peak_bytes,
        result.low_bytes - expected.low_bytes,
        result.high_bytes - expected.high_bytes,
    ) == pytest.approx(
        # The table of a logarithm may double beyond the largest size: allow twice as much.
        (more, more, 2 * more if law is Law.LOGARITHM else more),
        rel=1e-3,
        abs=max(PAGE_BYTES, 1e-6 * expected.peak_bytes),
    )


@given(peak=st.integers(0, 2**40))
@settings(max_examples=5, deadline=None)
def test_a_constant_peak_has_an_interval_that_includes_growth_hidden_by_pages(
    peak: int,
) -> None:
    laws = fit(points(lambda _: peak))
    prediction = laws.predict(FAR)
    assert {Law.CONSTANT} == {f.law for f in laws.fits}
    assert prediction.peak_bytes == pytest.approx(in_pages(peak))
    hidden_at_largest = (prediction.high_bytes - in_pages(peak)) * SIZES[0] / FAR
    assert PAGE_BYTES / 12**0.5 < hidden_at_largest < 4 * PAGE_BYTES


@given(seed=st.lists(st.integers(0, 3), min_size=len(SIZES), max_size=len(SIZES)))
@settings(max_examples=8, deadline=None)
def test_a_noise_of_pages_stays_small_at_a_hundred_times_the_size(
    seed: list[int],
) -> None:
    moved = [Point(n, MIB + pages * PAGE_BYTES) for n, pages in zip(SIZES, seed, strict=True)]
    laws = fit(sorted(moved, key=lambda point: point.units))
    assert laws.predict(SIZES[0]).low_bytes <= MIB + 4 * PAGE_BYTES
    assert all(f.rise_bytes >= 0 for f in laws.fits)


@pytest.mark.parametrize("full_at", [300, 700, 1800])
def test_a_cache_that_was_full_long_before_the_largest_size_is_bounded(full_at: int) -> None:
    laws = fit(points(lambda n: MIB + 4096 * min(n, full_at)))
    assert Law.BOUNDED is laws.best.law
    assert laws.predict(FAR).peak_bytes == pytest.approx(MIB + 4096 * full_at, rel=0.02)
    assert laws.crossing(8 * GIB).units is None


def test_two_level_sizes_are_not_enough_for_a_bound() -> None:
    laws = fit(points(lambda n: MIB + 4096 * min(n, 4500)))
    assert Law.BOUNDED is not laws.best.law
    assert laws.predict(FAR).high_bytes > 4096 * FAR / 8


@pytest.mark.parametrize("table", [dict_table, list_table])
def test_stairs_are_recognised_at_every_position_of_the_sizes(
    table: Callable[[float], float],
) -> None:
    """The interval contains the truth, and its width stays that of the stairs."""
    inside, widest = 0, 0.0
    for phase in range(20):
        entries = 2 ** (3 + phase / 20)
        laws = fit(points(functools.partial(held, table, entries))).predict(FAR)
        inside += laws.low_bytes <= held(table, entries, FAR) <= laws.high_bytes
        widest = max(widest, laws.high_bytes / table(FAR * entries))
    assert inside >= 18
    assert widest < 8


def test_a_table_that_doubles_beyond_the_largest_size_is_in_the_interval_of_a_logarithm() -> None:
    def vocabulary(units: float) -> float:
        text = 1170 * math.log(units)
        return MIB + 60 * text + dict_table(text)

    laws = fit(points(vocabulary))
    prediction = laws.predict(4 * SIZES[0])
    assert Law.LOGARITHM is laws.best.law
    assert prediction.low_bytes <= vocabulary(4 * SIZES[0]) <= prediction.high_bytes
    assert prediction.high_bytes < 2.5 * prediction.peak_bytes


@pytest.mark.parametrize("peak", [leak_beside_a_cache, leak_below_an_import])
def test_growth_at_small_sizes_alone_does_not_bend_the_line(
    peak: Callable[[float], float],
) -> None:
    laws = fit(points(peak))
    assert Law.LINEAR is laws.best.law
    assert laws.predict(FAR).peak_bytes == pytest.approx(peak(FAR), rel=0.01)


def test_a_limit_is_reached_where_the_law_reaches_it() -> None:
    laws = fit(points(lambda n: MIB + 8192 * n))
    met = laws.crossing(8 * GIB)
    assert met.units == pytest.approx((8 * GIB - MIB) / 8192, rel=1e-3)
    ordered = [met.low_units or math.inf, met.units or math.inf, met.high_units or 0.0]
    assert sorted(ordered) == ordered
    assert laws.predict(round(ordered[1])).peak_bytes == pytest.approx(8 * GIB, rel=1e-6)


def test_a_logarithm_practically_never_reaches_a_limit() -> None:
    laws = fit(points(obeying(Law.LOGARITHM, MIB, 2 * MIB)))
    met = laws.crossing(8 * GIB)
    assert (None, None, None) == (met.units, met.low_units, met.high_units)


def test_a_limit_below_the_start_is_reached_at_the_first_unit() -> None:
    assert 1.0 == fit(points(lambda _: 8 * MIB)).crossing(4 * MIB).units


def test_the_weights_of_all_laws_together_are_one() -> None:
    laws = fit(points(dict_table))
    assert sum(laws.weight_of(law) for law in Law) == pytest.approx(1)
    assert laws.weight_of(laws.best.law) == max(laws.weight_of(law) for law in Law)
    assert laws.plausible != ()


def test_laws_that_cannot_be_ruled_out_make_the_interval_wider() -> None:
    laws = fit(points(dict_table))
    alone = replace(laws, fits=(replace(laws.best, weight=1.0),))
    both, one = laws.predict(FAR), alone.predict(FAR)
    assert both.peak_bytes == one.peak_bytes
    assert both.low_bytes < one.low_bytes or both.high_bytes > one.high_bytes
