"""`leaklab check`."""

import sys
from pathlib import Path

import click

from leaklab.catalogue.contracts import check_contracts
from leaklab.catalogue.folders import open_catalogue
from leaklab.cli import options, progress
from leaklab.model.errors import Exit, one_line
from leaklab.model.text import counted
from leaklab.runs.executor import ProcessExecutor
from leaklab.runs.limits import make_limits


@click.command("check")
@options.names
@options.limits
@options.common
def command(
    names: tuple[str, ...], memory_limit: int | None, time_limit: float, catalogue: Path | None
) -> Exit:
    """Check the catalogue: its files, its texts, and the functional contract of each program.

    Each problem is one line. A scenario that needs a program or a package that is not installed is
    skipped; that is not a problem. Exit code 2 if there is a problem.
    """
    opened = open_catalogue(catalogue)
    limits = make_limits(memory_limit, time_limit)
    with ProcessExecutor(opened, limits) as executor, progress.open_progress() as listener:
        checks = [
            check_contracts(opened, n, executor, listener.show_step)
            for n in names or opened.names()
        ]
    for check in checks:
        sys.stdout.write("".join(f"{check.name}: {one_line(line)}\n" for line in check.lines))
    problems = sum(len(check.problems) for check in checks)
    sys.stdout.write(f"{counted(len(checks), 'scenario')}, {counted(problems, 'problem')}\n")
    return max((check.exit for check in checks), default=Exit.AS_EXPECTED)
