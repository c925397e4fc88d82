from pathlib import Path

import pytest

import toy_course
import toys
from leaklab.catalogue.folders import Catalogue
from leaklab.features.course.course_state import ExerciseProgress, GivenAnswer
from leaklab.features.course.exercises import Exercise, exercises_of
from leaklab.features.course.fix_report import FixReport, ModeReport
from leaklab.features.course.grading import fix_passes, graded_answer, read_place
from leaklab.features.course.hand_out import COURSE, write_hand_out
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Mode, Resource
from leaklab.model.verdicts import Conclusion

LEAK, CLEAN = Conclusion.LEAK, Conclusion.CLEAN
RESULT = toys.result()
PASSES = FixReport(modes=[ModeReport(mode=Mode.INLINE, own=RESULT, reference=RESULT)])
FAILS = FixReport(problems=["it still leaks memory"])
SAID_CLEAN = ExerciseProgress(answers=[GivenAnswer(conclusion=CLEAN, resource=None, right=True)])


@pytest.mark.parametrize(
    ("name", "conclusion", "resource", "right"),
    [
        ("night_shift", LEAK, Resource.MEMORY, True),
        ("night_shift", LEAK, Resource.THREADS, False),
        ("night_shift", CLEAN, None, False),
        ("quiet_room", CLEAN, None, True),
        ("quiet_room", LEAK, Resource.MEMORY, False),
        ("still_water", CLEAN, None, True),
        ("still_water", LEAK, Resource.MEMORY, False),
    ],
)
def test_of_a_leak_the_resource_must_be_right_too(
    tmp_path: Path, name: str, conclusion: Conclusion, resource: Resource | None, *, right: bool
) -> None:
    exercise = toy_course.exercise_of(tmp_path, name)
    assert graded_answer(exercise, conclusion, resource).right is right


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("program.py:3", ("program.py", 3)),
        ("3", ("program.py", 3)),
        ("/home/me/01_night_shift/program.py:3", ("program.py", 3)),
        ("workload.py:999", ("workload.py", 999)),
    ],
)
def test_a_place_is_a_file_and_a_line(tmp_path: Path, text: str, place: tuple[str, int]) -> None:
    exercise = toy_course.exercise_of(tmp_path)
    assert read_place(text, exercise.program, exercise) == place


@pytest.mark.parametrize("text", ["", "program.py", "program.py:", "x:y", "0", "999", "-1", "1.5"])
def test_another_place_is_bad_input(tmp_path: Path, text: str) -> None:
    exercise = toy_course.exercise_of(tmp_path)
    with pytest.raises(BadInput):
        read_place(text, exercise.program, exercise)


def test_a_leak_passes_when_its_fix_does(tmp_path: Path) -> None:
    exercise = toy_course.exercise_of(tmp_path)
    assert fix_passes(exercise, ExerciseProgress(), PASSES, changed=True)
    assert not fix_passes(exercise, ExerciseProgress(), FAILS, changed=True)


@pytest.mark.parametrize("name", ["quiet_room", "still_water"])
def test_an_innocent_program_passes_unchanged_and_after_the_answer(
    tmp_path: Path, name: str
) -> None:
    exercise = toy_course.exercise_of(tmp_path, name)
    assert fix_passes(exercise, SAID_CLEAN, PASSES, changed=False)
    assert not fix_passes(exercise, SAID_CLEAN, PASSES, changed=True)
    assert not fix_passes(exercise, ExerciseProgress(), PASSES, changed=False)


@pytest.fixture
def handed_out(tmp_path: Path) -> list[Exercise]:
    catalogue = toy_course.make_course(tmp_path / "catalogue")
    write_hand_out(catalogue, exercises_of(catalogue), tmp_path / "out")
    return exercises_of(Catalogue(tmp_path / "out" / COURSE))


def test_nothing_passes_in_a_hand_out(handed_out: list[Exercise]) -> None:
    for exercise in handed_out:
        assert not exercise.is_graded
        assert not fix_passes(exercise, SAID_CLEAN, PASSES, changed=False)
        assert not fix_passes(exercise, SAID_CLEAN, PASSES, changed=True)


def test_a_hand_out_has_the_exercises_in_the_same_order(handed_out: list[Exercise]) -> None:
    assert [e.name for e in handed_out] == ["night_shift", "quiet_room", "still_water"]
    assert [e.title for e in handed_out] == ["Night shift", "Quiet room", "Still water"]
