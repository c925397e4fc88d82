"""The detection limit in short: every leak once, and two clean programs."""

import json
from pathlib import Path

import pytest

from process.conftest import Leaklab, complaints

pytestmark = pytest.mark.process


def test_the_smallest_leaks_are_found_and_no_clean_program_is_accused(
    leaklab: Leaklab, place: Path
) -> None:
    names = ["block", "descriptor", "native", "object", "cycles", "noop"]
    arguments = [
        "--repeat",
        "1",
        "--clean-runs",
        "2",
        "--jobs",
        "2",
        "--json",
        "--write",
        "limit.md",
    ]
    result = leaklab("selftest", "detection-limit", *names, *arguments)
    assert [] == complaints(result)
    outcome = json.loads(result.stdout)
    assert [1] * 4 == [one["said"]["leak"] for one in outcome if one["leaks"]]
    assert [0] * 2 == [one["said"]["leak"] for one in outcome if not one["leaks"]]
    assert [1] * 6 == [one["runs"] for one in outcome]
    document = (place / "limit.md").read_text()
    assert document.startswith("# What the lab costs\n\n<!-- conclusion: begin -->\n")
    assert "<!-- detection-limit: begin -->\n## The detection limit\n" in document
    assert "2 clean runs: 0 false alarms" in document
