"""Properties of the verdict for any numbers, on every shape of `synthetic.py`.

Signals are counted in 64 bits at most, so numbers here have at most 64 bits.
"""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaklab.features.quality.synthetic import SHAPES, SeriesArray, generate
from leaklab.model.measurement import EndReason, ProcessRecord, Role
from leaklab.model.scenario import Growth, Resource
from leaklab.model.signals import READ, Samples, Signal
from leaklab.model.units import PAGE_BYTES as PAGE
from leaklab.model.verdicts import Conclusion, Verdict
from leaklab.verdict.growth import judge_series
from leaklab.verdict.length import RunLength
from leaklab.verdict.octaves import growth_per_unit, joined, octaves
from leaklab.verdict.over_time import judge_over_time
from leaklab.verdict.process import judge_process, judge_tree
from leaklab.verdict.wording import reason_text

NOISE_FLOOR = 256.0

# The same examples on every machine, at any load.
FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=30)

seeds = st.integers(0, 2**32 - 1)
lengths = st.integers(20, 300)
amounts = st.floats(8, 40).map(lambda power: 2.0**power)
values_of_64_bits = st.integers(-(2**63), 2**63 - 1)


@dataclass(frozen=True)
class Series:
    """A generated series: the name of its shape, the work at each sample, and the readings."""

    shape: str
    units: SeriesArray
    values: SeriesArray


@st.composite
def all_series(draw: st.DrawFn) -> Series:
    shape = draw(st.sampled_from(sorted(SHAPES)))
    rng = np.random.default_rng(draw(seeds))
    pages = draw(st.booleans())
    series = generate(SHAPES[shape], draw(lengths), rng, page_rounded=pages)
    units, values = series.units, series.values
    return Series(shape, units, np.round(values))


def judged(
    units: SeriesArray, values: SeriesArray, noise_floor: float = NOISE_FLOOR
) -> tuple[Conclusion, object]:
    finding = judge_series(units.tolist(), values.tolist(), noise_floor)
    return finding.conclusion, finding.growth


def rate(units: SeriesArray, values: SeriesArray) -> float:
    _, before, last = octaves(units.tolist(), values.tolist())
    return growth_per_unit(*joined(before, last)).estimate


@given(series=all_series(), constant=st.integers(0, 2**40))
@settings(FIXED)
def test_a_constant_added_changes_nothing(series: Series, constant: int) -> None:
    raised = series.values + constant
    assert judged(series.units, series.values) == judged(series.units, raised)
    assert rate(series.units, series.values) == rate(series.units, raised)


@given(series=all_series(), scale=st.floats(1e-3, 1e6))
@settings(FIXED)
def test_smaller_units_scale_the_rate_and_keep_the_verdict(series: Series, scale: float) -> None:
    scaled = series.units * scale
    assert judged(series.units, series.values) == judged(scaled, series.values)
    expected = rate(series.units, series.values) / scale
    assert expected == pytest.approx(rate(scaled, series.values), rel=1e-6, abs=1e-9)


@given(series=all_series(), scale=st.integers(2, 1000))
@settings(FIXED)
def test_scaling_values_and_noise_floor_together_keeps_the_verdict(
    series: Series, scale: int
) -> None:
    larger = judged(series.units, series.values * scale, NOISE_FLOOR * scale)
    assert judged(series.units, series.values) == larger


@given(series=all_series(), scale=st.integers(2, 1000))
@settings(FIXED)
def test_a_leak_that_is_larger_is_a_leak(series: Series, scale: int) -> None:
    conclusion, _ = judged(series.units, series.values)
    larger, _ = judged(series.units, series.values * scale)
    assert larger or conclusion is not Conclusion.LEAK


@given(
    samples=lengths,
    amount=amounts,
    full_at=st.floats(0.001, 0.5),
    filling=st.sampled_from(["evenly", "fast at first", "by steps"]),
    pages=st.integers(0, 8),
    seed=seeds,
)
@settings(FIXED, max_examples=60)
def test_growth_that_ends_before_half_of_the_work_is_never_a_leak(
    samples: int, amount: float, full_at: float, filling: str, pages: int, seed: int
) -> None:
    units = np.arange(1.0, samples + 1)
    filled = np.minimum(units / (full_at * samples), 1)
    law = {"evenly": filled, "fast at first": filled**0.5, "by steps": np.floor(filled * 7) / 7}
    noise = np.random.default_rng(seed).uniform(0, pages * PAGE, size=samples)
    conclusion, _ = judged(units, PAGE * np.ceil((amount * law[filling] + noise) / PAGE))
    assert conclusion is not Conclusion.LEAK


@given(
    samples=lengths,
    pace=st.integers(256, 2**24),
    noise=st.floats(0, 4),
    constant=st.integers(0, 2**40),
    seed=seeds,
)
@settings(FIXED, max_examples=60)
def test_a_steady_line_above_noise_floor_and_noise_is_never_clean(
    samples: int, pace: int, noise: float, constant: int, seed: int
) -> None:
    units = np.arange(1.0, samples + 1)
    jitter = np.random.default_rng(seed).uniform(0, noise * pace, size=samples)
    conclusion, _ = judged(units, np.round(constant + pace * units + jitter))
    assert conclusion is not Conclusion.CLEAN


@given(samples=lengths, pace=st.integers(1, 2**24), noise=st.floats(0, 4), seed=seeds)
@settings(FIXED)
def test_a_falling_series_is_never_a_leak(samples: int, pace: int, noise: float, seed: int) -> None:
    units = np.arange(1.0, samples + 1)
    jitter = np.random.default_rng(seed).uniform(0, noise * pace, size=samples)
    conclusion, _ = judged(units, np.round(pace * (samples - units) + jitter))
    assert conclusion is not Conclusion.LEAK


def test_shuffled_numbers_are_a_leak_no_more_often_than_chance_allows() -> None:
    # 1 % an octave, two octaves in a row: 5 in 100,000, so that two of 200 are one in 20,000.
    units, values = np.arange(1.0, 201), 4096.0 * np.arange(200)
    orders = [np.random.default_rng(seed).permutation(values) for seed in range(200)]
    assert sum(judged(units, order)[0] is Conclusion.LEAK for order in orders) <= 1


@given(
    values=st.lists(values_of_64_bits, max_size=100)
    | st.lists(st.sampled_from([0, 1, 2**63 - 1]), max_size=100)
    | st.builds(lambda value, times: [value] * times, values_of_64_bits, st.integers(0, 100)),
    noise_floor=st.sampled_from([8.0, 256.0, 2.0**20]),
)
@settings(FIXED, max_examples=60)
def test_any_series_gets_a_verdict_and_a_finite_text(values: list[int], noise_floor: float) -> None:
    finding = judge_series(range(1, len(values) + 1), values, noise_floor)
    undecided = finding.conclusion is Conclusion.UNDECIDED
    assert (finding.growth is None) == undecided
    leaks = finding.conclusion is Conclusion.LEAK
    assert (finding.growth is Growth.UNBOUNDED) == leaks
    assert not {"nan", "inf", "-inf"} & set(reason_text(finding.reason).split())


@given(
    values=st.lists(st.none() | st.integers(0, 2**63 - 1), min_size=1, max_size=80),
    signal=st.sampled_from(READ),
    resource=st.sampled_from(Resource),
)
@settings(FIXED, max_examples=60)
def test_any_process_gets_finite_amounts_within_their_intervals(
    values: list[int | None], signal: Signal, resource: Resource
) -> None:
    units = list(range(1, len(values) + 1))
    columns: dict[str, list[int | None]] = {signal.value: values}
    process = ProcessRecord(
        pid=1,
        role=Role.PARENT,
        baseline_rss_bytes=0,
        peak_rss_bytes=0,
        samples=Samples(units=units, **columns),
    )
    assert_sound(
        judge_process(process, resource, RunLength(EndReason.COMPLETED, len(values), len(values)))
    )


@given(
    values=st.lists(st.integers(0, 2**63 - 1), min_size=2, max_size=80),
    signal=st.sampled_from(Signal),
    resource=st.sampled_from(Resource),
)
@settings(FIXED, max_examples=60)
def test_any_tree_gets_finite_amounts_within_their_intervals(
    values: list[int], signal: Signal, resource: Resource
) -> None:
    rows = {signal: (range(1, len(values) + 1), values)}
    assert_sound(
        judge_tree(rows, resource, RunLength(EndReason.COMPLETED, len(values), len(values)))
    )
    assert_sound(judge_over_time(rows, resource))


@given(
    rate=st.floats(1.0, 50_000.0),
    swing=st.integers(0, 1 << 21),
    drawn=st.lists(st.floats(0.0, 1.0), min_size=40, max_size=120),
)
@settings(FIXED, max_examples=60)
def test_no_watch_is_clean_beside_an_interval_above_zero(
    rate: float, swing: int, drawn: list[float]
) -> None:
    seconds = range(1, len(drawn) + 1)
    held = [rate * s + swing * share for s, share in zip(seconds, drawn, strict=True)]
    verdict = judge_over_time({Signal.PSS_ANON: (seconds, held)}, Resource.MEMORY)
    for estimate in verdict.estimates:
        assert estimate.low <= 0 or estimate.conclusion is not Conclusion.CLEAN


def assert_sound(verdict: Verdict) -> None:
    assert verdict.reasons
    for estimate in verdict.estimates:
        assert estimate.low <= estimate.per_unit <= estimate.high
        assert all(map(math.isfinite, (estimate.low, estimate.high)))
