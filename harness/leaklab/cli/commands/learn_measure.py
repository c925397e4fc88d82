"""`leaklab learn measure`."""

import sys
from pathlib import Path

import click

from leaklab import reports
from leaklab.cli import options, progress
from leaklab.cli.learn import (
    RUN_SECONDS,
    course_options,
    exercise_option,
    mode_option,
    open_hunt,
    write_next,
)
from leaklab.features.course.course_state import Step
from leaklab.features.course.measuring import measured
from leaklab.model.scenario import Mode
from leaklab.reports.course_figures import growth_tables
from leaklab.runs.limits import make_limits


@click.command("measure")
@click.option(
    "--units",
    type=options.POSITIVE,
    metavar="N",
    help="Units of work.  [default: as many as a verdict needs]",
)
@mode_option
@exercise_option
@course_options
def command(
    units: int | None,
    mode: str,
    exercise: str | None,
    workspace: Path | None,
    catalogue: Path | None,
) -> None:
    """Run the program, and show how its resources grow with the work.

    The figures are those that the kernel gives, without a verdict: that is the next question.
    """
    hunt = open_hunt(workspace, exercise, catalogue)
    with hunt.staged() as stage, progress.open_progress() as listener:
        result = measured(stage, Mode(mode), units, make_limits(None, RUN_SECONDS), listener)
    with hunt.changing() as done:
        done.do(Step.CONFIRM)
    for table in growth_tables(result):
        reports.print_table(table, sys.stdout)
    write_next(hunt)
