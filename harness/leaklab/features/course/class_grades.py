"""The grades of a class: each workspace's answers and programs, judged by the full catalogue.

What a workspace says of itself is not believed: its answers are graded again, and its programs are
checked again.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from leaklab.catalogue.folders import Catalogue
from leaklab.features.course.check_plan import CheckPlan
from leaklab.features.course.course_state import ExerciseProgress, read_state
from leaklab.features.course.exercises import Exercise
from leaklab.features.course.fix_check import LearnersProgram, check_fix
from leaklab.features.course.grading import graded_answer, graded_diagnosis
from leaklab.features.course.workspace import Workspace
from leaklab.model.errors import BadInput, LabError, one_line
from leaklab.runs.listener import Listener


class ExerciseGrade(Struct, frozen=True, kw_only=True):
    """What one learner achieved in one exercise.

    Attributes:
        workspace: The learner's folder.
        exercise: The exercise.
        answer_at: The number of the first right answer, from 1; None if there is none.
        diagnosis_at: The number of the first right diagnosis; None if there is none, or the
            program does not leak.
        hints: How many hints were shown.
        fix: `passed`, `unchanged`, or why the program does not pass.
        begun: When the exercise was begun.
        finished: When it was passed or given up; empty if it was not.
        gave_up: Whether the solution was shown.
    """

    workspace: str
    exercise: str
    answer_at: int | None
    diagnosis_at: int | None
    hints: int
    fix: str
    begun: str
    finished: str
    gave_up: bool


PASSED, UNCHANGED = "passed", "unchanged"


def grades_of(
    catalogue: Catalogue, workspace: Workspace, plan: CheckPlan, listener: Listener
) -> Iterator[ExerciseGrade]:
    """Grade the exercises of a workspace that were begun or changed.

    Args:
        catalogue: The catalogue with the truth.
        workspace: The learner's folder, with the exercises of that catalogue.
        plan: How a changed program is checked.
        listener: Receives the progress.
    """
    state, _ = read_state(workspace.folder)
    for exercise in workspace.exercises:
        progress = state.of(exercise.name)
        source = _source_of(workspace, exercise)
        if progress.begun or (source is not None and source != exercise.program):
            program = LearnersProgram(
                catalogue, exercise, source or "", workspace.program_of(exercise)
            )
            yield ExerciseGrade(
                workspace=str(workspace.folder),
                exercise=exercise.name,
                answer_at=_first(answers_right(exercise, progress)),
                diagnosis_at=_first(diagnoses_right(exercise, progress)),
                hints=progress.hints,
                fix=_fix(program, plan, listener),
                begun=progress.begun,
                finished=progress.finished,
                gave_up=progress.gave_up,
            )


def answers_right(exercise: Exercise, progress: ExerciseProgress) -> list[bool]:
    """Grade the answers again, in their order."""
    return [graded_answer(exercise, a.conclusion, a.resource).right for a in progress.answers]


def diagnoses_right(exercise: Exercise, progress: ExerciseProgress) -> list[bool]:
    """Grade the diagnoses again, in their order, by the lines of the original program."""
    original = exercise.program
    return [
        graded_diagnosis(exercise, (d.file, d.line), d.pattern, original).is_right
        for d in progress.diagnoses
    ]


def find_workspaces(folders: Sequence[Path], exercises: Sequence[Exercise]) -> list[Workspace]:
    """Return the workspaces of a class.

    Raises:
        BadInput: A folder does not exist, or is not a workspace.
    """
    for folder in folders:
        if not folder.is_dir():
            raise BadInput(f"{folder} is not a folder: name the learners' workspaces")
    workspaces = [Workspace(folder, tuple(exercises)) for folder in folders]
    for workspace in workspaces:
        if not any(workspace.folder_of(exercise).is_dir() for exercise in exercises):
            raise BadInput(f"{workspace.folder} is not a workspace: it has no exercise's folder")
    return workspaces


def _first(rights: Sequence[bool]) -> int | None:
    return rights.index(True) + 1 if True in rights else None


def _source_of(workspace: Workspace, exercise: Exercise) -> str | None:
    try:
        return workspace.source_of(exercise)
    except BadInput:
        return None


def _fix(program: LearnersProgram, plan: CheckPlan, listener: Listener) -> str:
    """Return whether a changed program passes; what cannot be checked is named."""
    if not program.source:
        return "the file is missing"
    if program.source == program.exercise.program:
        return UNCHANGED
    if not program.exercise.leaks:
        return "changed, and there was nothing to fix"
    try:
        report = check_fix(program, plan, listener)
    except LabError as error:
        return f"not checked: {one_line(str(error))}"
    return PASSED if report.passes else "; ".join(report.all_problems)
