"""Figures are repeatable, and are those of the workload alone."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from process.conftest import TOYS, Leaklab, complaints, unwrapped

pytestmark = pytest.mark.process

IN_A_FAT_HARNESS = """
import sys
from pathlib import Path
from leaklab.catalogue.folders import open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.model.job import Limits
from leaklab.runs.executor import ProcessExecutor
ballast = bytearray(b"x") * int(sys.argv[1])
catalogue = open_catalogue(Path(sys.argv[2]))
job = plan(catalogue, PlanRequest(names=["grow"]))[0]
with ProcessExecutor(catalogue, Limits(memory_bytes=1 << 30, time_seconds=60)) as executor:
    print(executor.execute(job, lambda _: None).processes[0].peak_rss_bytes)
"""


def runs(leaklab: Leaklab, *arguments: str) -> list[dict[str, Any]]:
    result = leaklab("run", *arguments, "--json")
    assert complaints(result) == []
    document: list[dict[str, Any]] = json.loads(result.stdout)
    return document


def test_exact_peaks_are_the_same_to_the_byte_beside_a_busy_neighbour(leaklab: Leaklab) -> None:
    modes = ["--mode", "inline", "--mode", "fork"]
    result = leaklab("soak", "word_index", "--rounds", "2", "--jobs", "2", *modes)
    assert "8 runs: 0 wrong verdicts, 0 spreads wider than declared" in result.stdout
    assert result.returncode == 0


def test_a_larger_harness_does_not_change_a_peak_by_one_page(
    place: Path, environment: dict[str, str]
) -> None:
    def peak(ballast_bytes: int) -> int:
        arguments = [sys.executable, "-c", IN_A_FAT_HARNESS, str(ballast_bytes), str(TOYS)]
        result = subprocess.run(
            arguments, cwd=place, env=environment, capture_output=True, text=True, check=True
        )
        return int(result.stdout)

    assert peak(0) == peak(300_000_000)


def test_a_scenario_that_prints_100_mb_does_not_change_the_next_ones_peak(toy: Leaklab) -> None:
    alone = runs(toy, "grow")
    after = runs(toy, "chatty", "grow")
    assert after[0]["end_reason"] == "completed"
    assert [r["peak_rss_bytes"] for r in alone] == [r["peak_rss_bytes"] for r in after[1:]]


def test_a_peak_follows_the_law_of_its_program_to_within_a_few_pages(toy: Leaklab) -> None:
    arguments = ["--variant", "buggy", "-o", "bytes_per_unit=65536"]
    (run,) = runs(toy, "grow", *arguments)
    assert 200 * 65536 <= run["peak_rss_bytes"] <= 200 * 65536 * 1.05
    assert run["verdict"]["per_unit"] == pytest.approx(65536, rel=0.02)


def test_another_seed_is_another_run_and_the_same_seed_the_same(leaklab: Leaklab) -> None:
    def heap(seed: int) -> list[int]:
        arguments = ["word_index", "--variant", "buggy", "--units", "100", "--seed", str(seed)]
        (run,) = runs(leaklab, *arguments)
        assert run["seed"] == seed
        result: list[int] = run["processes"][0]["samples"]["heap_bytes"]
        return result

    assert heap(1) == heap(1)
    assert heap(1) != heap(2)


def test_a_cache_cut_off_before_it_is_full_is_undecided(leaklab: Leaklab) -> None:
    result = leaklab("run", "warm_cache", "--units", "100")
    assert result.returncode == 1
    assert "undecided (known: clean): 100 of the 3,200 units" in unwrapped(result.stdout)


def test_a_result_lists_the_controls_that_make_a_run_repeatable(toy: Leaklab) -> None:
    (run,) = runs(toy, "faulty")
    controls = run["controls"]
    assert (controls["aslr_off"], controls["high_water_reset"]) == (True, True)
    assert controls["pinned_cpu"] is not None
    assert controls["refused"] == []
    assert {"python", "kernel", "machine", "git_commit"} <= set(run["environment"])


def test_a_run_is_sampled_at_most_192_times_however_long_it_is(toy: Leaklab) -> None:
    (run,) = runs(toy, "grow", "--variant", "fixed", "--units", "100000")
    units = run["processes"][0]["samples"]["units"]
    assert 96 <= len(units) <= 193
    assert (units[0], units[-1]) == (0, 100_000)
    assert units == sorted(set(units))


def test_the_word_index_gets_the_same_articles_over_http(leaklab: Leaklab) -> None:
    arguments = ["word_index", "--variant", "fixed", "--units", "70", "-o"]
    ((own,), (fetched,)) = (runs(leaklab, *arguments, f"source={s}") for s in ("synthetic", "http"))
    assert [own["end_reason"], fetched["end_reason"]] == ["completed", "completed"]
    assert fetched["peak_rss_bytes"] > own["peak_rss_bytes"]


def test_the_word_index_grows_with_a_dump_read_again_and_again(
    leaklab: Leaklab, place: Path
) -> None:
    page = "<page><title>{0}</title><ns>0</ns><revision><text>{1}</text></revision></page>"
    text = [page.format(f"T{n}", " ".join(f"w{n}x{k}" for k in range(2000))) for n in range(20)]
    (place / "dump.xml").write_text(f"<mediawiki>{''.join(text)}</mediawiki>")
    buggy, fixed = runs(leaklab, "word_index", "-o", "dump=dump.xml")
    assert (buggy["verdict"]["conclusion"], fixed["verdict"]["conclusion"]) == (
        "leak",
        "clean",
    )
