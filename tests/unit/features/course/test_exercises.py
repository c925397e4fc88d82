from pathlib import Path

import pytest

import toy_course
from leaklab.catalogue.folders import Catalogue
from leaklab.features.course.exercise_proofs import chosen_exercises
from leaklab.features.course.exercises import exercises_of
from leaklab.features.course.hints import hints_of, in_words_of_course
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Pattern, Variant


def test_exercises_are_in_the_order_of_level_and_name_with_numbers_from_1(tmp_path: Path) -> None:
    exercises = exercises_of(toy_course.make_course(tmp_path))
    assert [(e.number, e.name) for e in exercises] == [
        (1, "night_shift"),
        (2, "quiet_room"),
        (3, "still_water"),
    ]


def test_a_learner_of_a_pair_gets_buggy_and_its_truth(tmp_path: Path) -> None:
    exercise = toy_course.exercise_of(tmp_path)
    assert exercise.variant is Variant.BUGGY
    assert exercise.program == toy_course.BUGGY
    assert exercise.reference == toy_course.FIXED
    assert exercise.leaks
    assert exercise.truth.culprit == toy_course.CULPRIT


@pytest.mark.parametrize("name", ["quiet_room", "still_water"])
def test_an_innocent_program_is_its_own_reference_and_has_no_culprit(
    tmp_path: Path, name: str
) -> None:
    exercise = toy_course.exercise_of(tmp_path, name)
    assert exercise.program == exercise.reference
    assert not exercise.leaks
    assert exercise.truth.culprit == ""
    assert exercise.is_graded


def test_the_title_is_that_of_the_story(tmp_path: Path) -> None:
    assert toy_course.exercise_of(tmp_path).title == "Night shift"


def test_a_catalogue_without_exercises_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    with pytest.raises(BadInput, match="has no exercises"):
        exercises_of(Catalogue(tmp_path))


def test_the_fixed_program_has_hints_of_its_own(tmp_path: Path) -> None:
    assert hints_of(toy_course.exercise_of(tmp_path, "still_water")) == ["e", "f", "g", "h"]


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("Run `leaklab run open_orders`.", "Run `leaklab learn measure`."),
        (
            "`leaklab profile open_orders --with memray`",
            "`leaklab learn profile --with memray`",
        ),
        ("See scenarios/open_orders/buggy.py:3.", "See program.py:3."),
        ("See fixed.py.", "See program.py."),
        ("open_orders keeps them", "the program keeps them"),
        ("reopen_orders_now stays", "reopen_orders_now stays"),
    ],
)
def test_a_hint_has_the_commands_of_the_course_and_not_the_scenarios_name(
    hint: str, shown: str
) -> None:
    assert in_words_of_course(hint, "open_orders") == shown


def test_proofs_are_of_exercises_by_either_name(tmp_path: Path) -> None:
    exercises = exercises_of(toy_course.make_course(tmp_path))
    assert [e.name for e in chosen_exercises(exercises, ["idle_steps", "still_water"])] == [
        "quiet_room",
        "still_water",
    ]
    assert chosen_exercises(exercises, []) == exercises
    with pytest.raises(BadInput, match="no exercise 'nothing'"):
        chosen_exercises(exercises, ["nothing"])


def test_the_pattern_of_a_control_is_none(tmp_path: Path) -> None:
    assert toy_course.exercise_of(tmp_path, "quiet_room").truth.pattern is Pattern.NONE
