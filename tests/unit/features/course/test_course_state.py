import multiprocessing
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from leaklab.features.course import course_state
from leaklab.features.course.course_state import (
    FORMAT,
    STATE,
    CourseState,
    Diagnosis,
    GivenAnswer,
    Step,
    changing_state,
    read_state,
    save_state,
)
from leaklab.features.course.diagnosis import LineGrade
from leaklab.model.errors import BadInput, NotSaved
from leaklab.model.scenario import Pattern, Resource
from leaklab.model.verdicts import Conclusion
from leaklab.runs.sessions import lock_folder

WRONG = GivenAnswer(conclusion=Conclusion.LEAK, resource=Resource.MEMORY, right=False)
RIGHT = Diagnosis(
    file="program.py",
    line=3,
    pattern=Pattern.UNBOUNDED_BUFFER,
    line_grade=LineGrade.RIGHT,
    pattern_is_right=True,
)


def full_state() -> CourseState:
    state = CourseState(current="night_shift")
    done = state.of("night_shift")
    done.do(Step.CONFIRM)
    done.answers.append(WRONG)
    done.diagnoses.append(RIGHT)
    done.hints = 2
    return state


def test_a_state_is_read_as_it_was_saved(tmp_path: Path) -> None:
    save_state(tmp_path, full_state())
    assert read_state(tmp_path) == (full_state(), "")
    assert [file.name for file in tmp_path.iterdir()] == [STATE]


def test_a_workspace_without_a_file_has_an_empty_state(tmp_path: Path) -> None:
    assert read_state(tmp_path) == (CourseState(), "")


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    text = f'{{"format": {FORMAT + 1}, "new": true}}'
    (tmp_path / STATE).write_text(text)
    with pytest.raises(BadInput, match=f"has format {FORMAT + 1}.*update it"):
        read_state(tmp_path)
    assert (tmp_path / STATE).read_text() == text


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b'{"current": "a"}', b'{"format": "1"}', b'\xff{"format": 1}']
)
def test_a_corrupt_file_is_set_aside_and_said_so(tmp_path: Path, text: bytes) -> None:
    (tmp_path / STATE).write_bytes(text)
    state, note = read_state(tmp_path)
    assert state == CourseState()
    assert f"{STATE}.unreadable-1" in note
    assert (tmp_path / f"{STATE}.unreadable-1").read_bytes() == text


def test_a_second_corrupt_file_does_not_replace_the_first(tmp_path: Path) -> None:
    for text in ("{one", "{two"):
        (tmp_path / STATE).write_text(text)
        read_state(tmp_path)
    assert (tmp_path / f"{STATE}.unreadable-1").read_text() == "{one"
    assert (tmp_path / f"{STATE}.unreadable-2").read_text() == "{two"


def test_a_state_that_cannot_be_saved_leaves_the_old_one(tmp_path: Path) -> None:
    save_state(tmp_path, full_state())
    (tmp_path / f"{STATE}.new").mkdir()  # what would be written first
    with pytest.raises(NotSaved, match="nothing that was saved before is lost"):
        save_state(tmp_path, CourseState())
    assert read_state(tmp_path) == (full_state(), "")


def test_a_change_is_saved_on_exit_and_after_an_error(tmp_path: Path) -> None:
    def change_and_fail() -> None:
        """Change the state, then fail."""
        with changing_state(tmp_path) as (state, _):
            state.of("night_shift").hints = 1
            raise KeyError

    with pytest.raises(KeyError):
        change_and_fail()
    assert read_state(tmp_path)[0].of("night_shift").hints == 1


def _hold_lock(folder: Path, held: Event, let_go: Event) -> None:
    lock_folder(folder)
    held.set()
    let_go.wait(60)


def test_a_lock_that_another_process_holds_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(course_state, "LOCK_SECONDS", 0.1)
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    other = context.Process(target=_hold_lock, args=(tmp_path, held, let_go))
    other.start()
    try:
        assert held.wait(60)
        with (
            pytest.raises(BadInput, match="another terminal holds the lock"),
            changing_state(tmp_path),
        ):
            pytest.fail("the lock was not respected")
    finally:
        let_go.set()
        other.join(60)
    with changing_state(tmp_path) as (state, _):
        assert state == CourseState()


def test_a_missing_folder_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be opened"), changing_state(tmp_path / "gone"):
        pytest.fail("there is no folder")


def test_steps_are_noted_once_in_their_order() -> None:
    done = CourseState().of("a")
    for step in (Step.CONFIRM, Step.DETECT, Step.CONFIRM):
        done.do(step)
    assert done.steps == [Step.CONFIRM, Step.DETECT]
    assert done.begun
