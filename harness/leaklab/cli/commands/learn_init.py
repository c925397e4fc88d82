"""`leaklab learn init`."""

from pathlib import Path

import click

from leaklab.catalogue.folders import open_catalogue
from leaklab.cli import options
from leaklab.cli.learn import write_lines
from leaklab.features.course.exercises import exercises_of
from leaklab.features.course.workspace import DEFAULT, init_workspace, write_fixtures
from leaklab.model.text import counted


@click.command("init")
@click.argument(
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(DEFAULT),
    metavar="[DIR]",
)
@options.common
def command(folder: Path, catalogue: Path | None) -> None:
    """Make a workspace: a folder with a folder for each exercise.

    The default is leak-course/. In an existing workspace, only the files that are missing are
    written; no file is changed. The folder fixtures has the modules that the programs import, to
    read.
    """
    opened = open_catalogue(catalogue)
    exercises = exercises_of(opened)
    written = init_workspace(folder, exercises)
    write_fixtures(folder, opened.fixtures_root / "fixtures")
    write_lines(
        f"{folder} has {counted(len(exercises), 'exercise')}; {counted(len(written), 'file')} new"
    )
    write_lines(f"Begin: cd {folder} && leaklab learn")
