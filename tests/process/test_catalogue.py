"""The scenarios of the catalogue get the right verdicts."""

import json
import shutil
import zlib
from pathlib import Path

import pytest

from leaklab.catalogue.folders import open_catalogue
from leaklab.model.scenario import Mode, Scenario
from process.conftest import TOYS, Leaklab, complaints

pytestmark = pytest.mark.process

SCENARIOS = open_catalogue(None).load_all()


def test_a_scenario_gets_the_right_verdict_in_every_mode(leaklab: Leaklab) -> None:
    result = leaklab("run", "word_index", "warm_cache", "--mode", "all", "--jobs", "2", "--json")
    assert (result.returncode, complaints(result)) == (0, [])
    assert len(json.loads(result.stdout)) == 15


@pytest.mark.parametrize("mode", Mode)
def test_every_scenario_gets_the_right_verdict_inline_and_in_one_more_mode(
    leaklab: Leaklab, mode: Mode
) -> None:
    chosen = [one for one in SCENARIOS if mode in (Mode.INLINE, one_more_mode(one))]
    result = leaklab("run", *(one.name for one in chosen), "--mode", mode, "--jobs", "2", "--json")
    assert (result.returncode, complaints(result)) == (0, [])
    assert {one.name for one in chosen} == {run["scenario"] for run in json.loads(result.stdout)}


def one_more_mode(scenario: Scenario) -> Mode | None:
    """Return one declared pool, chosen by a hash of the name; make matrix runs all of them."""
    pools = [mode for mode in scenario.modes if mode.is_pool]
    return pools[zlib.crc32(scenario.name.encode()) % len(pools)] if pools else None


def test_check_passes_the_catalogue_and_fails_a_broken_contract(
    leaklab: Leaklab, place: Path
) -> None:
    result = leaklab("check")
    count = len(open_catalogue(None).names())
    last = f"{count} scenarios, 0 problems"
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, last)
    root = shutil.copytree(TOYS, place / "root", ignore=shutil.ignore_patterns("__pycache__"))
    path = root / "scenarios" / "grow" / "fixed.py"
    path.write_text(path.read_text().replace("self._pieces[-1]", "self._pieces[0][1:]"))
    result = leaklab("check", "grow", "--catalogue", str(root))
    assert result.returncode == 2
    assert "fixed.py breaks the contract (seed 1)" in result.stdout
    assert "latest() is not the latest piece" in result.stdout
