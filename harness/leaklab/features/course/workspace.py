"""A workspace: a folder with a folder for each exercise, in which the learner works."""

import itertools
import os
from dataclasses import dataclass
from pathlib import Path

from leaklab.catalogue.stories import STORY_FILE
from leaklab.features.course.course_state import STATE, CourseState, save_state
from leaklab.features.course.diagnosis import PROGRAM_FILE
from leaklab.features.course.exercises import Exercise
from leaklab.model.errors import BadInput, NotSaved

DEFAULT = "leak-course"


@dataclass(frozen=True)
class Workspace:
    """A learner's folder.

    Attributes:
        folder: The folder.
        exercises: The exercises of the course, in order.
    """

    folder: Path
    exercises: tuple[Exercise, ...]

    def folder_of(self, exercise: Exercise) -> Path:
        """Return the folder of an exercise; its number keeps the order of the course."""
        return self.folder / f"{exercise.number:02}_{exercise.name}"

    def program_of(self, exercise: Exercise) -> Path:
        """Return the learner's program."""
        return self.folder_of(exercise) / PROGRAM_FILE

    def source_of(self, exercise: Exercise) -> str:
        """Return the text of the learner's program.

        Raises:
            BadInput: The file is missing or cannot be read.
        """
        path = self.program_of(exercise)
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            remedy = f"'leaklab learn reset {exercise.name}' writes the original again"
            raise BadInput(f"{path} is missing: {remedy}") from None
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise BadInput(
                f"{path} is not UTF-8 at byte {error.start}: save it as UTF-8"
            ) from error

    def find(self, name: str) -> Exercise:
        """Return the exercise of a name, of a number, or of a folder's name.

        Raises:
            BadInput: There is none.
        """
        for exercise in self.exercises:
            if name in {exercise.name, str(exercise.number), self.folder_of(exercise).name}:
                return exercise
        raise BadInput(f"no exercise {name!r}; 'leaklab learn list' shows all")

    def current(self, state: CourseState) -> Exercise:
        """Return the exercise of the state, or else the first that is not over."""
        for exercise in self.exercises:
            if exercise.name == state.current:
                return exercise
        return self.next_open(state, None)

    def next_open(self, state: CourseState, after: Exercise | None) -> Exercise:
        """Return the next exercise that is not over, after one of them; the last if all are."""
        start = after.number if after else 0
        ordered = [*self.exercises[start:], *self.exercises[:start]]
        return next((e for e in ordered if not state.of(e.name).is_over), self.exercises[-1])


def init_workspace(folder: Path, exercises: list[Exercise]) -> list[Path]:
    """Make a workspace, or add what is missing in one; a file that exists is left as it is.

    Returns:
        The files that were written.

    Raises:
        NotSaved: A file cannot be written.
    """
    workspace = Workspace(folder, tuple(exercises))
    written: list[Path] = []
    try:
        for exercise in exercises:
            place = workspace.folder_of(exercise)
            place.mkdir(parents=True, exist_ok=True)
            for name, text in ((STORY_FILE, exercise.story), (PROGRAM_FILE, exercise.program)):
                if write_new(place / name, text):
                    written.append(place / name)
    except OSError as error:
        raise NotSaved(
            f"{folder} cannot be written: {error.strerror}; free disk space, or name another folder"
        ) from error
    if not (folder / STATE).exists():
        save_state(folder, CourseState(current=exercises[0].name))
    return written


def write_fixtures(workspace: Path, fixtures: Path) -> None:
    """Write the modules that the programs import, for the learner to read; runs use the lab's own.

    A file that exists is left as it is.

    Raises:
        NotSaved: A file cannot be written.
    """
    folder = workspace / fixtures.name
    try:
        folder.mkdir(exist_ok=True)
        for path in sorted(fixtures.glob("*.py")):
            write_new(folder / path.name, path.read_text(encoding="utf-8"))
    except OSError as error:
        problem = f"{folder} cannot be written: {error.strerror}"
        raise NotSaved(f"{problem}; free disk space, or name another folder") from error


def write_new(path: Path, text: str) -> bool:
    """Write a file unless it exists; return whether it was written."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def find_folder(start: Path) -> Path:
    """Return the workspace that a folder is in, or that it contains under the usual name.

    Raises:
        BadInput: There is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents, start / DEFAULT):
        if os.access(folder / STATE, os.F_OK):
            return folder
    raise BadInput(f"{start} is in no workspace: make one with 'leaklab learn init'")


def restore_program(workspace: Workspace, exercise: Exercise) -> Path | None:
    """Write the original program again.

    Returns:
        Where the learner's program is kept; None if there was none, or it was the original.

    Raises:
        NotSaved: A file cannot be written.
    """
    path = workspace.program_of(exercise)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if write_new(path, exercise.program) or path.read_bytes() == exercise.program.encode():
            return None
        names = (path.with_name(f"program-{number}.py") for number in itertools.count(1))
        kept = next(name for name in names if not name.exists())
        path.rename(kept)
        write_new(path, exercise.program)
    except OSError as error:
        problem = f"{path} cannot be written: {error.strerror}"
        raise NotSaved(f"{problem}; free disk space, or make the folder writable") from error
    return kept
