"""`leaklab learn hint`."""

from pathlib import Path

import click

from leaklab.cli.learn import course_options, exercise_option, open_hunt, write_lines
from leaklab.features.course.hints import hints_of
from leaklab.reports.course import hints_text


@click.command("hint")
@exercise_option
@course_options
def command(exercise: str | None, workspace: Path | None, catalogue: Path | None) -> None:
    """Show one more hint; the score counts them.

    There are four: the symptom, the tool, what the tool shows, and the line.
    """
    hunt = open_hunt(workspace, exercise, catalogue)
    hints = hints_of(hunt.exercise)
    with hunt.changing() as progress:
        progress.hints = min(progress.hints + 1, len(hints))
    write_lines(hints_text(hints, progress.hints))
