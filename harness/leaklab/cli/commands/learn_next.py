"""`leaklab learn next`."""

from pathlib import Path

import click

from leaklab.cli.learn import course_options, open_hunt, write_lines
from leaklab.features.course.course_state import changing_state
from leaklab.reports.course import status_text


@click.command("next")
@click.argument("name", required=False, metavar="[EXERCISE]")
@course_options
def command(name: str | None, workspace: Path | None, catalogue: Path | None) -> None:
    """Go to the next exercise that is not done, or to the one that is named."""
    hunt = open_hunt(workspace, None, catalogue)
    with changing_state(hunt.workspace.folder) as (state, _):
        before = hunt.workspace.current(state)
        chosen = hunt.workspace.find(name) if name else hunt.workspace.next_open(state, before)
        state.current = chosen.name
    write_lines(status_text(hunt.workspace, state))
