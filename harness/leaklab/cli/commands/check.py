"""`leaklab check`."""

import sys
from pathlib import Path

import click

from leaklab.catalogue.contracts import check_contracts
from leaklab.catalogue.folders import open_catalogue
from leaklab.cli import options, progress
from leaklab.model.errors import Exit, one_line
from leaklab.runs.executor import ProcessExecutor
from leaklab.runs.limits import make_limits


@click.command("check")
@options.names
@options.limits
@options.common
def command(
    names: tuple[str, ...], memory_limit: int | None, time_limit: float, catalogue: Path | None
) -> Exit:
    """Check the catalogue: its files, its words, and every functional contract.

    Exit code 2 where something is wrong; each problem is a line. A scenario that needs what is
    not installed is skipped, and that is no problem.
    """
    opened = open_catalogue(catalogue)
    limits = make_limits(memory_limit, time_limit)
    with ProcessExecutor(opened, limits) as executor, progress.open_progress() as listener:
        found = [
            check_contracts(opened, n, executor, listener.tell) for n in names or opened.names()
        ]
    for one in found:
        sys.stdout.write("".join(f"{one.name}: {one_line(line)}\n" for line in one.lines))
    problems = sum(len(one.problems) for one in found)
    sys.stdout.write(f"{len(found)} scenarios, {problems} problems\n")
    return max((one.exit for one in found), default=Exit.AS_EXPECTED)
