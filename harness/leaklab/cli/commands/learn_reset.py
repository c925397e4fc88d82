"""`leaklab learn reset`."""

from pathlib import Path

import click

from leaklab.cli.learn import course_options, open_hunt, write_lines
from leaklab.features.course.workspace import restore_program


@click.command("reset")
@click.argument("name", required=False, metavar="[EXERCISE]")
@course_options
def command(name: str | None, workspace: Path | None, catalogue: Path | None) -> None:
    """Write the original program again; yours is kept beside it."""
    hunt = open_hunt(workspace, name, catalogue)
    kept = restore_program(hunt.workspace, hunt.exercise)
    write_lines(f"{hunt.workspace.program_of(hunt.exercise)} is the original again")
    if kept:
        write_lines(f"your program is now {kept}")
