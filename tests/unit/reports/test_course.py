"""What the course says is next, and what it shows of steps, hints and processes."""

from pathlib import Path

import pytest

from leaklab.catalogue.folders import Catalogue
from leaklab.features.course.course_state import ExerciseProgress, GivenAnswer, Step
from leaklab.features.course.exercises import Exercise, exercises_of
from leaklab.features.course.hand_out import write_hand_out
from leaklab.features.course.observing import Glance, ProcessRow
from leaklab.model.scenario import Resource
from leaklab.model.verdicts import Conclusion
from leaklab.reports.course import ANSWER, hints_text, next_text
from leaklab.reports.course_figures import top_table
from leaklab.reports.table import plain
from toy_course import exercise_of, make_course

MEASURED = [Step.DETECT, Step.CONFIRM]


def answer(conclusion: Conclusion, *, right: bool) -> GivenAnswer:
    resource = Resource.MEMORY if conclusion is Conclusion.LEAK else None
    return GivenAnswer(conclusion=conclusion, resource=resource, right=right)


RIGHT = answer(Conclusion.LEAK, right=True)
WRONG = answer(Conclusion.CLEAN, right=False)


@pytest.fixture
def exercise(tmp_path: Path) -> Exercise:
    return exercise_of(tmp_path)


@pytest.fixture
def handed_out(tmp_path: Path) -> Exercise:
    catalogue = make_course(tmp_path / "catalogue")
    write_hand_out(catalogue, exercises_of(catalogue), tmp_path / "out")
    return exercises_of(Catalogue(tmp_path / "out" / ".course"))[0]


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        (ExerciseProgress(), "leaklab learn watch "),
        (ExerciseProgress(steps=[Step.DETECT]), "leaklab learn measure "),
        (ExerciseProgress(steps=MEASURED), ANSWER),
        (ExerciseProgress(steps=MEASURED, answers=[WRONG]), ANSWER),
        (ExerciseProgress(steps=MEASURED, answers=[WRONG, RIGHT]), "leaklab learn simplify "),
        (ExerciseProgress(steps=list(Step), answers=[RIGHT]), "leaklab learn check"),
        (ExerciseProgress(passed=True), "leaklab learn next"),
        (ExerciseProgress(gave_up=True), "leaklab learn next"),
    ],
)
def test_the_next_step_is_the_first_that_is_missing(
    exercise: Exercise, progress: ExerciseProgress, expected: str
) -> None:
    assert next_text(exercise, progress).startswith(expected)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([], ANSWER),
        ([answer(Conclusion.LEAK, right=False)], "leaklab learn simplify "),
        ([WRONG], "leaklab learn next"),
    ],
)
def test_in_a_hand_out_any_answer_leads_on(
    handed_out: Exercise, answers: list[GivenAnswer], expected: str
) -> None:
    progress = ExerciseProgress(steps=MEASURED, answers=answers)
    assert next_text(handed_out, progress).startswith(expected)


@pytest.mark.parametrize("missing", list(Step))
def test_what_is_next_fits_a_line(exercise: Exercise, missing: Step) -> None:
    steps = [step for step in Step if step is not missing]
    text = next_text(exercise, ExerciseProgress(steps=steps, answers=[RIGHT]))
    assert len(f"Next: {text}") <= 80


def test_hints_are_counted_and_a_hand_out_has_none() -> None:
    assert hints_text(["look", "measure"], 1) == "1. look\n(1 hint left)\n"
    assert hints_text(["look", "measure"], 2).endswith("(that was the last hint)\n")
    assert "no hints" in hints_text([], 0)


def test_a_row_below_a_process_says_what_it_gained_in_80_columns() -> None:
    first = ProcessRow(4_194_304, "python", 4 << 30, 9 << 20, 1 << 20, 0.1, 20, 10, 1)
    now = ProcessRow(4_194_304, "python", 4 << 30, 99 << 20, 1 << 20, 0.2, 1_020, 1_010, 1)
    level = ProcessRow(7, "od", 1 << 20, 1 << 20, 0, 0.0, 3, 0, 1)
    lines = plain(top_table({4_194_304: first, 7: level}, Glance(3.0, (now, level)))).splitlines()
    assert lines[2].split() == ["+90", "MiB", "+1,000", "+1,000"]
    assert lines[3].split()[0] == "7"
    assert max(map(len, lines)) <= 80
