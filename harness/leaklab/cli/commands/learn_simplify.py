"""`leaklab learn simplify`."""

import sys
from pathlib import Path

import click

from leaklab import reports
from leaklab.cli import progress
from leaklab.cli.learn import RUN_SECONDS, course_options, exercise_option, open_hunt, write_next
from leaklab.features.course.course_state import Step
from leaklab.features.course.measuring import simplified
from leaklab.reports.course_figures import simplify_table
from leaklab.runs.limits import make_limits


@click.command("simplify")
@exercise_option
@course_options
def command(exercise: str | None, workspace: Path | None, catalogue: Path | None) -> None:
    """Run the program in a pool, in one process, and with less work.

    A small run that still shows the growth is the one to profile.
    """
    hunt = open_hunt(workspace, exercise, catalogue)
    with hunt.staged() as stage, progress.open_progress() as listener:
        results = simplified(stage, make_limits(None, RUN_SECONDS), listener)
    with hunt.changing() as done:
        done.do(Step.SIMPLIFY)
    reports.print_table(simplify_table(results), sys.stdout)
    write_next(hunt)
