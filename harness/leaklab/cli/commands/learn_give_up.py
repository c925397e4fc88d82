"""`leaklab learn give-up`."""

from pathlib import Path

import click

from leaklab.cli.learn import course_options, exercise_option, open_hunt
from leaklab.cli.learn_solution import solution_page
from leaklab.cli.pager import Paging, show_page


@click.command("give-up")
@exercise_option
@course_options
def command(exercise: str | None, workspace: Path | None, catalogue: Path | None) -> None:
    """Show the solution: the line, the difference to the reference, and the lesson.

    It is noted that you gave up, unless the exercise was passed before.
    """
    hunt = open_hunt(workspace, exercise, catalogue)
    page = solution_page(hunt)
    with hunt.changing() as progress:
        progress.gave_up = not progress.passed
        progress.finish()
    show_page(page, Paging.WHERE_LONG)
