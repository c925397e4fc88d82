"""`leaklab learn status`."""

from pathlib import Path

import click

from leaklab.cli.learn import course_options, open_hunt, write_lines
from leaklab.reports.course import status_text


@click.command("status")
@course_options
def command(workspace: Path | None, catalogue: Path | None) -> None:
    """Show which exercise is current, which steps are done, and what is next."""
    hunt = open_hunt(workspace, None, catalogue)
    write_lines(status_text(hunt.workspace, hunt.state))
