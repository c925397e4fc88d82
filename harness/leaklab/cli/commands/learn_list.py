"""`leaklab learn list`."""

import sys
from pathlib import Path

import click

from leaklab import reports
from leaklab.cli.learn import course_options, open_hunt
from leaklab.reports.course import list_table


@click.command("list")
@course_options
def command(workspace: Path | None, catalogue: Path | None) -> None:
    """List the exercises, and what became of each."""
    hunt = open_hunt(workspace, None, catalogue)
    reports.print_table(list_table(hunt.workspace, hunt.state), sys.stdout)
