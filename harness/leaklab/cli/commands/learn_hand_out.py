"""`leaklab learn hand-out`."""

from pathlib import Path

import click

from leaklab.catalogue.folders import open_catalogue
from leaklab.cli import options
from leaklab.cli.learn import write_lines
from leaklab.features.course.exercises import exercises_of
from leaklab.features.course.hand_out import write_hand_out


@click.command("hand-out")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="A new or empty folder.",
)
@options.common
def command(folder: Path, catalogue: Path | None) -> None:
    """Make a folder for a class: the exercises, without the solutions.

    Answers are noted in it and not graded; 'leaklab learn grade' grades them. The learners need
    leaklab itself, and its package contains the catalogue.
    """
    opened = open_catalogue(catalogue)
    write_hand_out(opened, exercises_of(opened), folder)
    write_lines(f"{folder} is ready: give each learner a copy. Then: leaklab learn grade DIR...")
