"""What the commands of the course share: the workspace, the exercise, and saving what was done."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.cli import options, streams
from leaklab.features.course.course_state import (
    CourseState,
    ExerciseProgress,
    changing_state,
    read_state,
)
from leaklab.features.course.exercises import Exercise, exercises_of
from leaklab.features.course.hand_out import COURSE
from leaklab.features.course.staging import Stage, staged
from leaklab.features.course.workspace import Workspace, find_folder
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Mode
from leaklab.reports.course import next_text

# The time that one run of a learner's program may take; an endless loop takes no longer.
RUN_SECONDS = 60.0


@dataclass(frozen=True)
class Hunt:
    """The exercise that a command is about, and where it is.

    Attributes:
        catalogue: The catalogue with the truth.
        workspace: The learner's folder.
        exercise: The exercise.
        state: What was done when the command began.
    """

    catalogue: Catalogue
    workspace: Workspace
    exercise: Exercise
    state: CourseState

    @property
    def progress(self) -> ExerciseProgress:
        """What was done in the exercise when the command began."""
        return self.state.of(self.exercise.name)

    @contextlib.contextmanager
    def staged(self) -> Iterator[Stage]:
        """Stage the learner's program as it is now; remove the stage on exit."""
        path = self.workspace.program_of(self.exercise)
        source = self.workspace.source_of(self.exercise)
        with staged(self.catalogue, self.exercise, source, path) as stage:
            yield stage

    @contextlib.contextmanager
    def changing(self) -> Iterator[ExerciseProgress]:
        """Change what was done in the exercise; it is saved on exit."""
        with changing_state(self.workspace.folder) as (state, _):
            state.current = state.current or self.exercise.name
            yield state.of(self.exercise.name)


def course_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --workspace, --catalogue and --debug."""
    return click.option(
        "--workspace",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="The workspace.  [default: that of the current folder, or leak-course/]",
    )(options.common(function))


def exercise_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --exercise."""
    return click.option(
        "--exercise",
        metavar="NAME",
        help="The exercise, by its name or number.  [default: that of the current folder, or the "
        "one that 'leaklab learn next' chose]",
    )(function)


def mode_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --mode, how the program of an exercise is executed."""
    return click.option(
        "--mode",
        type=click.Choice([m.value for m in Mode]),
        default=Mode.INLINE.value,
        show_default=True,
        help="In one process, or in a pool of workers.",
    )(function)


def open_workspace(folder: Path | None, catalogue: Path | None) -> tuple[Catalogue, Workspace]:
    """Return the catalogue of the course and the workspace.

    Raises:
        BadInput: There is no workspace.
    """
    place = find_folder(folder or Path.cwd())
    handed_out = place / COURSE
    opened = open_catalogue(catalogue or (handed_out if handed_out.is_dir() else None))
    return opened, Workspace(place, tuple(exercises_of(opened)))


def open_hunt(folder: Path | None, name: str | None, catalogue: Path | None) -> Hunt:
    """Return the exercise that a command is about.

    Args:
        folder: The workspace; None searches it from the current folder.
        name: The exercise; None takes that of the current folder, or the current one.
        catalogue: The folder of another catalogue.

    Raises:
        BadInput: There is no workspace, or no such exercise.
    """
    opened, workspace = open_workspace(folder, catalogue)
    state, note = read_state(workspace.folder)
    if note:
        streams.write_stderr(f"leaklab: {note}\n")
    name = name or _folder_below(workspace)
    exercise = workspace.find(name) if name else workspace.current(state)
    return Hunt(opened, workspace, exercise, state)


def require_begun(hunt: Hunt) -> None:
    """Check that the exercise is not over.

    Raises:
        BadInput: It is.
    """
    if hunt.progress.is_over:
        raise BadInput(f"{hunt.exercise.name} is over; 'leaklab learn next' goes on")


def write_next(hunt: Hunt) -> None:
    """Write what is next in the exercise, as it is after the command."""
    state, _ = read_state(hunt.workspace.folder)
    write_lines(f"Next: {next_text(hunt.exercise, state.of(hunt.exercise.name))}")


def write_lines(text: str) -> None:
    """Write lines to standard output."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def _folder_below(workspace: Workspace) -> str:
    """Return the name of the exercise's folder that the current folder is in; empty if none."""
    with contextlib.suppress(ValueError):
        parts = Path.cwd().relative_to(workspace.folder).parts
        if parts and any(workspace.folder_of(e).name == parts[0] for e in workspace.exercises):
            return parts[0]
    return ""
