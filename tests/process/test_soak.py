"""The soak test's neighbours, and what it says of a wrong verdict."""

import os
import shutil
from pathlib import Path

import pytest

from leaklab.features.quality.repeatability import busy_neighbours
from process.conftest import TOYS, Leaklab, unwrapped, wait_until

pytestmark = pytest.mark.process


def test_one_neighbour_is_where_the_runs_are_and_one_is_free() -> None:
    allowed = os.sched_getaffinity(0)
    with busy_neighbours() as (pinned, free):
        wait_until(lambda: os.sched_getaffinity(pinned) == {max(allowed)})
        assert os.sched_getaffinity(free) == allowed
        assert [pinned, free] == [os.getsid(pid) for pid in (pinned, free)]
    for pid in (pinned, free):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_wrong_verdict_is_named_below_the_table(leaklab: Leaklab, place: Path) -> None:
    root = shutil.copytree(TOYS, place / "root", ignore=shutil.ignore_patterns("__pycache__"))
    grow = root / "scenarios" / "grow"
    shutil.copy(grow / "fixed.py", grow / "buggy.py")
    arguments = ["soak", "grow", "--mode", "inline", "--rounds", "2", "--jobs", "2"]
    result = leaklab(*arguments, "--catalogue", str(root))
    assert result.returncode == 1
    assert "grow/buggy/inline: clean (known: a leak): " in unwrapped(result.stdout)
    assert "grow/buggy/inline (repeat 2): clean (known: a leak): " in unwrapped(result.stdout)
    assert result.stdout.splitlines()[-1].startswith("saved in results/")


def test_everything_is_soaked_in_every_mode_it_has(toy: Leaklab, place: Path) -> None:
    result = toy("soak", "grow", "--rounds", "1")
    modes = [line.split()[0].split("/")[2] for line in result.stdout.splitlines()[1:11:2]]
    assert modes == ["inline", "fork", "spawn", "forkserver", "multiprocess"]
    assert "10 runs: " in result.stdout
    (session,) = (place / "results").iterdir()
    assert not (session / "plan.json").exists()
