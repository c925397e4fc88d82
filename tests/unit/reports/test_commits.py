import dataclasses
import functools
from collections.abc import Mapping

import pytest

from leaklab.catalogue.folders import open_catalogue
from leaklab.features.commits.changes import (
    GROWTH,
    METRICS,
    PEAK,
    VERDICT,
    VERDICTS,
    Benchmark,
    Value,
    Values,
    compare_values,
)
from leaklab.features.commits.figures import NO_GROWTH, Tracked, TrackedFigures
from leaklab.features.commits.measure import (
    CommitComparison,
    CommitFigures,
    CommitHistory,
    Regression,
)
from leaklab.features.commits.selection import Selection
from leaklab.model.scenario import Mode, Resource
from leaklab.model.verdicts import Conclusion
from leaklab.reports import Table, commit_notes, markdown, plain
from leaklab.reports.commits import change_counts, changes, pair_costs, regressions
from leaklab.reports.table import with_short_headers

MIB = 1 << 20
BASE, HEAD = "a" * 40, "b" * 40
LONG = "feature/" + "x" * 52
ALL = Selection()
CLEAN, UNDECIDED, LEAK = Conclusion.CLEAN, Conclusion.UNDECIDED, Conclusion.LEAK


def figures(
    peak_mib: float,
    growth: float,
    resource: Resource = Resource.MEMORY,
    verdict: Conclusion = Conclusion.CLEAN,
) -> TrackedFigures:
    peak = round(peak_mib * MIB)
    return TrackedFigures(
        peak_rss_bytes=peak, growth_per_unit=growth, resource=resource, verdict=verdict
    )


def judged(verdict: Conclusion) -> TrackedFigures:
    return figures(1, NO_GROWTH, verdict=verdict)


def measured(
    figures_by_label: Mapping[str, TrackedFigures],
    failed: Mapping[str, str] | None = None,
    absent: Mapping[str, str] | None = None,
    others: Values | None = None,
    commit: str = BASE,
) -> CommitFigures:
    """A commit with these figures by label, as asv and the benchmark suite save them."""
    values = dict(others or {})
    for label, one in figures_by_label.items():
        values[Benchmark(PEAK, label)] = Value(one.peak_rss_bytes)
        values[Benchmark(GROWTH, label)] = Value(one.growth_per_unit)
        values[Benchmark(VERDICT, label)] = Value(VERDICTS.index(one.verdict))
    for label in failed or {}:
        values |= {Benchmark(metric, label): Value(None) for metric in METRICS}
    noted = Tracked(
        figures=dict(figures_by_label), failed=dict(failed or {}), absent=dict(absent or {})
    )
    return CommitFigures(commit, values, noted)


def compared(
    base: CommitFigures, head: CommitFigures, asv: Mapping[Benchmark, str] | None = None
) -> CommitComparison:
    return CommitComparison(
        base, head, 1.02, compare_values(base.values, head.values, 1.02, asv or {})
    )


def costs_of(commit: CommitFigures) -> Table:
    return pair_costs(commit, ALL)


def summary_of(comparison: CommitComparison, base: str = "main", head: str = "HEAD") -> Table:
    return change_counts(comparison, ALL, base, head)


@functools.cache
def whole_catalogue(times: float, verdict: Conclusion = CLEAN) -> CommitFigures:
    """The figures of the whole catalogue, with the widest amounts."""
    figures_by_label = {
        f"{scenario.name}/{variant}/{mode}": figures(
            1000.4 * times,
            times * (8.2 * MIB if scenario.resource is Resource.MEMORY else 12.345),
            scenario.resource,
            verdict,
        )
        for scenario in open_catalogue(None).load_all()
        for variant in scenario.variants
        for mode in Mode
    }
    observer = {
        Benchmark("observer", "cpu_ratio"): Value(1.01 * times),
        Benchmark("observer", "added_bytes"): Value(444_416 * times),
    }
    return measured(figures_by_label, others=observer)


def rows_of(table: Table) -> list[list[str]]:
    """The cells that are not empty, by row."""
    return [[cell for cell in row if cell] for row in table.rows]


def width_of(table: Table) -> int:
    """The width of the table without its notes."""
    lines = plain(dataclasses.replace(table, notes=[])).splitlines()
    return max(map(len, lines))


def test_the_costs_of_a_pair_are_one_line_for_each_mode() -> None:
    table = costs_of(
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


def test_the_modes_are_in_the_order_in_which_they_run() -> None:
    figures_by_label = {f"a/fixed/{mode}": figures(1, 1) for mode in sorted(Mode)}
    assert [f"  {mode}" for mode in Mode] == [
        row[0] for row in costs_of(measured(figures_by_label)).rows[1:]
    ]


def test_the_program_of_a_control_has_the_columns_of_the_fixed_variant() -> None:
    table = costs_of(measured({"vocabulary/program/inline": figures(3, 12)}))
    assert ("  inline", "", "", "3 MiB", "+12 B", "-") == table.rows[1]


def test_growth_of_sockets_is_a_number_of_sockets() -> None:
    sockets = {"unclosed_sockets/buggy/inline": figures(3, 1.5, Resource.SOCKETS)}
    assert "+1.5" == costs_of(measured(sockets)).rows[1][2]
    none = {"unclosed_sockets/fixed/inline": figures(3, NO_GROWTH, Resource.SOCKETS)}
    assert "0" == costs_of(measured(none)).rows[1][4]


def test_a_failure_is_in_its_cells_and_its_reason_is_below() -> None:
    label = "word_index/buggy/inline"
    table = costs_of(
        measured({"word_index/fixed/inline": figures(2, NO_GROWTH)}, {label: f"{label}: a mistake"})
    )
    assert ("  inline", "failed", "failed", "2 MiB", "0", "-") == table.rows[1]
    assert [f"failed: {label}: a mistake"] == table.notes


def test_a_missing_variant_leaves_its_cells_empty_and_its_reason_is_below() -> None:
    table = costs_of(measured({"a/fixed/inline": figures(2, 1)}, absent={"b": "no scenario 'b'"}))
    assert [["a"], ["  inline", "2 MiB", "+1 B", "-"]] == rows_of(table)
    assert ["n/a: no scenario 'b'"] == table.notes


def test_the_costs_of_the_observer_are_not_a_pair() -> None:
    assert [] == costs_of(measured({}, others=observed(1.0, 4096))).rows


def observed(ratio: float, added: float) -> Values:
    return {
        Benchmark("observer", "cpu_ratio"): Value(ratio),
        Benchmark("observer", "added_bytes"): Value(added),
    }


def test_failures_come_first_among_many_reasons_and_the_rest_is_counted() -> None:
    absent = {f"gone_{number}": f"no scenario 'gone_{number}'" for number in range(9)}
    notes = costs_of(measured({}, {"a/fixed/fork": "a mistake"}, absent)).notes
    assert "failed: a mistake" == notes[0]
    assert "n/a: no scenario 'gone_0'" == notes[1]
    assert "… and 2 more" == notes[-1]
    assert 9 == len(notes)


def test_a_worse_figure_is_shown_with_both_values_and_what_asv_saw() -> None:
    label = "word_index/fixed/fork"
    comparison = compared(
        measured({label: figures(100, 512), "b/fixed/fork": figures(100, 512)}),
        measured({label: figures(102, 512), "b/fixed/fork": figures(98, 512)}),
        {Benchmark(PEAK, label): "+"},
    )
    table = changes(comparison, "main", "mine")
    assert ("benchmark", "main", "mine", "ratio", "change", "asv saw") == tuple(
        column.strip() for column in table.columns
    )
    assert rows_of(table) == [
        ["b"],
        ["  fixed fork peak RSS", "100 MiB", "98 MiB", "0.980", "better", "same"],
        ["word_index"],
        ["  fixed fork peak RSS", "100 MiB", "102 MiB", "1.020", "worse", "worse"],
    ]
    assert {3} == table.alarms


def test_figures_that_stay_the_same_or_are_missing_are_counted_and_not_shown() -> None:
    comparison = compared(
        measured({"a/fixed/fork": figures(1, 1)}),
        measured({"a/fixed/fork": figures(1, 1), "b/fixed/fork": figures(1, 1)}),
    )
    assert [] == changes(comparison, "main", "HEAD").rows
    assert [
        ("growth", "0", "0", "1", "1", "0"),
        ("peak RSS", "0", "0", "1", "1", "0"),
        ("verdict", "0", "0", "1", "1", "0"),
    ] == summary_of(comparison, "main", "HEAD").rows


def test_growth_on_the_second_side_only_is_new_and_has_no_ratio() -> None:
    comparison = compared(
        measured({"a/fixed/fork": figures(1, NO_GROWTH)}),
        measured({"a/fixed/fork": figures(1, 512)}),
    )
    assert ["  fixed fork growth", "0", "+512 B", "new", "worse", "same"] == rows_of(
        changes(comparison, "main", "HEAD")
    )[1]


def test_growth_on_the_first_side_only_is_gone_and_better() -> None:
    comparison = compared(
        measured({"a/fixed/fork": figures(1, 512)}),
        measured({"a/fixed/fork": figures(1, NO_GROWTH)}),
    )
    assert ["  fixed fork growth", "+512 B", "0", "gone", "better", "same"] == rows_of(
        changes(comparison, "main", "HEAD")
    )[1]


def test_growth_in_pieces_is_shown_in_pieces_even_if_one_side_failed() -> None:
    label = "unclosed_sockets/buggy/fork"
    base = measured({label: figures(1, 1.0, Resource.SOCKETS)})
    broken = compared(base, measured({}, {label: "a mistake"}))
    doubled = compared(base, measured({label: figures(1, 2.0, Resource.SOCKETS)}))
    assert ["  buggy fork growth", "+1", "failed", "-", "failed", "-"] in rows_of(
        changes(broken, "main", "HEAD")
    )
    assert ["  buggy fork growth", "+1", "+2", "2.000", "worse", "same"] == rows_of(
        changes(doubled, "main", "HEAD")
    )[1]


def test_a_verdict_that_became_a_leak_is_shown_first_and_named_below() -> None:
    label = "rare_leak/fixed/fork"
    comparison = compared(
        measured({label: figures(1, NO_GROWTH)}), measured({label: figures(1, 512, verdict=LEAK)})
    )
    assert rows_of(changes(comparison, "main", "HEAD"))[1:] == [
        ["  fixed fork verdict", "clean", "leak", "new", "worse", "same"],
        ["  fixed fork growth", "0", "+512 B", "new", "worse", "same"],
    ]
    assert "clean → leak: rare_leak fixed (fork)" in summary_of(comparison).notes


def test_a_leak_that_became_clean_is_gone() -> None:
    comparison = compared(
        measured({"a/buggy/fork": judged(LEAK)}), measured({"a/buggy/fork": judged(CLEAN)})
    )
    assert ["  buggy fork verdict", "leak", "clean", "gone", "better", "same"] == rows_of(
        changes(comparison, "main", "HEAD")
    )[1]


def test_a_changed_verdict_is_named_once_with_its_modes_in_the_order_in_which_they_run() -> None:
    labels = [f"a/fixed/{mode}" for mode in sorted(Mode)]
    comparison = compared(
        measured(dict.fromkeys(labels, judged(CLEAN))),
        measured(dict.fromkeys(labels, judged(LEAK))),
    )
    modes = "inline, fork, spawn, forkserver, multiprocess"
    assert [f"clean → leak: a fixed ({modes})"] == summary_of(comparison).notes[1:]


def test_a_changed_verdict_is_named_even_if_it_counts_as_the_same() -> None:
    comparison = compared(
        measured({"a/fixed/fork": judged(CLEAN), "b/buggy/fork": judged(UNDECIDED)}),
        measured({"a/fixed/fork": judged(UNDECIDED), "b/buggy/fork": judged(LEAK)}),
    )
    assert [] == changes(comparison, "main", "HEAD").rows
    assert summary_of(comparison).notes[1:] == [
        "clean → undecided, which counts as the same: a fixed (fork)",
        "undecided → leak, which counts as the same: b buggy (fork)",
    ]


def test_the_rest_of_many_changed_verdicts_is_counted() -> None:
    labels = [f"s{number}/fixed/fork" for number in range(15)]
    comparison = compared(
        measured(dict.fromkeys(labels, judged(CLEAN))),
        measured(dict.fromkeys(labels, judged(LEAK))),
    )
    notes = summary_of(comparison).notes
    assert (1 + 12 + 1, "… and 3 more verdicts") == (len(notes), notes[-1])


SELECTED = Selection(included=("rare_leak",), left_out=("copy_on_write", "file_load"))


def test_both_tables_name_the_scenarios_that_were_added_and_left_out() -> None:
    one = measured({"a/fixed/fork": figures(1, 1)})
    left_out = "left out: 2 scenarios without bench = true that {}; --all includes them: {}"
    names = "copy_on_write, file_load"
    included = "also measured, because they changed: rare_leak"
    one_commit = left_out.format("this commit does not change", names)
    two_commits = left_out.format("neither commit changes", names)
    assert [included, one_commit] == pair_costs(one, SELECTED).notes
    assert [included, two_commits] == change_counts(compared(one, one), SELECTED, "a", "b").notes[
        1:
    ]


def test_a_changed_scenario_that_is_not_in_the_working_tree_is_named_as_left_out() -> None:
    notes = pair_costs(measured({"a/fixed/fork": figures(1, 1)}), Selection(lacking=("new",))).notes
    assert ["left out: new, not in the working tree; check out a commit that has it"] == notes


def test_many_names_are_listed_whole_and_the_rest_is_counted() -> None:
    names = tuple(f"scenario_{number:03}" for number in range(100))
    (note,) = commit_notes.left_out(Selection(left_out=names), "", "--all")
    assert note.endswith("scenario_019, scenario_020 and 79 more")


def test_there_is_no_note_if_nothing_was_left_out() -> None:
    one = measured({"a/fixed/fork": figures(1, 1)})
    assert [] == costs_of(one).notes
    assert 1 == len(summary_of(compared(one, one)).notes)


def test_a_note_says_that_nothing_was_measured_or_compared() -> None:
    nothing, one = measured({}), measured({"a/fixed/fork": figures(1, 1)})
    assert ["nothing was measured: this commit has no figure of any scenario"] == costs_of(
        nothing
    ).notes
    compared_nothing = "nothing was compared: no scenario has figures on both commits"
    assert compared_nothing in summary_of(compared(nothing, one)).notes
    assert compared_nothing not in summary_of(compared(one, one)).notes


@pytest.mark.parametrize(
    ("history", "first"),
    [
        (CommitHistory(0, []), "nothing was measured: no commit has a figure of any scenario"),
        (
            CommitHistory(4, []),
            "left out: 2 scenarios without bench = true; 'leaklab bench --all' includes",
        ),
        (CommitHistory(0, ["failed"]), "left out: 2 scenarios without bench = true;"),
    ],
)
def test_the_notes_on_a_history_say_what_was_not_measured(
    history: CommitHistory, first: str
) -> None:
    selection = Selection(left_out=SELECTED.left_out)
    assert commit_notes.of_history(history, selection)[0].startswith(first)


def test_a_failure_is_an_alarm_and_its_reason_is_in_the_summary() -> None:
    label = "a/fixed/fork"
    comparison = compared(measured({}), measured({}, {label: f"{label}: a mistake"}))
    table = changes(comparison, "main", "HEAD")
    assert {1, 2, 3} == table.alarms
    assert ["  fixed fork peak RSS", "n/a", "failed", "-", "failed", "-"] in rows_of(table)
    assert f"failed at HEAD: {label}: a mistake" in summary_of(comparison, "main", "HEAD").notes


def test_the_summary_says_what_was_compared_and_why_some_could_not_be() -> None:
    comparison = compared(
        measured({}, absent={"newcomer": "no scenario 'newcomer'"}),
        measured({"newcomer/fixed/fork": figures(1, 1)}),
    )
    worse = "worse means 1.02 times as much or more, or a verdict that became a leak"
    assert summary_of(comparison, "main", "mine").notes == [
        f"mine against main; {worse}",
        "n/a at main: no scenario 'newcomer'",
        "nothing was compared: no scenario has figures on both commits",
    ]


def test_the_costs_of_the_observer_are_shown_in_their_own_units() -> None:
    comparison = compared(
        measured({}, others=observed(1.0, 512 << 10)), measured({}, others=observed(1.5, 1 << 20))
    )
    shown = {
        tuple(row[1:4]) for row in rows_of(changes(comparison, "main", "HEAD")) if len(row) > 1
    }
    assert {("512 KiB", "1 MiB", "2.000"), ("1.000", "1.500", "1.500")} == shown


@pytest.mark.parametrize("head", [LONG, f"{LONG[:30]}y{LONG[31:]}", "ratio", "benchmark"])
def test_two_branches_have_different_headers_however_narrow_the_table(head: str) -> None:
    table = changes(compared(measured({}), measured({})), LONG, head)
    for columns in (table.columns, with_short_headers(table, 40).columns):
        assert len(columns) == len(set(columns))


def test_a_branch_name_is_shortened_only_if_the_table_would_not_fit() -> None:
    table = changes(compared(measured({}), measured({})), "main", "feature/one-more-thing")
    assert "feature/one-more-thing" in plain(table, 80)
    assert "feat…hing" in plain(table, 20)


def test_markdown_shortens_no_branch_name() -> None:
    table = changes(compared(measured({}), measured({})), f"{LONG}/a", f"{LONG}/b")
    head = markdown(table).splitlines()[0]
    assert f"| {LONG}/a | {LONG}/b |" in head


def test_a_step_upwards_is_shown_with_the_commits_on_both_sides() -> None:
    peak, growth = Benchmark(PEAK, "a/fixed/fork"), Benchmark(GROWTH, "a/fixed/fork")
    steps = [
        Regression(peak, "1" * 40, "2" * 40, 2.0 * MIB, 3.0 * MIB, "bytes"),
        Regression(growth, None, "3" * 40, NO_GROWTH, 2.0, "pieces"),
        Regression(Benchmark(VERDICT, "a/fixed/fork"), None, "3" * 40, 0.0, 2.0, "a verdict"),
    ]
    assert (
        ("a", "", "", ""),
        ("  fixed fork peak RSS", "11111111...22222222", "2 MiB", "3 MiB"),
        ("  fixed fork growth", "33333333", "0", "+2"),
        ("  fixed fork verdict", "33333333", "clean", "leak"),
    ) == tuple(regressions(steps).rows)


@pytest.mark.parametrize("times", [1.0, 0.001])
def test_the_costs_of_the_whole_catalogue_fit_80_columns(times: float) -> None:
    table = costs_of(whole_catalogue(times))
    assert len(table.rows) > 6 * len(Mode)
    assert width_of(table) <= 80


@pytest.mark.parametrize(("base", "head"), [("main", "HEAD"), (LONG, LONG), (LONG, "x")])
def test_the_changes_of_the_whole_catalogue_fit_80_columns(base: str, head: str) -> None:
    comparison = compared(whole_catalogue(1.0, UNDECIDED), whole_catalogue(1.03, LEAK))
    assert width_of(changes(comparison, base, head)) <= 80
    assert width_of(summary_of(comparison, base, head)) <= 80


def test_the_regressions_of_the_whole_catalogue_fit_80_columns() -> None:
    steps = [
        Regression(benchmark, "1" * 40, "2" * 40, value.amount, value.amount * 1.03, "bytes")
        for benchmark, value in whole_catalogue(1.0).values.items()
        if value.amount
    ]
    assert width_of(regressions(steps)) <= 80


def test_as_markdown_every_row_has_as_many_cells_as_the_head() -> None:
    comparison = compared(whole_catalogue(1.0, UNDECIDED), whole_catalogue(1.03, LEAK))
    for table in (changes(comparison, LONG, LONG), summary_of(comparison, LONG, LONG)):
        lines = [line for line in markdown(table).splitlines() if line.startswith("|")]
        assert len(table.rows) + 2 == len(lines)
        assert {len(table.columns) + 1} == {line.count("|") for line in lines}
