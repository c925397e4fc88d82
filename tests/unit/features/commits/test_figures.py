from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import toys
from leaklab.features.commits.figures import NO_GROWTH, Tracked, figures_of
from leaklab.model.job import Limits
from leaklab.model.measurement import EndReason, Measurement
from leaklab.model.result import Result
from leaklab.model.scenario import Mode, Resource, Variant
from leaklab.model.verdicts import Conclusion, Verdict
from leaklab.verdict.run import to_result

PAGE = 4096
LIMITS = Limits(memory_bytes=64 << 20, time_seconds=60.0)
RAN = toys.result(variant=Variant.FIXED)


def grew(
    per_unit: float | None,
    low: float | None,
    resource: Resource = Resource.MEMORY,
    **changes: Any,
) -> Result:
    """Return a run of 400 units with this growth in its verdict; keywords replace other fields."""
    verdict = Verdict(
        conclusion=Conclusion.UNDECIDED,
        growth=None,
        resource=resource,
        per_unit=per_unit,
        low=low,
        high=per_unit,
    )
    whole = {"verdict": verdict, "units_done": 400, "peak_rss_bytes": 3 << 20, **changes}
    return msgspec.structs.replace(RAN, **whole)


def growth_of(result: Result) -> float:
    growth = figures_of(result, LIMITS).growth_per_unit
    assert growth is not None
    return growth


def test_a_leak_has_the_peak_and_the_growth_of_its_law() -> None:
    figures = figures_of(toys.result(), LIMITS)
    assert (400 * PAGE, PAGE) == (figures.peak_rss_bytes, round(figures.growth_per_unit or 0))
    assert Resource.MEMORY is figures.resource


def test_the_interval_of_the_growth_is_that_of_the_verdict() -> None:
    known = grew(512.0, 400.0)
    assert (400.0, 512.0) == figures_of(known, LIMITS).growth_interval
    assert figures_of(grew(None, None), LIMITS).growth_interval is None


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        (toys.result(), Conclusion.LEAK),
        (RAN, Conclusion.CLEAN),
        (grew(512.0, 400.0), Conclusion.UNDECIDED),
    ],
)
def test_the_verdict_is_that_of_the_run(result: Result, verdict: Conclusion) -> None:
    assert verdict is figures_of(result, LIMITS).verdict


def test_a_run_without_growth_has_a_number_for_ratios() -> None:
    assert NO_GROWTH == growth_of(toys.result(variant=Variant.FIXED))
    assert NO_GROWTH > 0


def test_a_pool_has_the_peak_of_its_largest_and_the_growth_of_its_worst_process() -> None:
    figures = figures_of(toys.result(mode=Mode.SPAWN, workers=3), LIMITS)
    assert (400 * PAGE, PAGE) == (figures.peak_rss_bytes, round(figures.growth_per_unit or 0))


@pytest.mark.parametrize("low", [None, -300.0, -0.5, 0.0])
def test_growth_with_zero_in_its_interval_counts_as_no_growth(low: float | None) -> None:
    assert NO_GROWTH == growth_of(grew(512.0, low))
    assert 512.0 == growth_of(grew(512.0, 0.5))


def test_a_shrinking_run_has_no_growth() -> None:
    assert NO_GROWTH == growth_of(grew(-512.0, -600.0))


def test_a_page_over_the_whole_run_is_growth_and_less_is_not() -> None:
    assert PAGE / 400 == growth_of(grew(PAGE / 400, 1.0))
    assert NO_GROWTH == growth_of(grew((PAGE - 1) / 400, 1.0))


def test_the_minimum_growth_is_a_page_over_the_work_of_one_worker() -> None:
    a_page_in_all = grew(PAGE / 800, 1.0, workers=2, units_done=800)
    a_page_each = grew(PAGE / 400, 1.0, workers=2, units_done=800)
    assert NO_GROWTH == growth_of(a_page_in_all)
    assert PAGE / 400 == growth_of(a_page_each)


@pytest.mark.parametrize("resource", [r for r in Resource if r is not Resource.MEMORY])
def test_a_resource_other_than_memory_is_counted_in_pieces(resource: Resource) -> None:
    assert 1 / 400 == growth_of(grew(1 / 400, 0.001, resource))
    assert NO_GROWTH == growth_of(grew(0.9 / 400, 0.001, resource))
    assert resource is figures_of(grew(1.0, 0.5, resource), LIMITS).resource


def test_a_run_stopped_at_its_memory_limit_has_the_limit_as_its_peak() -> None:
    stopped = grew(None, None, end_reason=EndReason.MEMORY_LIMIT)
    assert LIMITS.memory_bytes == figures_of(stopped, LIMITS).peak_rss_bytes


def test_a_process_that_exceeded_the_limit_before_its_stop_has_its_own_peak() -> None:
    stopped = grew(None, None, end_reason=EndReason.MEMORY_LIMIT, peak_rss_bytes=65 << 20)
    assert 65 << 20 == figures_of(stopped, LIMITS).peak_rss_bytes


def test_a_run_stopped_at_its_memory_limit_has_its_measured_growth() -> None:
    assert 512.0 == growth_of(grew(512.0, 400.0, end_reason=EndReason.MEMORY_LIMIT))


@pytest.mark.parametrize("low", [None, -1.0])
def test_without_a_measured_growth_it_is_the_memory_divided_by_the_work(low: float | None) -> None:
    stopped = grew(low and 512.0, low, end_reason=EndReason.MEMORY_LIMIT, units_done=16)
    assert (64 << 20) / 16 == growth_of(stopped)
    pool = msgspec.structs.replace(stopped, workers=2)
    assert (64 << 20) / 8 == growth_of(pool)


def test_a_run_stopped_before_its_first_unit_has_figures() -> None:
    trace = Measurement(end_reason=EndReason.MEMORY_LIMIT, detail="at once")
    result = to_result(toys.job(), trace, toys.ENVIRONMENT)
    figures = figures_of(result, LIMITS)
    assert (LIMITS.memory_bytes, LIMITS.memory_bytes) == (
        figures.peak_rss_bytes,
        figures.growth_per_unit,
    )


def test_a_memory_limit_says_nothing_about_sockets() -> None:
    stopped = grew(None, None, Resource.SOCKETS, end_reason=EndReason.MEMORY_LIMIT)
    assert figures_of(stopped, LIMITS).growth_per_unit is None


@pytest.mark.parametrize("resource", [Resource.SOCKETS, Resource.DESCRIPTORS])
def test_a_run_at_its_descriptor_limit_grew_by_the_limit(resource: Resource) -> None:
    stopped = grew(None, None, resource, end_reason=EndReason.DESCRIPTOR_LIMIT)
    assert LIMITS.descriptors / 400 == growth_of(stopped)
    assert figures_of(stopped, LIMITS).growth_interval is None


@pytest.mark.parametrize(
    "ended", [EndReason.TIME_LIMIT, EndReason.PROCESS_LIMIT, EndReason.DESCRIPTOR_LIMIT]
)
def test_a_run_stopped_at_another_limit_has_its_own_peak(ended: EndReason) -> None:
    assert 3 << 20 == figures_of(grew(None, None, end_reason=ended), LIMITS).peak_rss_bytes


@given(
    per_unit=st.floats(-1e6, 1e6) | st.floats(0, 2 * NO_GROWTH),
    low=st.floats(-1e6, 1e6),
    done=st.integers(0, 10**6),
    workers=st.integers(1, 64),
    ended=st.sampled_from([ended for ended in EndReason if not ended.failed]),
    resource=st.sampled_from(Resource),
)
@example(0.0005, 0.0001, 20_000, 1, EndReason.COMPLETED, Resource.SOCKETS)
def test_growth_is_never_negative(
    per_unit: float, low: float, done: int, workers: int, ended: EndReason, resource: Resource
) -> None:
    result = grew(per_unit, low, resource, units_done=done, workers=workers, end_reason=ended)
    assert growth_of(result) >= NO_GROWTH


def test_the_second_of_two_merged_sets_of_figures_takes_precedence() -> None:
    one, two = (figures_of(grew(n, 1.0), LIMITS) for n in (100.0, 200.0))
    first = Tracked(figures={"a": one, "b": one}, absent={"c": "why"}, failed={"d": "how"})
    second = Tracked(figures={"b": two}, absent={"e": "why not"}, failed={"f": "how else"})
    assert first | second == Tracked(
        figures={"a": one, "b": two},
        absent={"c": "why", "e": "why not"},
        failed={"d": "how", "f": "how else"},
    )
