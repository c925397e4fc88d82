import re
from pathlib import Path

import pytest

import toy_course
from leaklab.catalogue.folders import open_catalogue
from leaklab.features.course.exercises import exercises_of
from leaklab.features.course.hand_out import COURSE, write_hand_out
from leaklab.model.errors import BadInput, NotSaved

TRUTH = ("growth =", "culprit", "allocation", "exercise_variant", "exercise_hints", "[buggy]")


def files_of(folder: Path) -> dict[str, str]:
    """Return the text of every file below a folder, by its path."""
    texts = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            texts[str(path.relative_to(folder))] = path.read_text(encoding="utf-8")
    return texts


def test_a_hand_out_has_no_truth_no_hints_and_no_fixed_program(tmp_path: Path) -> None:
    catalogue = toy_course.make_course(tmp_path / "catalogue")
    write_hand_out(catalogue, exercises_of(catalogue), tmp_path / "out")
    files = files_of(tmp_path / "out")
    assert not [name for name in files if re.search("README|buggy|fixed", name)]
    for name, text in files.items():
        assert toy_course.FIXED not in text or "still_water" in name
        for scenario in ("open_orders", "idle_steps", "bounded_orders"):
            assert scenario not in text + name
    settings = [text for name, text in files.items() if name.endswith("scenario.toml")]
    assert len(settings) == 3
    for text in settings:
        assert "hints = []" in text
        assert not [word for word in TRUTH if word in text]
    # what leaks cannot be told from the settings: they differ by their names alone
    assert (
        len({re.sub("(?i)night.shift|quiet.room|still.water", "", text) for text in settings}) == 1
    )


def test_a_folder_with_files_is_refused(tmp_path: Path) -> None:
    catalogue = toy_course.make_course(tmp_path / "catalogue")
    with pytest.raises(BadInput, match="is not empty"):
        write_hand_out(catalogue, exercises_of(catalogue), tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    catalogue = toy_course.make_course(tmp_path / "catalogue")
    (tmp_path / "file").touch()
    with pytest.raises(NotSaved, match="cannot be written"):
        write_hand_out(catalogue, exercises_of(catalogue), tmp_path / "file" / "out")


def test_the_lab_s_own_hand_out_names_no_scenario_and_no_mistake(tmp_path: Path) -> None:
    catalogue = open_catalogue(None)
    exercises = exercises_of(catalogue)
    write_hand_out(catalogue, exercises, tmp_path / "out")
    files = files_of(tmp_path / "out")
    # names of one word are words of the language, too
    names = {e.scenario.name for e in exercises if "_" in e.scenario.name}
    named = {
        (name, word)
        for name, text in files.items()
        for word in names & set(re.findall(r"\w+", text + name))
    }
    assert named == set()
    for exercise in exercises:
        own = files[f"{COURSE}/scenarios/{exercise.name}/scenario.toml"]
        assert exercise.scenario.summary not in own
        if exercise.leaks:
            assert exercise.reference not in files.values()
