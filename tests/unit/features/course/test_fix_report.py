import msgspec
import pytest

import toys
from leaklab.features.course.check_plan import CheckPlan, contract_units
from leaklab.features.course.fix_check import until_problem
from leaklab.features.course.fix_report import (
    OUTSIDE_BYTES,
    FixReport,
    ModeReport,
    leak_problems,
    memory_outside,
    quick_problems,
)
from leaklab.model.job import Limits
from leaklab.model.measurement import EndReason
from leaklab.model.result import Result
from leaklab.model.scenario import Criterion, Mode, Resource, Scope, Variant
from leaklab.model.verdicts import Conclusion

CLEAN = toys.result(variant=Variant.FIXED)
LEAKS = toys.result()
LIMITS = Limits(memory_bytes=64 << 20, time_seconds=60.0)


def with_peak(peak: int) -> Result:
    """Return the result of a tree that is judged by its peak."""
    return msgspec.structs.replace(
        CLEAN,
        judge=Criterion.PEAK,
        min_ratio=2.0,
        scope=Scope.TREE,
        tree_peak_pss_bytes=peak,
    )


def mode_report(mode: Mode, *problems: str) -> ModeReport:
    return ModeReport(mode=mode, own=CLEAN, reference=CLEAN, problems=list(problems))


def test_a_clean_run_has_no_problems_and_a_leak_has() -> None:
    assert leak_problems(CLEAN, None) == []
    assert leak_problems(LEAKS, None) == ["it still leaks memory"]


def test_a_stopped_run_is_a_problem() -> None:
    stopped = msgspec.structs.replace(CLEAN, end_reason=EndReason.TIME_LIMIT)
    assert any("time limit" in problem for problem in leak_problems(stopped, None))


def test_an_undecided_verdict_is_a_problem() -> None:
    verdict = msgspec.structs.replace(CLEAN.verdict, conclusion=Conclusion.UNDECIDED, reasons=[])
    undecided = msgspec.structs.replace(CLEAN, verdict=verdict)
    assert leak_problems(undecided, None) == ["the verdict is undecided: no reason is known"]
    [quick] = quick_problems(undecided, None)
    assert quick.startswith("it is too soon to tell")


def test_a_leak_of_another_resource_is_a_problem() -> None:
    others = {Resource.DESCRIPTORS: Conclusion.LEAK, Resource.THREADS: Conclusion.CLEAN}
    verdict = msgspec.structs.replace(CLEAN.verdict, others=others)
    leaks = msgspec.structs.replace(CLEAN, verdict=verdict)
    assert leak_problems(leaks, None) == ["it leaks descriptors"]


@pytest.mark.parametrize(("excess", "is_outside"), [(0, False), (1, True)])
def test_memory_that_the_processes_do_not_show_is_a_problem(
    excess: int, *, is_outside: bool
) -> None:
    inside = sum(p.baseline_rss_bytes + p.whole_peak_rss_bytes for p in CLEAN.processes)
    peak = inside + OUTSIDE_BYTES + inside // 10 + excess
    result = msgspec.structs.replace(CLEAN, tree_peak_pss_bytes=peak)
    assert (memory_outside(result) > 0) is is_outside
    assert bool(leak_problems(result, None)) is is_outside


@pytest.mark.parametrize(
    ("before", "own", "problems"),
    [
        (100, 50, []),
        (100, 51, ["its peak is 1/1.96 of that before; 1/2 is asked"]),
        (None, 50, ["its peak could not be compared with that of the program before"]),
    ],
)
def test_a_pair_of_peaks_is_compared_with_the_program_before(
    before: int | None, own: int, problems: list[str]
) -> None:
    mine = with_peak(own)
    first = with_peak(before) if before else None
    assert leak_problems(mine, first) == problems
    assert quick_problems(mine, first) == problems


def test_a_report_passes_with_runs_and_without_problems() -> None:
    assert FixReport(modes=[mode_report(Mode.INLINE)]).passes
    assert not FixReport().passes
    assert not FixReport(problems=["x"], modes=[mode_report(Mode.INLINE)]).passes
    report = FixReport(problems=["x"], modes=[mode_report(Mode.FORK, "y")])
    assert report.all_problems == ["x", "fork: y"]


def test_no_mode_is_measured_after_one_with_a_problem() -> None:
    reports = [mode_report(Mode.INLINE), mode_report(Mode.FORK, "y"), mode_report(Mode.SPAWN)]
    assert list(until_problem(reports)) == reports[:2]


def test_the_whole_check_draws_a_size_at_which_what_fills_is_full() -> None:
    whole, quick = (
        CheckPlan((Mode.INLINE,), LIMITS, with_reference=known) for known in (True, False)
    )
    assert contract_units(20_000, whole) == range(10_000, 15_001)
    assert contract_units(100, whole) == range(100, 401)
    assert contract_units(20_000, quick).stop < 100
