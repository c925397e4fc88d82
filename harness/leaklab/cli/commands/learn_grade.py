"""`leaklab learn grade`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.folders import open_catalogue
from leaklab.cli import options, progress
from leaklab.cli.learn import RUN_SECONDS
from leaklab.features.course.check_plan import CheckPlan
from leaklab.features.course.class_grades import find_workspaces, grades_of
from leaklab.features.course.exercises import exercises_of
from leaklab.model.scenario import Mode
from leaklab.reports.course_grades import grades_table
from leaklab.runs.limits import make_limits

GRADED_MODES = (Mode.INLINE, Mode.FORK)


@click.command("grade")
@click.argument(
    "folders",
    nargs=-1,
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR...",
)
@options.as_json
@options.common
def command(folders: tuple[Path, ...], catalogue: Path | None, as_json: bool) -> None:
    """Grade the workspaces of a class.

    A workspace's own word is not taken: its answers are graded again, and each program that was
    changed is checked again, in one process and in a pool.
    """
    opened = open_catalogue(catalogue)
    workspaces = find_workspaces(folders, exercises_of(opened))
    plan = CheckPlan(GRADED_MODES, make_limits(None, RUN_SECONDS))
    with progress.open_progress() as listener:
        grades = [g for w in workspaces for g in grades_of(opened, w, plan, listener)]
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(grades)).decode() + "\n")
    else:
        reports.print_table(grades_table(grades), sys.stdout)
