"""The comparison with other tools: the use of figures, and the parsers of their output."""

import json
from pathlib import Path

import pytest

from leaklab.catalogue.folders import open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.features.quality import spikes
from leaklab.features.quality.beside_tools import Findings
from leaklab.features.quality.scoreboard import (
    ToolAnswer,
    ToolTally,
    applies,
    scoreboard_jobs,
    tallies,
)
from leaklab.features.quality.spikes import SpikeErrors
from leaklab.features.quality.tool_costs import Interval, ToolCost, summarize_tool_costs
from leaklab.features.tools import peaks, verdicts
from leaklab.features.tools.ourselves import lab_result
from leaklab.features.tools.peaks import ToolFigures
from leaklab.features.tools.registry import Needs
from leaklab.features.tools.tool_job import ToolJob
from leaklab.features.tools.tool_run import ToolRun
from leaklab.features.tools.verdicts import VERDICT_TOOLS, ToolVerdict
from leaklab.reports import markdown
from leaklab.reports.tools import missed, tool_tables

MIB = 1 << 20
LAB = {
    "end_reason": "completed",
    "units_done": 64,
    "verdict": {"conclusion": "leak"},
    "peak_rss_bytes": 5,
    "baseline_rss_bytes": 7,
    "processes": [{"cpu_seconds": 1.5}],
}


def measured(
    *, units: int, cpu: float, high_water: int = 0, peak: int | None = None
) -> ToolFigures:
    return ToolFigures(units, cpu, cpu / 2, high_water, peak)


def ran(text: str = "", *, status: int = 0, **report: int) -> ToolRun:
    return ToolRun(status, 1.0, text, report=report)


@pytest.fixture
def order(tmp_path: Path) -> ToolJob:
    catalogue = open_catalogue(None)
    (job, *_) = plan(catalogue, PlanRequest(["word_index"]))
    return ToolJob(job, catalogue.root, tmp_path / "driver.py", tmp_path)


def test_a_ratio_compares_the_cpu_time_of_a_unit() -> None:
    pairs = [
        (measured(units=1, cpu=3.0), measured(units=2, cpu=2.0)),
        (measured(units=1, cpu=1.0), measured(units=2, cpu=1.0)),
        (measured(units=1, cpu=4.0), measured(units=2, cpu=2.0)),
    ]
    costs = summarize_tool_costs("a", pairs)
    assert Interval(3.0, 2.0, 4.0) == costs.whole
    assert Interval(3.0, 2.0, 4.0) == costs.work


def test_the_spread_is_of_the_tool_s_peaks_and_memory_comes_from_the_kernel() -> None:
    bare = measured(units=1, cpu=1.0, high_water=100)
    under = [measured(units=1, cpu=1.0, high_water=h, peak=p) for h, p in ((130, 7), (150, 3))]
    costs = summarize_tool_costs("a", [(one, bare) for one in under])
    assert (4, Interval(40.0, 30.0, 50.0)) == (costs.spread_bytes, costs.added_bytes)


def test_a_tool_without_a_peak_has_no_spread() -> None:
    pair = (measured(units=1, cpu=1.0), measured(units=1, cpu=1.0))
    assert summarize_tool_costs("psleak", [pair]).spread_bytes is None


@pytest.mark.parametrize(
    ("leaks", "given", "expected"),
    [
        (True, ToolVerdict.LEAK, ToolTally("RSS + 1 MiB", right=1)),
        (False, ToolVerdict.CLEAN, ToolTally("RSS + 1 MiB", right=1)),
        (True, ToolVerdict.CLEAN, ToolTally("RSS + 1 MiB", missed=("x/y",))),
        (False, ToolVerdict.LEAK, ToolTally("RSS + 1 MiB", false_alarms=("x/y",))),
        (True, ToolVerdict.UNDECIDED, ToolTally("RSS + 1 MiB", undecided=("x/y",))),
        (False, ToolVerdict.NOT_COVERED, ToolTally("RSS + 1 MiB", not_covered=1)),
    ],
)
def test_an_answer_is_counted_by_its_verdict(
    *, leaks: bool, given: ToolVerdict, expected: ToolTally
) -> None:
    answer = ToolAnswer("RSS + 1 MiB", "x/y", leaks, given)
    assert [expected] == tallies([VERDICT_TOOLS["RSS"]], [answer])


def test_a_tool_is_judged_only_on_resources_that_it_measures() -> None:
    (sockets, *_) = plan(open_catalogue(None), PlanRequest(["unclosed_sockets"]))
    assert ["leaklab", "psleak"] == [
        name for name, rule in VERDICT_TOOLS.items() if applies(rule, sockets)
    ]


def test_a_pair_that_differs_by_its_peak_is_left_out_with_the_reason(tmp_path: Path) -> None:
    spikes.write_catalogue(tmp_path)
    path = tmp_path / "scenarios" / "spike" / "scenario.toml"
    path.write_text(path.read_text().replace("level", 'judge = "peak"\nmin_ratio = 2\nlevel'))
    jobs, (line,) = scoreboard_jobs(open_catalogue(tmp_path), [])
    assert ([], True) == (jobs, line.startswith("spike: its pair differs by the peak"))


@pytest.mark.parametrize(
    ("tool_run", "expected"),
    [
        (ran(rss_bytes=9 * MIB, early_rss_bytes=8 * MIB), ToolVerdict.CLEAN),
        (ran(rss_bytes=9 * MIB + 1, early_rss_bytes=8 * MIB), ToolVerdict.LEAK),
        (ran(status=1), ToolVerdict.UNDECIDED),
    ],
)
def test_a_tool_that_reads_rss_reports_a_leak_above_one_mebibyte(
    tool_run: ToolRun, expected: ToolVerdict
) -> None:
    assert (expected,) == verdicts.rise_verdict(tool_run)


@pytest.mark.parametrize(
    ("tool_run", "expected"),
    [
        (ran("OK"), ToolVerdict.CLEAN),
        (ran("psleak.MemoryLeakError: memory kept increasing", status=1), ToolVerdict.LEAK),
        (ran("psleak.UnclosedFdError: detected 1", status=1), ToolVerdict.LEAK),
        (ran("ValueError: psleak.MemoryLeakError", status=1), ToolVerdict.UNDECIDED),
    ],
)
def test_psleak_reports_a_leak_by_raising_its_own_error(
    tool_run: ToolRun, expected: ToolVerdict
) -> None:
    assert (expected,) == verdicts.psleak_verdict(tool_run)


@pytest.mark.parametrize(
    ("tool_run", "expected"),
    [
        (ran(units=1), "clean clean clean"),
        (ran(verdicts.OVER_LIMIT, status=1, units=1), "leak clean clean"),
        (ran(verdicts.OVER_LIMIT * 3, status=1, units=1), "leak leak leak"),
        (ran("an error", status=1, units=1), "undecided undecided undecided"),
        (ran("killed", status=-24), "undecided undecided undecided"),
    ],
)
def test_a_leak_above_a_limit_is_above_every_smaller_limit(
    tool_run: ToolRun, expected: str
) -> None:
    assert expected.split() == list(verdicts.limit_verdicts(tool_run))


def test_the_last_of_leaklabs_output_is_its_result() -> None:
    text = f"leaklab: a line of its own\n{json.dumps([LAB])}\n"
    result = lab_result(ran(text))
    assert ("leak", 5) == (result.verdict.conclusion, result.peak_rss_bytes)


def test_a_failed_run_of_leaklab_has_no_answer() -> None:
    text = json.dumps([{**LAB, "end_reason": "failed: the process died"}])
    assert (ToolVerdict.UNDECIDED,) == verdicts.lab_verdict(ran(text))


def test_the_peak_is_the_largest_that_mprof_saw(order: ToolJob) -> None:
    (order.folder / "mprof").write_text("CMDLINE x\nMEM 1.5 1.0\nMEM 2.5 1.1\nMEM 0.5 1.2\n")
    assert 2.5 * MIB == peaks.mprof_peak(order, ran())


def test_the_peak_is_the_largest_beside_any_line(order: ToolJob) -> None:
    text = (
        "Line #    Mem usage    Increment  Occurrences   Line Contents\n"
        "     7     20.5 MiB     20.5 MiB           1   def f():\n"
        "     8     306.5 MiB    286.0 MiB          1       return 99.0\n"
    )
    assert 306.5 * MIB == peaks.profile_peak(order, ran(text))


def test_usr_bin_time_prints_kibibytes_below_an_error(order: ToolJob) -> None:
    (order.folder / "time").write_text("Command exited with non-zero status 1\n123\n")
    assert 123 << 10 == peaks.time_peak(order, ran())


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        (Needs(), ""),
        (Needs("pytest"), ""),
        (Needs("no-such-package"), "not installed: pip install no-such-package"),
        (Needs(program="no-such-program"), "not installed: apt install no-such-program"),
    ],
)
def test_a_missing_tool_is_named_with_the_remedy(needs: Needs, expected: str) -> None:
    assert expected == needs.remedy


GOOD = ToolCost("leaklab", "", 9, (5, 5), None, Interval(1.0, 0.9, 1.02), Interval(MIB, MIB, MIB))


@pytest.mark.parametrize(
    ("cost", "spike", "tally", "expected"),
    [
        (GOOD, SpikeErrors("leaklab", "", (0, 0)), ToolTally("leaklab", right=1), []),
        (
            ToolCost(
                "leaklab", "", 9, (5, 9), None, Interval(1, 0.9, 1.021), Interval(2 * MIB, 0, 0)
            ),
            SpikeErrors("leaklab", "", (0, -4096)),
            ToolTally(
                "leaklab", false_alarms=("a/fixed",), missed=("b/buggy",), undecided=("c/buggy",)
            ),
            [
                "the spread is 4 B",
                "the CPU ratio's interval ends at 1.0210",
                "2 MiB are added",
                "the spike's error is -4 KiB",
                "wrong about a/fixed, b/buggy",
            ],
        ),
        (
            ToolCost("leaklab", "failed: x"),
            SpikeErrors("leaklab", "failed: y"),
            ToolTally("leaklab"),
            ["the cost (failed: x)", "the spike (failed: y)"],
        ),
    ],
)
def test_only_the_goals_of_leaklab_itself_can_be_missed(
    cost: ToolCost, spike: SpikeErrors, tally: ToolTally, expected: list[str]
) -> None:
    other = ToolCost("mprof", "", 9, (1, 9), None, Interval(9, 9, 9), Interval(9 * MIB, 0, 0))
    findings = Findings("w", 6, (cost, other), (spike, SpikeErrors("mprof", "", (9,))), (tally,))
    assert expected == missed(findings)


def test_the_tables_have_a_row_for_tools_that_are_not_installed() -> None:
    trouble = "not installed: pip install memray"
    findings = Findings(
        "w",
        6,
        (ToolCost("memray", trouble),),
        (SpikeErrors("memray", trouble),),
        (ToolTally("x", trouble),),
    )
    costs, spiked, verdicts = tool_tables(findings)
    assert ("memray", "-", trouble, "-", "-", "-") == costs.rows[0]
    assert ("memray", trouble, "-", "-") == spiked.rows[0]
    assert ("x", trouble, "-", "-", "-", "-") == verdicts.rows[0]
    assert "all met" in verdicts.notes[-1]
    assert f"| memray | {trouble} | - | - |" in markdown(spiked)


def test_the_worst_error_is_the_one_furthest_from_zero() -> None:
    spike = SpikeErrors("a", errors_bytes=(3, -7, 5))
    assert (3, -7) == (spike.median_bytes, spike.worst_bytes)
