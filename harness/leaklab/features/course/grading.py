"""Grading answers and diagnoses, and the decision whether an exercise is passed."""

from pathlib import PurePath

from leaklab.features.course.course_state import Diagnosis, ExerciseProgress, GivenAnswer
from leaklab.features.course.diagnosis import PROGRAM_FILE, grade_diagnosis
from leaklab.features.course.exercises import Exercise
from leaklab.features.course.fix_report import FixReport
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Pattern, Resource
from leaklab.model.verdicts import Conclusion


def graded_answer(
    exercise: Exercise, conclusion: Conclusion, resource: Resource | None
) -> GivenAnswer:
    """Grade an answer; of a leak, the resource must be right, too."""
    truth = Conclusion.of(leaks=exercise.leaks)
    right = conclusion is truth and (
        truth is Conclusion.CLEAN or resource is exercise.scenario.resource
    )
    return GivenAnswer(conclusion=conclusion, resource=resource, right=right)


def read_place(text: str, source: str, exercise: Exercise) -> tuple[str, int]:
    """Read `FILE:N`; `N` alone is a line of the program.

    Raises:
        BadInput: It has another form, or the program has no such line.
    """
    file, _, number = text.rpartition(":")
    name = PurePath(file or PROGRAM_FILE).name
    if not number.isdecimal():
        raise BadInput(f"{text!r} is not a line: write {PROGRAM_FILE}:12")
    lines = len(source.splitlines())
    if name == PROGRAM_FILE and not 1 <= int(number) <= lines:
        raise BadInput(f"{PROGRAM_FILE} of {exercise.name} has {lines} lines: name one of them")
    return name, int(number)


def graded_diagnosis(
    exercise: Exercise, place: tuple[str, int], pattern: Pattern, current: str
) -> Diagnosis:
    """Grade a diagnosis of the learner's program, which may have been changed."""
    grade = grade_diagnosis(exercise.truth, place, pattern, current)
    file, line = place
    return Diagnosis(
        file=file,
        line=line,
        pattern=pattern,
        line_grade=grade.line,
        pattern_is_right=grade.pattern_is_right,
    )


def passes_as_innocent(exercise: Exercise, progress: ExerciseProgress) -> bool:
    """Return whether the right answer alone passes an exercise, because nothing is to be fixed."""
    innocent = exercise.is_graded and not exercise.leaks
    return innocent and progress.has_right_answer


def fix_passes(
    exercise: Exercise, progress: ExerciseProgress, report: FixReport, *, changed: bool
) -> bool:
    """Return whether a checked program passes the exercise.

    A program without a leak passes unchanged, once the learner has said that it has none. Nothing
    passes in a hand-out, which does not know what leaks.
    """
    if exercise.leaks:
        return report.passes
    return report.passes and not changed and passes_as_innocent(exercise, progress)
