"""`leaklab learn check`."""

from pathlib import Path

import click

from leaklab.cli.learn import course_options, exercise_option, open_hunt, write_lines
from leaklab.cli.learn_checks import check_on_save, check_whole
from leaklab.model.errors import Exit


@click.command("check", epilog="Exit code 1 if the program does not pass.")
@click.option("--on-save", is_flag=True, help="Check quickly each time that the file is saved.")
@exercise_option
@course_options
def command(
    on_save: bool, exercise: str | None, workspace: Path | None, catalogue: Path | None
) -> Exit:
    """Judge your fix: does the program do its job, and does it still leak?

    The program must do its job for a seed and a size that each check draws. It is measured in every
    mode, beside the reference, which does the same work.
    """
    hunt = open_hunt(workspace, exercise, catalogue)
    if on_save:
        check_on_save(hunt, write_lines)
        return Exit.AS_EXPECTED
    return Exit.AS_EXPECTED if check_whole(hunt, write_lines) else Exit.DIFFERS
