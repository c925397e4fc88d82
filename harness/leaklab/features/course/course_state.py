"""What a learner has done, in one file with a version, which is replaced as a whole.

Format history (a reader refuses a format that is newer than its own): 1 the first.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import msgspec
from msgspec import Struct, field

from leaklab.features.course.diagnosis import LineGrade
from leaklab.model.errors import BadInput, NotSaved
from leaklab.model.scenario import Pattern, Resource
from leaklab.model.verdicts import Conclusion
from leaklab.runs.sessions import lock_folder

FORMAT = 1
STATE = ".course.json"
LOCK_SECONDS = 5.0
LOCK_POLL_SECONDS = 0.05


class Step(StrEnum):
    """The steps of a hunt, in order."""

    DETECT = "detect"
    CONFIRM = "confirm"
    SIMPLIFY = "simplify"
    PROFILE = "profile"
    ANALYSE = "analyse"
    FIX = "fix"
    VERIFY = "verify"


class GivenAnswer(Struct, frozen=True, kw_only=True):
    """An answer to the question whether a program leaks, and which resource."""

    conclusion: Conclusion
    resource: Resource | None
    right: bool


class Diagnosis(Struct, frozen=True, kw_only=True):
    """A diagnosis, with its grade."""

    file: str
    line: int
    pattern: Pattern
    line_grade: LineGrade
    pattern_is_right: bool

    @property
    def is_right(self) -> bool:
        """Whether the line and the pattern are right."""
        return self.line_grade is LineGrade.RIGHT and self.pattern_is_right


class ExerciseProgress(Struct, kw_only=True):
    """What a learner has done in one exercise.

    Attributes:
        begun: When the exercise was begun (UTC, ISO 8601); empty if it was not.
        finished: When it was passed or given up.
        steps: The steps that were done, in the order in which they were done first.
        answers: The answers, right and wrong.
        diagnoses: The diagnoses, right and wrong.
        hints: How many hints were shown.
        checks: How often a fix was checked as a whole.
        passed: Whether the exercise was passed.
        gave_up: Whether the solution was shown before.
    """

    begun: str = ""
    finished: str = ""
    steps: list[Step] = field(default_factory=list)
    answers: list[GivenAnswer] = field(default_factory=list)
    diagnoses: list[Diagnosis] = field(default_factory=list)
    hints: int = 0
    checks: int = 0
    passed: bool = False
    gave_up: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self.passed or self.gave_up

    @property
    def has_right_answer(self) -> bool:
        """Whether one of the answers is right."""
        return any(answer.right for answer in self.answers)

    def do(self, step: Step) -> None:
        """Note a step, and when the exercise was begun."""
        self.begun = self.begun or now()
        if step not in self.steps:
            self.steps.append(step)

    def finish(self) -> None:
        """Note when the exercise was passed or given up."""
        self.finished = self.finished or now()


class CourseState(Struct, kw_only=True):
    """What a learner has done in the course.

    Attributes:
        format: The version of the file.
        current: The exercise that the commands are about.
        exercises: What was done, by the names of the exercises.
    """

    format: int = FORMAT
    current: str = ""
    exercises: dict[str, ExerciseProgress] = field(default_factory=dict)

    def of(self, name: str) -> ExerciseProgress:
        """Return what was done in an exercise."""
        return self.exercises.setdefault(name, ExerciseProgress())


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_state(workspace: Path) -> tuple[CourseState, str]:
    """Read the state of a workspace.

    Returns:
        The state, and a sentence if the file could not be read and was set aside; else "".

    Raises:
        BadInput: The file has a newer format.
    """
    path = workspace / STATE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return CourseState(), ""
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}; make it readable") from error
    try:
        version = msgspec.json.decode(data, type=dict)["format"]
        if isinstance(version, int) and version > FORMAT:
            raise BadInput(f"{path} has format {version}; this leaklab reads {FORMAT}: update it")
        return msgspec.json.decode(data, type=CourseState), ""
    except (msgspec.MsgspecError, KeyError, UnicodeDecodeError):
        aside = _set_aside(path)
        return CourseState(), f"{path} was not readable and is now {aside.name}; begin again"


def _set_aside(path: Path) -> Path:
    """Rename a file that cannot be read, and return its new path."""
    for number in range(1, 1000):
        aside = path.with_name(f"{path.name}.unreadable-{number}")
        if not aside.exists():
            with contextlib.suppress(OSError):
                path.rename(aside)
            return aside
    return path


@contextlib.contextmanager
def changing_state(workspace: Path) -> Iterator[tuple[CourseState, str]]:
    """Lock the workspace, read its state, and save it on exit, also after an error.

    Raises:
        BadInput: Another terminal is changing the state, or the file has a newer format.
        NotSaved: The state cannot be saved; the file is as it was.
    """
    lock = _lock(workspace)
    try:
        state, note = read_state(workspace)
        try:
            yield state, note
        finally:
            save_state(workspace, state)
    finally:
        os.close(lock)


def _lock(workspace: Path) -> int:
    """Lock a workspace; wait a little, because other commands hold the lock for a moment only."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return lock_folder(workspace)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                problem = f"another terminal holds the lock of {workspace}"
                raise BadInput(f"{problem}: end its command, and try again") from error
            time.sleep(LOCK_POLL_SECONDS)
        except OSError as error:
            raise BadInput(f"{workspace} cannot be opened: {error.strerror}") from error


def save_state(workspace: Path, state: CourseState) -> None:
    """Replace the file of the state.

    Raises:
        NotSaved: It cannot be written; the old file is as it was.
    """
    path = workspace / STATE
    new = path.with_name(f"{STATE}.new")
    try:
        new.write_bytes(msgspec.json.format(msgspec.json.encode(state), indent=1) + b"\n")
        new.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()
        advice = "free disk space, or make the folder writable"
        problem = f"{path} could not be saved: {error.strerror}"
        raise NotSaved(f"{problem}; {advice}; nothing that was saved before is lost") from error
