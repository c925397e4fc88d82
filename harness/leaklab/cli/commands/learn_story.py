"""`leaklab learn story`."""

from pathlib import Path

import click

from leaklab.cli.learn import course_options, exercise_option, open_hunt
from leaklab.cli.pager import Page, Paging, show_page


@click.command("story")
@exercise_option
@course_options
def command(exercise: str | None, workspace: Path | None, catalogue: Path | None) -> None:
    """Show what was reported of the program, and where its file is."""
    hunt = open_hunt(workspace, exercise, catalogue)
    lines = [*hunt.exercise.story.splitlines(), "", str(hunt.workspace.program_of(hunt.exercise))]
    show_page(Page(lines), Paging.NEVER)
