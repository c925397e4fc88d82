"""Leaks that resident memory does not show, or that a collection would free."""

import json
from typing import Any

import pytest

from process.conftest import Leaklab, complaints

pytestmark = pytest.mark.process


def buggy(leaklab: Leaklab, scenario: str) -> dict[str, Any]:
    result = leaklab("run", scenario, "--variant", "buggy", "--json")
    assert complaints(result) == []
    (document,) = json.loads(result.stdout)
    run: dict[str, Any] = document
    return run


def test_a_program_without_the_collector_is_judged_by_its_cycles(leaklab: Leaklab) -> None:
    run = buggy(leaklab, "circular_references")
    assert run["verdict"]["conclusion"] == "leak"
    assert [False] == [process["collector_on"] for process in run["processes"]]


def test_a_leak_smaller_than_the_pages_shows_in_the_blocks(leaklab: Leaklab) -> None:
    run = buggy(leaklab, "small_objects")
    signals = {e["signal"]: e for e in run["verdict"]["estimates"]}
    assert run["verdict"]["conclusion"] == "leak"
    assert signals["blocks"]["low"] <= 0.01 <= signals["blocks"]["high"]  # one in a hundred
    assert signals["anon_bytes"]["conclusion"] != "leak"
