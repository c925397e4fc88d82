import msgspec
import pytest

import toys
from leaklab.model.errors import BadInput
from leaklab.model.measurement import EndReason
from leaklab.model.scenario import Variant
from leaklab.reports.runs import comparison
from leaklab.verdict.pairs import compare_results, judge_pair


def test_b_is_compared_with_a() -> None:
    result = compare_results(toys.result(peak_rss_bytes=100), toys.result(peak_rss_bytes=150))
    assert result.peak_ratio == pytest.approx(1.5)
    assert (result.differences, result.intervals_apart) == ((), False)


def test_a_leak_and_its_fix_have_separate_intervals() -> None:
    fixed = toys.result(variant=Variant.FIXED, peak_rss_bytes=1)
    result = compare_results(fixed, toys.result())
    assert result.intervals_apart
    assert result.differences == ("variant: fixed and buggy",)


def test_results_of_different_work_cannot_be_compared() -> None:
    with pytest.raises(BadInput, match=r"units: 400 and 200.*same --units"):
        compare_results(toys.result(), toys.result(units_done=200))


def test_stopped_runs_are_compared_by_their_requested_units() -> None:
    stopped = toys.result(end_reason=EndReason.MEMORY_LIMIT, units_done=200)
    assert compare_results(toys.result(), stopped).peak_ratio == 1
    with pytest.raises(BadInput, match=r"units: 400 and 300.*same --units"):
        compare_results(toys.result(), toys.result(end_reason=EndReason.MEMORY_LIMIT, units=300))


def test_a_run_without_a_peak_cannot_be_compared() -> None:
    with pytest.raises(BadInput, match="has no peak"):
        compare_results(toys.result(peak_rss_bytes=None), toys.result())


@pytest.mark.parametrize(
    ("min_ratio", "text"), [(1.5, "1.5 is declared: a leak"), (1.6, "1.6 is declared: not enough")]
)
def test_a_pair_judged_by_its_peaks_needs_the_declared_ratio(min_ratio: float, text: str) -> None:
    toy = toys.scenario(judge="peak", min_ratio=min_ratio)
    fixed = toys.result(toy, Variant.FIXED, peak_rss_bytes=100)
    buggy = toys.result(toy, Variant.BUGGY, peak_rss_bytes=150)
    for result in (compare_results(fixed, buggy), compare_results(buggy, fixed)):
        note = comparison(judge_pair(result, toy)).notes[-1]
        assert note.startswith("the buggy peak is 1.500 times the fixed one")
        assert text in note


def test_only_the_two_variants_of_a_peak_scenario_are_judged_by_peaks() -> None:
    toy = toys.scenario(judge="peak", min_ratio=1.5)
    buggy, fixed = (toys.result(toy, v, peak_rss_bytes=100) for v in toy.variants)
    assert judge_pair(compare_results(buggy, buggy), toy).pair is None
    assert (
        judge_pair(compare_results(buggy, toys.result(peak_rss_bytes=1, scenario="x")), toy).pair
        is None
    )
    assert judge_pair(compare_results(fixed, buggy), toys.scenario()).pair is None


def test_both_results_of_a_compared_pair_have_its_verdict() -> None:
    toy = toys.scenario(judge="peak", min_ratio=1.5)
    fixed = toys.result(toy, Variant.FIXED, peak_rss_bytes=100)
    buggy = toys.result(toy, Variant.BUGGY, peak_rss_bytes=150)
    result = compare_results(fixed, buggy)
    assert (False, True) == (result.a.verdict.is_leak, result.b.verdict.is_leak)
    assert (True, True) == (result.a.as_expected, result.b.as_expected)


def test_a_different_python_is_mentioned() -> None:
    other = msgspec.structs.replace(toys.ENVIRONMENT, python="3.8.18")
    result = compare_results(toys.result(), toys.result(environment=other))
    assert ("Python: 3.11.7 and 3.8.18",) == result.differences
