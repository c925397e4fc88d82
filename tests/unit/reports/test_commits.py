import functools
from collections.abc import Mapping

import pytest

from leaklab.catalogue.folders import open_catalogue
from leaklab.features.commits.changes import Benchmark, Value, Values, compare
from leaklab.features.commits.figures import NO_GROWTH, Figures, Tracked
from leaklab.features.commits.measure import Comparison, Measured, Regression
from leaklab.model.scenario import Mode, Resource
from leaklab.reports import Table, markdown, plain
from leaklab.reports.commits import changes, costs, regressions, summary

MIB = 1 << 20
BASE, HEAD = "a" * 40, "b" * 40
LONG = "feature/" + "x" * 52
PEAK, GROWTH = "peak_rss", "growth"


def figures(peak_mib: float, growth: float, resource: Resource = Resource.MEMORY) -> Figures:
    return Figures(peak_rss_bytes=round(peak_mib * MIB), growth_per_unit=growth, resource=resource)


def measured(
    found: Mapping[str, Figures],
    failed: Mapping[str, str] | None = None,
    absent: Mapping[str, str] | None = None,
    others: Values | None = None,
    commit: str = BASE,
) -> Measured:
    """A commit with these figures by their labels, as asv saves them and the suite notes them."""
    values = dict(others or {})
    for label, one in found.items():
        values[Benchmark(PEAK, label)] = Value(one.peak_rss_bytes)
        values[Benchmark(GROWTH, label)] = Value(one.growth_per_unit)
    for label in failed or {}:
        values |= {Benchmark(metric, label): Value(None) for metric in (PEAK, GROWTH)}
    noted = Tracked(figures=dict(found), failed=dict(failed or {}), absent=dict(absent or {}))
    return Measured(commit, values, noted)


def compared(
    base: Measured, head: Measured, asv: Mapping[Benchmark, str] | None = None
) -> Comparison:
    return Comparison(base, head, 1.02, compare(base.values, head.values, 1.02, asv or {}))


@functools.cache
def whole_catalogue(times: float) -> Measured:
    """Everything that there is, with amounts as wide as they come."""
    found = {
        f"{scenario.name}/{variant}/{mode}": figures(
            1000.4 * times,
            times * (8.2 * MIB if scenario.resource is Resource.MEMORY else 12.345),
            scenario.resource,
        )
        for scenario in open_catalogue(None).load_all()
        for variant in scenario.variants
        for mode in Mode
    }
    observer = {
        Benchmark("observer", "cpu_ratio"): Value(1.01 * times),
        Benchmark("observer", "added_bytes"): Value(444_416 * times),
    }
    return measured(found, others=observer)


def rows_of(table: Table) -> list[list[str]]:
    """The cells that are not empty, row by row."""
    return [[cell for cell in row if cell] for row in table.rows]


def width_of(table: Table) -> int:
    """The longest line, the notes below it left out."""
    lines = plain(Table(table.columns, table.rows, table.right)).splitlines()
    return max(map(len, lines))


def test_what_a_pair_costs_stands_on_one_line_a_mode() -> None:
    table = costs(
        measured(
            {
                "word_index/buggy/inline": figures(17.1, 8397),
                "word_index/fixed/inline": figures(2.3, NO_GROWTH),
                "word_index/buggy/fork": figures(20.0, 8397),
                "word_index/fixed/fork": figures(10.0, 104),
            }
        )
    )
    assert rows_of(table) == [
        ["word_index"],
        ["  inline", "17.1 MiB", "+8.2 KiB", "2.3 MiB", "0", "7.435"],
        ["  fork", "20 MiB", "+8.2 KiB", "10 MiB", "+104 B", "2.000"],
    ]


def test_the_modes_stand_in_the_order_in_which_they_are_run() -> None:
    found = {f"a/fixed/{mode}": figures(1, 1) for mode in sorted(Mode)}
    assert [f"  {mode}" for mode in Mode] == [row[0] for row in costs(measured(found)).rows[1:]]


def test_a_controls_program_stands_where_the_innocent_do() -> None:
    table = costs(measured({"vocabulary/program/inline": figures(3, 12)}))
    assert ("  inline", "", "", "3 MiB", "+12 B", "-") == table.rows[1]


def test_what_leaks_pieces_costs_pieces() -> None:
    sockets = {"unclosed_sockets/buggy/inline": figures(3, 1.5, Resource.SOCKETS)}
    assert "+1.5" == costs(measured(sockets)).rows[1][2]
    none = {"unclosed_sockets/fixed/inline": figures(3, NO_GROWTH, Resource.SOCKETS)}
    assert "0" == costs(measured(none)).rows[1][4]


def test_what_failed_is_named_in_its_place_and_with_its_reason_below() -> None:
    label = "word_index/buggy/inline"
    table = costs(
        measured({"word_index/fixed/inline": figures(2, NO_GROWTH)}, {label: f"{label}: a mistake"})
    )
    assert ("  inline", "failed", "failed", "2 MiB", "0", "-") == table.rows[1]
    assert [f"failed: {label}: a mistake"] == table.notes


def test_what_is_not_there_leaves_its_place_empty_with_the_reason_below() -> None:
    table = costs(measured({"a/fixed/inline": figures(2, 1)}, absent={"b": "no scenario 'b'"}))
    assert [["a"], ["  inline", "2 MiB", "+1 B", "-"]] == rows_of(table)
    assert ["n/a: no scenario 'b'"] == table.notes


def test_what_the_observer_costs_is_no_pair() -> None:
    assert [] == costs(measured({}, others=observed(1.0, 4096))).rows


def observed(ratio: float, added: float) -> Values:
    return {
        Benchmark("observer", "cpu_ratio"): Value(ratio),
        Benchmark("observer", "added_bytes"): Value(added),
    }


def test_of_many_reasons_the_failures_come_first_and_the_rest_is_counted() -> None:
    absent = {f"gone_{number}": f"no scenario 'gone_{number}'" for number in range(9)}
    notes = costs(measured({}, {"a/fixed/fork": "a mistake"}, absent)).notes
    assert "failed: a mistake" == notes[0]
    assert "n/a: no scenario 'gone_0'" == notes[1]
    assert "… and 2 more" == notes[-1]
    assert 9 == len(notes)


def test_what_is_worse_is_named_with_both_figures_and_what_asv_saw() -> None:
    label = "word_index/fixed/fork"
    found = compared(
        measured({label: figures(100, 512), "b/fixed/fork": figures(100, 512)}),
        measured({label: figures(102, 512), "b/fixed/fork": figures(98, 512)}),
        {Benchmark(PEAK, label): "+"},
    )
    table = changes(found, "main", "mine")
    assert ("benchmark", "main", "mine", "ratio", "is", "asv saw") == tuple(
        column.strip() for column in table.columns
    )
    assert rows_of(table) == [
        ["b"],
        ["  fixed fork peak RSS", "100 MiB", "98 MiB", "0.980", "better", "same"],
        ["word_index"],
        ["  fixed fork peak RSS", "100 MiB", "102 MiB", "1.020", "worse", "worse"],
    ]
    assert {3} == table.alarms


def test_what_stays_the_same_or_cannot_be_compared_is_counted_and_not_named() -> None:
    found = compared(
        measured({"a/fixed/fork": figures(1, 1)}),
        measured({"a/fixed/fork": figures(1, 1), "b/fixed/fork": figures(1, 1)}),
    )
    assert [] == changes(found, "main", "HEAD").rows
    assert [
        ("growth", "0", "0", "1", "1", "0"),
        ("peak RSS", "0", "0", "1", "1", "0"),
    ] == summary(found, "main", "HEAD").rows


def test_growth_that_was_none_is_new_and_has_no_ratio() -> None:
    found = compared(
        measured({"a/fixed/fork": figures(1, NO_GROWTH)}),
        measured({"a/fixed/fork": figures(1, 512)}),
    )
    assert ["  fixed fork growth", "0", "+512 B", "new", "worse", "same"] == rows_of(
        changes(found, "main", "HEAD")
    )[1]


def test_growth_that_is_no_more_is_better() -> None:
    found = compared(
        measured({"a/fixed/fork": figures(1, 512)}),
        measured({"a/fixed/fork": figures(1, NO_GROWTH)}),
    )
    assert ["  fixed fork growth", "+512 B", "0", "gone", "better", "same"] == rows_of(
        changes(found, "main", "HEAD")
    )[1]


def test_growth_in_pieces_is_shown_in_pieces_even_where_one_side_failed() -> None:
    label = "unclosed_sockets/buggy/fork"
    base = measured({label: figures(1, 1.0, Resource.SOCKETS)})
    broken = compared(base, measured({}, {label: "a mistake"}))
    doubled = compared(base, measured({label: figures(1, 2.0, Resource.SOCKETS)}))
    assert ["  buggy fork growth", "+1", "failed", "-", "failed", "-"] == rows_of(
        changes(broken, "main", "HEAD")
    )[1]
    assert ["  buggy fork growth", "+1", "+2", "2.000", "worse", "same"] == rows_of(
        changes(doubled, "main", "HEAD")
    )[1]


def test_what_failed_is_an_alarm_and_its_reason_stands_in_the_summary() -> None:
    label = "a/fixed/fork"
    found = compared(measured({}), measured({}, {label: f"{label}: a mistake"}))
    table = changes(found, "main", "HEAD")
    assert {1, 2} == table.alarms
    assert ["  fixed fork peak RSS", "n/a", "failed", "-", "failed", "-"] in rows_of(table)
    assert f"failed at HEAD: {label}: a mistake" in summary(found, "main", "HEAD").notes


def test_the_summary_says_what_was_compared_and_why_some_could_not_be() -> None:
    found = compared(
        measured({}, absent={"newcomer": "no scenario 'newcomer'"}),
        measured({"newcomer/fixed/fork": figures(1, 1)}),
    )
    assert summary(found, "main", "mine").notes == [
        "mine against main; worse is 1.02 times as much or more",
        "n/a at main: no scenario 'newcomer'",
    ]


def test_what_the_observer_costs_is_shown_as_what_it_is() -> None:
    found = compared(
        measured({}, others=observed(1.0, 512 << 10)), measured({}, others=observed(1.5, 1 << 20))
    )
    shown = {tuple(row[1:4]) for row in rows_of(changes(found, "main", "HEAD")) if len(row) > 1}
    assert {("512 KiB", "1 MiB", "2.000"), ("1.000", "1.500", "1.500")} == shown


def test_two_branches_of_the_same_first_letters_are_two_columns() -> None:
    columns = changes(compared(measured({}), measured({})), LONG, LONG).columns
    assert len(columns) == len(set(columns))


def test_a_step_upwards_is_named_with_the_commits_it_lies_between() -> None:
    peak, growth = Benchmark(PEAK, "a/fixed/fork"), Benchmark(GROWTH, "a/fixed/fork")
    steps = [
        Regression(peak, "1" * 40, "2" * 40, 2.0 * MIB, 3.0 * MIB, "bytes"),
        Regression(growth, None, "3" * 40, NO_GROWTH, 2.0, "pieces"),
    ]
    assert (
        ("a", "", "", ""),
        ("  fixed fork peak RSS", "11111111...22222222", "2 MiB", "3 MiB"),
        ("  fixed fork growth", "33333333", "0", "+2"),
    ) == tuple(regressions(steps).rows)


@pytest.mark.parametrize("times", [1.0, 0.001])
def test_what_everything_costs_fits_80_columns(times: float) -> None:
    table = costs(whole_catalogue(times))
    assert len(table.rows) > 6 * len(Mode)
    assert width_of(table) <= 80


@pytest.mark.parametrize(("base", "head"), [("main", "HEAD"), (LONG, LONG), (LONG, "x")])
def test_where_everything_is_worse_it_fits_80_columns(base: str, head: str) -> None:
    found = compared(whole_catalogue(1.0), whole_catalogue(1.03))
    assert width_of(changes(found, base, head)) <= 80
    assert width_of(summary(found, base, head)) <= 80


def test_the_regressions_of_everything_fit_80_columns() -> None:
    steps = [
        Regression(benchmark, "1" * 40, "2" * 40, value.amount, value.amount * 1.03, "bytes")
        for benchmark, value in whole_catalogue(1.0).values.items()
        if value.amount
    ]
    assert width_of(regressions(steps)) <= 80


def test_as_markdown_every_row_has_as_many_cells_as_the_head() -> None:
    found = compared(whole_catalogue(1.0), whole_catalogue(1.03))
    for table in (changes(found, LONG, LONG), summary(found, LONG, LONG)):
        lines = [line for line in markdown(table).splitlines() if line.startswith("|")]
        assert len(table.rows) + 2 == len(lines)
        assert {len(table.columns) + 1} == {line.count("|") for line in lines}
