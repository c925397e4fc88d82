"""Edited programs have no known verdict."""

from pathlib import Path

import pytest

from leaklab.catalogue.checksums import CHECKSUM_FILE, checksums_text
from leaklab.catalogue.folders import Catalogue, builtin_root
from leaklab.model.scenario import Variant


@pytest.fixture
def checkout(tmp_path: Path) -> Catalogue:
    """Another checkout of the lab, with one of its scenarios."""
    (tmp_path / "harness" / "leaklab").mkdir(parents=True)
    folder = tmp_path / "scenarios" / "word_index"
    folder.mkdir(parents=True)
    for path in (builtin_root() / "scenarios" / "word_index").iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    (tmp_path / "scenarios" / CHECKSUM_FILE).write_text(checksums_text(tmp_path))
    return Catalogue(tmp_path)


def edit(catalogue: Catalogue, name: str) -> None:
    path = catalogue.folder("word_index") / name
    path.write_text(path.read_text() + "\n")


def test_an_unchanged_program_has_a_known_verdict(checkout: Catalogue) -> None:
    assert checkout.load("word_index").leaks(Variant.BUGGY)


def test_an_edited_program_has_no_known_verdict_and_its_twin_has(checkout: Catalogue) -> None:
    edit(checkout, "buggy.py")
    scenario = checkout.load("word_index")
    assert scenario.leaks(Variant.BUGGY) is None
    assert scenario.leaks(Variant.FIXED) is False


def test_an_edited_workload_removes_every_known_verdict(checkout: Catalogue) -> None:
    edit(checkout, "workload.py")
    scenario = checkout.load("word_index")
    assert [scenario.leaks(variant) for variant in scenario.variants] == [None, None]


def test_an_unlisted_scenario_has_the_verdict_that_its_author_declares(checkout: Catalogue) -> None:
    (checkout.root / "scenarios" / CHECKSUM_FILE).write_text("")
    assert checkout.load("word_index").leaks(Variant.BUGGY)


def test_the_lab_vouches_only_for_the_units_of_its_own_catalogue(
    checkout: Catalogue, tmp_path: Path
) -> None:
    assert checkout.load("word_index").is_vouched
    (tmp_path / "harness" / "leaklab").rmdir()
    assert not Catalogue(tmp_path).load("word_index").is_vouched
