"""`leaklab check`."""

import sys
from pathlib import Path

import click

from leaklab.catalogue import open_catalogue
from leaklab.cli import options, progress
from leaklab.errors import Exit
from leaklab.model import Limits


@click.command("check")
@options.names
@options.limits
@options.common
def command(
    names: tuple[str, ...], memory_limit: int | None, time_limit: float, catalogue: Path | None
) -> None:
    """Check the catalogue: its files, its words, and every functional contract.

    Exit code 2 where something is wrong; each problem is a line.
    """
    from leaklab.contracts import problems
    from leaklab.executor import ProcessExecutor, default_memory_limit

    opened = open_catalogue(catalogue)
    limits = Limits(memory_bytes=memory_limit or default_memory_limit(), time_seconds=time_limit)
    found: dict[str, list[str]] = {}
    with ProcessExecutor(opened, limits) as executor, progress.choose() as listener:
        for name in names or opened.names():
            found[name] = problems(opened, name, executor, listener.tell)
    for name, lines in found.items():
        sys.stdout.write("".join(f"{name}: {line}\n" for line in lines or ["ok"]))
    wrong = sum(map(len, found.values()))
    sys.stdout.write(f"{len(found)} scenarios, {wrong} problems\n")
    sys.exit(Exit.BAD_INPUT if wrong else Exit.AS_EXPECTED)
