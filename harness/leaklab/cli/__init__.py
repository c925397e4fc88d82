"""The command line: one module a sub-command, listed here."""

import click

from leaklab import __version__
from leaklab.cli import (
    accuracy,
    bench,
    check,
    compare,
    completion,
    continuous,
    figures,
    floor,
    history,
    list_,
    matrix,
    observer,
    overhead,
    peers,
    project,
    run,
    show,
    soak,
    watch,
)
from leaklab.cli.options import debug


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(__version__, prog_name="leaklab")
@debug
def cli() -> None:
    """A reproducible laboratory for memory and resource leaks in Python.

    \b
    Exit codes: 0 as expected; 1 a verdict that differs from what is known;
    2 bad input; 3 could not measure; 4 what stands around it failed;
    130 interrupted.
    """


COMMANDS = (
    list_,
    show,
    run,
    check,
    compare,
    bench,
    continuous,
    history,
    figures,
    accuracy,
    overhead,
    project,
    observer,
    peers,
    watch,
    soak,
    matrix,
    floor,
    completion,
)
for module in COMMANDS:
    cli.add_command(module.command)
