import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaklab.features.commits.changes import (
    VERDICT,
    VERDICTS,
    Benchmark,
    Change,
    Compared,
    Value,
    Values,
    compare_values,
)
from leaklab.features.commits.figures import Tracked
from leaklab.features.commits.measure import CommitComparison, CommitFigures, CommitHistory
from leaklab.model.errors import Exit
from leaklab.model.verdicts import Conclusion

PAGE = 4096
PEAK = Benchmark("peak_rss", "word_index/buggy/fork")
CLEAN, UNDECIDED, LEAK = Conclusion.CLEAN, Conclusion.UNDECIDED, Conclusion.LEAK
amounts = st.floats(0.001, 1e12)
factors = st.floats(1.001, 100.0)


def values(**amounts: float | None) -> Values:
    """Return exact figures by the names of their metrics, with None for a failed one."""
    return {Benchmark(metric, PEAK.label): Value(amount) for metric, amount in amounts.items()}


def change(base: float, head: float, factor: float = 1.02) -> Change:
    (result,) = compare_values({PEAK: Value(base)}, {PEAK: Value(head)}, factor, {})
    return result.change


def of_estimates(
    base: tuple[float, float, float] | None, head: tuple[float, float, float] | None
) -> Change:
    """Return the change of a growth; both growths are given as (low, amount, high)."""
    before, after = (Value(e[1], (e[0], e[2])) if e else Value(1.0) for e in (base, head))
    (result,) = compare_values({PEAK: before}, {PEAK: after}, 1.02, {})
    return result.change


def verdicts(base: Conclusion, head: Conclusion, variant: str = "fixed") -> Compared:
    """Return the change of a verdict, with a factor that no number can reach."""
    benchmark = Benchmark(VERDICT, f"word_index/{variant}/fork")
    sides = [{benchmark: Value(VERDICTS.index(verdict))} for verdict in (base, head)]
    (result,) = compare_values(sides[0], sides[1], 1e9, {benchmark: "+"})
    return result


def test_an_increase_by_the_factor_is_worse_and_by_a_page_less_is_not() -> None:
    base = 500 * PAGE
    assert Change.WORSE is change(base, 510 * PAGE)
    assert Change.SAME is change(base, 509 * PAGE)


@pytest.mark.parametrize(("factor", "whole", "more"), [(1.02, 50, 51), (1.05, 20, 21)])
def test_exactly_the_factor_is_worse_at_every_amount(factor: float, whole: int, more: int) -> None:
    # From 80 KiB to 8 GiB; rounding of floats must not hide a change.
    for pages in range(whole, 2_000_000, whole * 97):
        assert Change.WORSE is change(pages * PAGE, pages // whole * more * PAGE, factor)


def test_a_decrease_by_the_factor_is_better() -> None:
    assert Change.BETTER is change(510 * PAGE, 500 * PAGE)
    assert Change.SAME is change(509 * PAGE, 500 * PAGE)


def test_equal_figures_are_the_same_even_if_they_are_zero() -> None:
    assert [Change.SAME] * 3 == [change(amount, amount) for amount in (0.0, 0.001, 1e9)]


def test_something_is_worse_than_nothing_and_nothing_better_than_something() -> None:
    assert Change.WORSE is change(0.0, PAGE)
    assert Change.BETTER is change(PAGE, 0.0)


@given(amount=amounts, factor=factors)
def test_no_figure_is_worse_than_itself(amount: float, factor: float) -> None:
    assert Change.SAME is change(amount, amount, factor)


@given(base=amounts, head=amounts, factor=factors)
def test_worse_one_way_is_better_the_other(base: float, head: float, factor: float) -> None:
    mirrored = {Change.WORSE: Change.BETTER, Change.BETTER: Change.WORSE, Change.SAME: Change.SAME}
    assert mirrored[change(base, head, factor)] is change(head, base, factor)


@given(base=amounts, head=amounts, more=amounts, factor=factors)
def test_a_worse_figure_stays_worse_if_it_increases_further(
    base: float, head: float, more: float, factor: float
) -> None:
    if change(base, head, factor) is Change.WORSE:
        assert Change.WORSE is change(base, head + more, factor)


def test_a_figure_that_failed_only_on_the_first_commit_cannot_be_compared() -> None:
    (result,) = compare_values(values(peak_rss=None), values(peak_rss=1.0), 1.02, {})
    assert (Change.ABSENT, None) == (result.change, result.ratio)


@pytest.mark.parametrize("base", [values(), values(peak_rss=1.0), values(peak_rss=None)])
def test_a_figure_that_fails_on_the_second_commit_has_failed(base: Values) -> None:
    (result,) = compare_values(base, values(peak_rss=None), 1.02, {})
    assert (Change.FAILED, None, None) == (result.change, result.head, result.ratio)


@pytest.mark.parametrize(
    ("base", "head"),
    [
        (values(), values(peak_rss=1.0)),
        (values(peak_rss=1.0), values()),
        (values(peak_rss=None), values()),
    ],
)
def test_a_figure_that_either_commit_lacks_cannot_be_compared(base: Values, head: Values) -> None:
    (result,) = compare_values(base, head, 1.02, {})
    assert Change.ABSENT is result.change


def test_every_figure_of_either_commit_is_listed_once_grouped_by_run() -> None:
    a, b = (Benchmark(metric, "a/buggy/fork") for metric in ("growth", "peak_rss"))
    c, one = Benchmark("growth", "b/buggy/fork"), Value(1.0)
    changes = compare_values({c: one, b: one}, {b: one, a: one}, 1.02, {})
    assert [a, b, c] == [row.benchmark for row in changes]


def test_an_estimate_is_worse_only_if_the_intervals_are_apart() -> None:
    assert Change.WORSE is of_estimates((9.0, 10.0, 11.0), (12.0, 13.0, 14.0))
    assert Change.SAME is of_estimates((9.0, 10.0, 12.0), (12.0, 13.0, 14.0))
    assert Change.BETTER is of_estimates((12.0, 13.0, 14.0), (9.0, 10.0, 11.0))
    assert Change.SAME is of_estimates((10.0, 13.0, 14.0), (9.0, 10.0, 11.0))


def test_an_estimate_with_a_separate_interval_is_worse_only_from_the_factor_on() -> None:
    assert Change.SAME is of_estimates((9.99, 10.0, 10.01), (10.18, 10.19, 10.2))
    assert Change.WORSE is of_estimates((9.99, 10.0, 10.01), (10.19, 10.2, 10.21))


def test_an_estimate_beside_an_exact_figure_is_compared_by_its_amount() -> None:
    assert Change.WORSE is of_estimates(None, (0.5, 2.0, 3.0))
    assert Change.BETTER is of_estimates((0.5, 2.0, 3.0), None)


@pytest.mark.parametrize(
    ("mark", "expected"), [("+", Change.WORSE), ("-", Change.BETTER), ("", Change.SAME)]
)
@pytest.mark.parametrize("head", [0.5, 1.0, 1.5])
def test_asv_s_statistics_decide_on_a_sampled_figure(
    mark: str, expected: Change, head: float
) -> None:
    sampled = [{PEAK: Value(amount, sampled=True)} for amount in (1.0, head)]
    (result,) = compare_values(sampled[0], sampled[1], 1.02, {PEAK: mark} if mark else {})
    assert expected is result.change


def test_a_sampled_figure_can_fail_or_be_absent() -> None:
    one, failed = {PEAK: Value(1.0, sampled=True)}, {PEAK: Value(None, sampled=True)}
    results = [
        compare_values(*pair, 1.02, {PEAK: "!"})[0].change
        for pair in ((one, failed), (failed, one))
    ]
    assert [Change.FAILED, Change.ABSENT] == results


def test_asv_s_own_mark_is_shown_and_changes_nothing() -> None:
    (result,) = compare_values(values(peak_rss=1.0), values(peak_rss=1.0), 1.02, {PEAK: "+"})
    assert (Change.SAME, "+") == (result.change, result.asv)


@pytest.mark.parametrize("variant", ["fixed", "program"])
@pytest.mark.parametrize(
    ("base", "head", "change"),
    [
        (CLEAN, LEAK, Change.WORSE),
        (UNDECIDED, LEAK, Change.WORSE),
        (LEAK, CLEAN, Change.BETTER),
        (LEAK, UNDECIDED, Change.SAME),
        (CLEAN, UNDECIDED, Change.SAME),
        (UNDECIDED, CLEAN, Change.SAME),
        *[(verdict, verdict, Change.SAME) for verdict in VERDICTS],
    ],
)
def test_a_verdict_is_worse_if_it_became_a_leak_and_better_if_a_leak_became_clean(
    variant: str, base: Conclusion, head: Conclusion, change: Change
) -> None:
    assert change is verdicts(base, head, variant).change


@pytest.mark.parametrize("base", VERDICTS)
def test_a_declared_leak_that_still_leaks_is_the_same(base: Conclusion) -> None:
    assert Change.SAME is verdicts(base, LEAK, "buggy").change


def test_a_buggy_variant_that_became_clean_is_better() -> None:
    assert Change.BETTER is verdicts(LEAK, CLEAN, "buggy").change


def test_a_verdict_can_fail_or_be_absent() -> None:
    benchmark = Benchmark(VERDICT, "word_index/fixed/fork")
    one, failed = {benchmark: Value(0.0)}, {benchmark: Value(None)}
    pairs = [(one, failed), (failed, one), ({}, one), (one, {})]
    assert [Change.FAILED, *[Change.ABSENT] * 3] == [
        compare_values(base, head, 1.02, {})[0].change for base, head in pairs
    ]


def test_a_change_of_verdict_has_a_text_and_no_ratio() -> None:
    verdicts_read = verdicts(UNDECIDED, LEAK)
    assert ("undecided → leak", None) == (verdicts_read.verdicts, verdicts_read.ratio)
    assert "" == compare_values({PEAK: Value(1.0)}, {PEAK: Value(2.0)}, 1.02, {})[0].verdicts


def test_the_observer_s_figures_belong_to_no_scenario() -> None:
    assert ["word_index", ""] == [b.scenario for b in (PEAK, Benchmark("observer", "cpu_ratio"))]


def test_the_ratio_is_the_second_divided_by_a_nonzero_first() -> None:
    def ratio(base: float | None, head: float | None) -> float | None:
        return Compared(PEAK, base, head, Change.SAME).ratio

    assert 1.5 == ratio(2.0, 3.0)
    assert 0.0 == ratio(2.0, 0.0)
    assert [None] * 3 == [ratio(0.0, 3.0), ratio(None, 3.0), ratio(2.0, None)]


def comparison(*changes: Change) -> CommitComparison:
    side = CommitFigures("c", {}, Tracked())
    rows = [Compared(PEAK, 1.0, 1.0, change) for change in changes]
    return CommitComparison(side, side, 1.02, rows)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ([], Exit.NOT_MEASURED),
        ([Change.ABSENT], Exit.NOT_MEASURED),
        ([Change.SAME, Change.BETTER, Change.ABSENT], Exit.AS_EXPECTED),
        ([Change.SAME, Change.WORSE], Exit.DIFFERS),
        ([Change.WORSE, Change.FAILED], Exit.NOT_MEASURED),
    ],
)
def test_a_failed_measurement_takes_precedence_over_a_worse_figure(
    changes: list[Change], code: Exit
) -> None:
    assert comparison(*changes).exit is code


def test_nothing_is_compared_if_every_figure_of_the_base_failed() -> None:
    base = CommitFigures("b", {PEAK: Value(None)}, Tracked())
    head = CommitFigures("h", {PEAK: Value(1.0)}, Tracked())
    rows = compare_values(base.values, head.values, 1.02, {})
    assert Exit.NOT_MEASURED is CommitComparison(base, head, 1.02, rows).exit


def test_the_observer_s_cost_alone_is_not_a_comparison_of_scenarios() -> None:
    observer = Benchmark("observer", "cpu_ratio")
    sides = [CommitFigures("c", {observer: Value(1.0), **of}, Tracked()) for of in ({}, values())]
    rows = compare_values(sides[0].values, sides[1].values, 1.02, {})
    assert [Change.SAME] == [row.change for row in rows]
    assert Exit.NOT_MEASURED is CommitComparison(sides[0], sides[1], 1.02, rows).exit
    assert Exit.NOT_MEASURED is sides[0].exit


def test_a_commit_without_any_figure_was_not_measured() -> None:
    assert Exit.NOT_MEASURED is CommitFigures("c", {}, Tracked()).exit


@pytest.mark.parametrize(
    ("history", "code"),
    [
        (CommitHistory(0, []), Exit.NOT_MEASURED),
        (CommitHistory(4, ["failed"]), Exit.NOT_MEASURED),
        (CommitHistory(4, []), Exit.AS_EXPECTED),
    ],
)
def test_a_history_with_missing_measurements_is_not_measured(
    history: CommitHistory, code: Exit
) -> None:
    assert code is history.exit


def test_a_commit_with_a_failed_figure_was_not_measured() -> None:
    all_there, one_failed = values(peak_rss=0.0, growth=1.0), values(peak_rss=None, growth=1.0)
    assert Exit.AS_EXPECTED is CommitFigures("c", all_there, Tracked()).exit
    assert Exit.NOT_MEASURED is CommitFigures("c", one_failed, Tracked()).exit
