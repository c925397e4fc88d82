from collections.abc import Callable
from pathlib import Path

import pytest

import toy_course
import toys
from leaklab.catalogue.folders import Catalogue
from leaklab.features.course import class_grades
from leaklab.features.course.check_plan import CheckPlan
from leaklab.features.course.class_grades import (
    ExerciseGrade,
    find_workspaces,
    grades_of,
)
from leaklab.features.course.course_state import (
    STATE,
    CourseState,
    Diagnosis,
    GivenAnswer,
    save_state,
)
from leaklab.features.course.diagnosis import LineGrade, line_of
from leaklab.features.course.exercises import exercises_of
from leaklab.features.course.fix_check import LearnersProgram
from leaklab.features.course.fix_report import FixReport, ModeReport
from leaklab.features.course.workspace import Workspace, init_workspace
from leaklab.model.errors import BadInput, NotMeasured
from leaklab.model.job import Limits
from leaklab.model.scenario import Mode, Pattern, Resource
from leaklab.model.verdicts import Conclusion
from leaklab.runs.listener import Listener

PLAN = CheckPlan((Mode.INLINE,), Limits(memory_bytes=64 << 20, time_seconds=60.0))
RESULT = toys.result()
PASSES = FixReport(modes=[ModeReport(mode=Mode.INLINE, own=RESULT, reference=RESULT)])
CULPRIT = line_of(toy_course.BUGGY, toy_course.CULPRIT)
Check = Callable[[LearnersProgram, CheckPlan, Listener], FixReport]


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return toy_course.make_course(tmp_path / "catalogue")


@pytest.fixture
def workspace(tmp_path: Path, catalogue: Catalogue) -> Workspace:
    exercises = exercises_of(catalogue)
    init_workspace(tmp_path / "ada", exercises)
    return Workspace(tmp_path / "ada", tuple(exercises))


def grade(
    catalogue: Catalogue, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, check: Check
) -> list[ExerciseGrade]:
    monkeypatch.setattr(class_grades, "check_fix", check)
    return list(grades_of(catalogue, workspace, PLAN, Listener()))


def passing(*_: object) -> FixReport:
    return PASSES


def never(*_: object) -> FixReport:
    pytest.fail("nothing was to be checked")


def diagnosis(line: int, pattern: Pattern) -> Diagnosis:
    """Return a diagnosis that claims to be right."""
    return Diagnosis(
        file="program.py",
        line=line,
        pattern=pattern,
        line_grade=LineGrade.RIGHT,
        pattern_is_right=True,
    )


def test_a_workspace_that_was_not_touched_has_no_grades(
    catalogue: Catalogue, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert grade(catalogue, workspace, monkeypatch, never) == []


def test_a_forged_state_is_not_believed(
    catalogue: Catalogue, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = CourseState()
    for exercise in workspace.exercises:
        done = state.of(exercise.name)
        done.begun = done.finished = "2026-11-29T10:00:00+00:00"
        done.passed = True
        wrong = Conclusion.of(leaks=not exercise.leaks)
        done.answers = [GivenAnswer(conclusion=wrong, resource=None, right=True)]
        done.diagnoses = [diagnosis(1, Pattern.UNBOUNDED_BUFFER)]
    save_state(workspace.folder, state)
    grades = grade(catalogue, workspace, monkeypatch, never)
    assert [(g.answer_at, g.diagnosis_at, g.fix) for g in grades] == [(None, None, "unchanged")] * 3


def test_the_first_right_try_is_named(
    catalogue: Catalogue, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = CourseState()
    done = state.of("night_shift")
    done.begun = "2026-11-29T10:00:00+00:00"
    done.answers = [
        GivenAnswer(conclusion=Conclusion.CLEAN, resource=None, right=False),
        GivenAnswer(conclusion=Conclusion.LEAK, resource=Resource.MEMORY, right=False),
    ]
    done.diagnoses = [
        diagnosis(1, Pattern.UNBOUNDED_BUFFER),
        diagnosis(CULPRIT, Pattern.PROCESSED_DATA_KEPT),
        diagnosis(CULPRIT, Pattern.UNBOUNDED_BUFFER),
    ]
    save_state(workspace.folder, state)
    workspace.program_of(workspace.exercises[0]).write_text(toy_course.FIXED)
    [only] = grade(catalogue, workspace, monkeypatch, passing)
    assert (only.answer_at, only.diagnosis_at, only.fix) == (2, 3, "passed")


def test_a_program_that_was_changed_is_checked_though_nothing_was_noted(
    catalogue: Catalogue, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.program_of(workspace.exercises[0]).write_text("changed = 1")
    failing = FixReport(problems=["it does not do its job: x"])
    [only] = grade(catalogue, workspace, monkeypatch, lambda *_: failing)
    assert only.fix == "it does not do its job: x"


def test_an_innocent_program_that_was_changed_is_not_a_fix(
    catalogue: Catalogue, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.program_of(workspace.exercises[1]).write_text("changed = 1")
    [only] = grade(catalogue, workspace, monkeypatch, never)
    assert only.fix == "changed, and there was nothing to fix"


def test_what_cannot_be_checked_is_named_and_the_others_go_on(
    catalogue: Catalogue, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> FixReport:
        """Fail as a run may."""
        raise NotMeasured("no memory\nis left")

    for exercise in workspace.exercises:
        workspace.program_of(exercise).write_text("changed = 1")
    grades = grade(catalogue, workspace, monkeypatch, fail)
    assert grades[0].fix == "not checked: no memory is left"
    assert len(grades) == 3


def test_a_deleted_program_of_a_begun_exercise_is_missing(
    catalogue: Catalogue, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = CourseState()
    state.of("night_shift").begun = "2026-11-29T10:00:00+00:00"
    save_state(workspace.folder, state)
    workspace.program_of(workspace.exercises[0]).unlink()
    [only] = grade(catalogue, workspace, monkeypatch, never)
    assert only.fix == "the file is missing"


def test_a_folder_without_a_workspace_is_bad_input(
    catalogue: Catalogue, workspace: Workspace, tmp_path: Path
) -> None:
    exercises = exercises_of(catalogue)
    assert find_workspaces([workspace.folder], exercises) == [workspace]
    with pytest.raises(BadInput, match="is not a folder"):
        find_workspaces([tmp_path / "nowhere"], exercises)
    with pytest.raises(BadInput, match="is not a workspace"):
        find_workspaces([tmp_path], exercises)
    assert not (tmp_path / STATE).exists()
