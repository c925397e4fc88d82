import dataclasses
import functools
from typing import Any

import msgspec
import pytest

import toys
from leaklab.catalogue.folders import open_catalogue
from leaklab.model.measurement import Controls, EndReason
from leaklab.model.result import Result
from leaklab.model.scenario import Mode, Variant
from leaklab.reports import Table, plain
from leaklab.reports.advice import advise
from leaklab.reports.runs import Detail, runs
from leaklab.verdict.run import to_result

LONGEST = "cache_without_eviction"


@functools.cache
def judged(variant: Variant, mode: Mode) -> Result:
    return toys.result(variant=variant, mode=mode, workers=2 if mode.is_pool else 1)


def ran(name: str, variant: Variant, mode: Mode, repeat: int = 1) -> Result:
    return msgspec.structs.replace(judged(variant, mode), scenario=name, repeat=repeat)


def lines_of(table: Table) -> list[str]:
    notes = [note for note in table.notes if not note.startswith("note")]
    return plain(dataclasses.replace(table, notes=notes)).splitlines()


@pytest.mark.parametrize("detail", Detail)
def test_every_scenario_in_every_mode_fits_80_columns(detail: Detail) -> None:
    results = [
        ran(scenario.name, variant, mode, repeat)
        for scenario in open_catalogue(None).load_all()
        for mode in Mode
        for repeat in (1, 2)
        for variant in (Variant.BUGGY, Variant.FIXED)
    ]
    lines = lines_of(runs(results, detail))
    assert max(map(len, lines)) <= 80
    assert f"  {'fixed':<7}  multiprocess" in "\n".join(lines)


def test_a_table_of_inline_runs_names_each_scenario_once() -> None:
    results = [ran("word_index", v, Mode.INLINE) for v in (Variant.BUGGY, Variant.FIXED)]
    assert lines_of(runs(results)) == [
        "scenario    variant  peak RSS  growth/unit  verdict",
        "word_index  buggy     1.6 MiB       +4 KiB  leak",
        "            fixed         0 B            0  clean",
    ]


def test_processes_are_listed_below_their_run() -> None:
    results = [ran(LONGEST, Variant.BUGGY, Mode.FORKSERVER)]
    assert lines_of(runs(results, Detail.PROCESSES)) == [
        "scenario, variant, mode  peak RSS  growth/unit  verdict",
        "cache_without_eviction",
        "  buggy    forkserver     1.6 MiB       +4 KiB  leak",
        "    parent                    0 B            0  clean",
        "    worker 1              1.6 MiB       +4 KiB  leak",
        "    worker 2              1.6 MiB       +4 KiB  leak",
    ]


def test_a_stopped_run_says_so_in_its_row_and_its_limit_is_named_below() -> None:
    trace = toys.ToyExecutor(lambda _: EndReason.MEMORY_LIMIT).execute(toys.job(), lambda _: None)
    table = runs([to_result(toys.job(), trace, toys.ENVIRONMENT)])
    assert plain(table).splitlines()[1].endswith("  stopped")
    notes = "\n".join(table.notes)
    assert "stopped: memory limit after 200 units, but a verdict needs 400: raise" in notes
    assert "note: a run was stopped at a limit; raise --memory-limit" in notes


def test_a_wrong_verdict_is_marked_beside_the_right_verdicts_of_other_repeats() -> None:
    wrong = toys.result(variant=Variant.FIXED, as_expected=False, repeat=2)
    table = runs([toys.result(variant=Variant.FIXED), wrong])
    assert table.rows[0][-1] == "clean/clean WRONG"
    assert table.alarms == {0}


def remarks(**changes: Any) -> list[str]:
    controls = Controls(aslr_off=True, huge_pages_off=True, high_water_reset=True, **changes)
    return advise([toys.result(controls=controls)])


def test_there_is_no_remark_if_all_controls_are_in_force() -> None:
    assert remarks() == []


def test_a_refused_control_is_named_with_the_one_in_force() -> None:
    refused = ["memory cgroup: none is delegated here"]
    (line,) = remarks(refused=refused, process_limit_by="cgroup v1")
    assert line.startswith(
        "refused here: memory cgroup: none is delegated here (limits in force instead: memory by "
        "observer, processes by cgroup v1)"
    )


def test_a_program_that_changes_its_affinity_is_named_once() -> None:
    moved = [toys.process([1, 2]), toys.process([1, 2], pin_kept=False)]
    controls = Controls(aslr_off=True, huge_pages_off=True, high_water_reset=True)
    result = toys.result(processes=moved, controls=controls)
    (line,) = advise([result, result])
    assert "peaks of grow-4096/buggy/inline may differ by some 100 KiB" in line
