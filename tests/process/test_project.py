"""`leaklab project` on real, short runs of the toy that keeps one piece per unit."""

import json
from pathlib import Path

import pytest

from process.conftest import Leaklab, one_line

pytestmark = pytest.mark.process

SHORT = ["project", "grow", "--variant", "buggy", "--sizes", "6"]
FAR_UNITS = 1_000_000


def test_a_leak_of_4_kib_a_unit_is_projected_by_a_line(toy: Leaklab, place: Path) -> None:
    far = ["--units", str(FAR_UNITS), "--limit", "4GiB"]
    result = toy(*SHORT, *far, "--json", "--plot", "chart.svg")
    assert (0, "") == (result.returncode, result.stderr)
    assert "buggy: linear" in (place / "chart.svg").read_text()
    (outcome,) = json.loads(result.stdout)
    assert "linear" == outcome["laws"]["fits"][0]["law"]
    # malloc adds 16 bytes to the piece, the object's header 33, and the list an entry.
    peak = outcome["prediction"]["peak_bytes"]
    assert 4096 * FAR_UNITS < peak < 1.05 * 4096 * FAR_UNITS
    assert outcome["prediction"]["low_bytes"] < peak < outcome["prediction"]["high_bytes"]
    assert 950_000 < outcome["crossing"]["units"] < 1_048_576
    assert 6 == len(outcome["points"])


def test_a_run_that_reaches_its_limit_is_reported_in_one_line_with_the_remedy(toy: Leaklab) -> None:
    arguments = ["--units", "20000", "--largest", "20000", "--memory-limit", "40MB"]
    result = toy(*SHORT, *arguments)
    assert (3, "") == (result.returncode, result.stdout)
    line = one_line(result)
    assert line.startswith("leaklab: grow/buggy/inline: stopped: memory limit after ")
    assert line.endswith("give a --largest below 20000, or raise --memory-limit")


def test_a_largest_size_without_room_for_smaller_sizes_is_bad_input(toy: Leaklab) -> None:
    result = toy(*SHORT, "--units", "9", "--largest", "10")
    assert (2, "") == (result.returncode, result.stdout)
    assert one_line(result).endswith("raise --largest")
