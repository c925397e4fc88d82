"""The confusion matrix of a catalogue in which one variant is declared wrongly."""

import json
import shutil
from pathlib import Path

import pytest

from process.conftest import TOYS, Leaklab, complaints, one_line

pytestmark = pytest.mark.process

WORDS = ["matrix", "grow", "--mode", "inline", "--jobs", "2"]


def test_a_matrix_without_wrong_verdicts_passes(toy: Leaklab, place: Path) -> None:
    result = toy(*WORDS, "--write", "matrix.md")
    assert (0, []) == (result.returncode, complaints(result))
    assert "2 runs, 2 as known" == result.stdout.splitlines()[-1]
    document = (place / "matrix.md").read_text()
    assert "`leaklab selftest matrix grow --mode inline` at " in document
    assert "| leak | 1 | 0 | 0 | 0 |\n| clean | 0 | 1 | 0 | 0 |" in document


def test_wrong_verdicts_and_failed_runs_are_named(leaklab: Leaklab, place: Path) -> None:
    root = shutil.copytree(TOYS, place / "root", ignore=shutil.ignore_patterns("__pycache__"))
    grow = root / "scenarios" / "grow"
    shutil.copy(grow / "fixed.py", grow / "buggy.py")
    (grow / "fixed.py").write_text("raise SystemError('no')")
    result = leaklab(*WORDS, "--json", "--catalogue", str(root))
    assert 3 == result.returncode
    document = json.loads(result.stdout)
    buggy, fixed = document["not_right"]
    assert ("grow/buggy/inline", "clean") == (buggy["run"], buggy["said"])
    assert ("grow/fixed/inline", "not measured") == (fixed["run"], fixed["said"])
    assert "SystemError" in fixed["reason"]


def test_an_unwritable_document_is_reported_before_any_run(toy: Leaklab, place: Path) -> None:
    result = toy(*WORDS, "--write", "nowhere/matrix.md")
    assert 3 == result.returncode
    assert "nowhere/matrix.md cannot be written: No such file" in one_line(result)
    assert not (place / "results").exists()
