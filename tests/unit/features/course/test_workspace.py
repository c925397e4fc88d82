from pathlib import Path

import pytest

import toy_course
from leaklab.features.course.course_state import STATE, CourseState, save_state
from leaklab.features.course.exercises import exercises_of
from leaklab.features.course.workspace import (
    DEFAULT,
    Workspace,
    find_folder,
    init_workspace,
    restore_program,
    write_fixtures,
)
from leaklab.model.errors import BadInput, NotSaved


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    exercises = exercises_of(toy_course.make_course(tmp_path / "catalogue"))
    folder = tmp_path / "course"
    init_workspace(folder, exercises)
    return Workspace(folder, tuple(exercises))


def test_a_workspace_has_a_numbered_folder_for_each_exercise(workspace: Workspace) -> None:
    folders = sorted(path.name for path in workspace.folder.iterdir() if path.is_dir())
    assert folders == ["01_night_shift", "02_quiet_room", "03_still_water"]
    assert sorted(path.name for path in (workspace.folder / folders[0]).iterdir()) == [
        "STORY.md",
        "program.py",
    ]


def test_a_second_init_writes_what_is_missing_and_nothing_else(workspace: Workspace) -> None:
    first, second, _ = workspace.exercises
    workspace.program_of(first).write_text("mine")
    workspace.program_of(second).unlink()
    state = CourseState(current="quiet_room")
    save_state(workspace.folder, state)
    before = (workspace.folder / STATE).read_bytes()
    written = init_workspace(workspace.folder, list(workspace.exercises))
    assert written == [workspace.program_of(second)]
    assert workspace.source_of(first) == "mine"
    assert (workspace.folder / STATE).read_bytes() == before


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    exercises = exercises_of(toy_course.make_course(tmp_path / "catalogue"))
    (tmp_path / "file").touch()
    with pytest.raises(NotSaved, match=r"file.* cannot be written: Not a directory"):
        init_workspace(tmp_path / "file" / "course", exercises)


def test_reset_keeps_each_program_of_the_learner(workspace: Workspace) -> None:
    exercise = workspace.exercises[0]
    kept = []
    for text in ("one", "two"):
        workspace.program_of(exercise).write_text(text)
        kept.append(restore_program(workspace, exercise))
    assert [path and path.name for path in kept] == ["program-1.py", "program-2.py"]
    assert [path and path.read_text() for path in kept] == ["one", "two"]
    assert workspace.source_of(exercise) == exercise.program


def test_reset_of_the_original_or_of_a_missing_file_keeps_nothing(workspace: Workspace) -> None:
    exercise = workspace.exercises[0]
    assert restore_program(workspace, exercise) is None
    workspace.program_of(exercise).unlink()
    assert restore_program(workspace, exercise) is None
    assert workspace.source_of(exercise) == exercise.program


@pytest.mark.parametrize("name", ["quiet_room", "2", "02_quiet_room"])
def test_an_exercise_is_found_by_its_name_number_or_folder(workspace: Workspace, name: str) -> None:
    assert workspace.find(name).name == "quiet_room"


@pytest.mark.parametrize("name", ["idle_steps", "0", "4", "", "quiet"])
def test_another_name_is_bad_input(workspace: Workspace, name: str) -> None:
    with pytest.raises(BadInput, match="no exercise"):
        workspace.find(name)


def test_the_workspace_is_found_from_within_and_from_beside(workspace: Workspace) -> None:
    inside = workspace.folder_of(workspace.exercises[0])
    assert find_folder(inside) == workspace.folder
    beside = workspace.folder.parent
    workspace.folder.rename(beside / DEFAULT)
    assert find_folder(beside) == beside / DEFAULT
    with pytest.raises(BadInput, match="leaklab learn init"):
        find_folder(Path("/"))


def test_a_missing_program_names_the_command_that_restores_it(workspace: Workspace) -> None:
    exercise = workspace.exercises[0]
    workspace.program_of(exercise).unlink()
    with pytest.raises(BadInput, match="missing: 'leaklab learn reset night_shift'"):
        workspace.source_of(exercise)


def test_a_program_that_is_not_utf_8_says_at_which_byte(workspace: Workspace) -> None:
    exercise = workspace.exercises[0]
    workspace.program_of(exercise).write_bytes(b"ab\xff")
    with pytest.raises(BadInput, match="not UTF-8 at byte 2"):
        workspace.source_of(exercise)


def test_the_next_exercise_is_the_next_open_one_and_wraps_around(workspace: Workspace) -> None:
    first, second, third = workspace.exercises
    state = CourseState()
    assert workspace.current(state) == first
    assert workspace.next_open(state, third) == first
    state.of(second.name).passed = True
    assert workspace.next_open(state, first) == third
    for exercise in workspace.exercises:
        state.of(exercise.name).gave_up = True
    assert workspace.next_open(state, first) == third


def test_the_modules_that_programs_import_are_there_to_read(tmp_path: Path) -> None:
    (tmp_path / "lab" / "fixtures").mkdir(parents=True)
    (tmp_path / "lab" / "fixtures" / "articles.py").write_text("new")
    (tmp_path / "lab" / "fixtures" / "tls.py").write_text("new")
    (tmp_path / "course" / "fixtures").mkdir(parents=True)
    (tmp_path / "course" / "fixtures" / "tls.py").write_text("the learner's note")
    write_fixtures(tmp_path / "course", tmp_path / "lab" / "fixtures")
    written = {p.name: p.read_text() for p in (tmp_path / "course" / "fixtures").iterdir()}
    assert {"articles.py": "new", "tls.py": "the learner's note"} == written
