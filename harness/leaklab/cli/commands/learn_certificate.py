"""`leaklab learn certificate`."""

from pathlib import Path

import click

from leaklab.cli.learn import course_options, open_hunt, write_lines
from leaklab.reports.course import certificate_text


@click.command("certificate")
@course_options
def command(workspace: Path | None, catalogue: Path | None) -> None:
    """Show what was passed, and with how much help."""
    hunt = open_hunt(workspace, None, catalogue)
    write_lines(certificate_text(hunt.workspace, hunt.state))
