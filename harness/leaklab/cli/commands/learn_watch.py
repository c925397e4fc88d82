"""`leaklab learn watch`."""

import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import click

from leaklab import reports
from leaklab.cli.learn import course_options, exercise_option, mode_option, open_hunt, write_next
from leaklab.cli.param_types import Seconds
from leaklab.features.course.course_state import Step
from leaklab.features.course.observing import Glance, ProcessRow, moments
from leaklab.model.scenario import Mode
from leaklab.reports.course_figures import top_table
from leaklab.reports.table import Table, plain

SECONDS, INTERVAL_SECONDS = 10.0, 1.0


@click.command("watch")
@click.option(
    "--for",
    "seconds",
    type=Seconds(),
    default=SECONDS,
    metavar="TIME",
    help=f"How long to watch.  [default: {SECONDS:g}s]",
)
@mode_option
@exercise_option
@course_options
def command(
    seconds: float,
    mode: str,
    exercise: str | None,
    workspace: Path | None,
    catalogue: Path | None,
) -> None:
    """Run the program, and show its processes in the words of top and lsof.

    On a terminal the table is live. Ctrl-C ends the program and the watch.
    """
    hunt = open_hunt(workspace, exercise, catalogue)
    with hunt.staged() as stage:
        watched = moments(stage, Mode(mode), seconds, INTERVAL_SECONDS)
        table = _show_live(watched) if sys.stdout.isatty() else _last(_tables(watched))
    if table:
        reports.print_table(table, sys.stdout)
        with hunt.changing() as done:
            done.do(Step.DETECT)
        write_next(hunt)


def _tables(watched: Iterable[Glance]) -> Iterator[Table]:
    """Yield the table of each moment; growth is since the first moment of each process."""
    first: dict[int, ProcessRow] = {}
    for moment in watched:
        for row in moment.rows:
            first.setdefault(row.pid, row)
        yield top_table(first, moment)


def _show_live(watched: Iterable[Glance]) -> Table | None:
    """Show the tables in one place on the terminal until Ctrl-C; return the last one."""
    from rich.live import Live  # noqa: PLC0415  (50 ms)
    from rich.text import Text  # noqa: PLC0415

    table = None
    with Live(transient=True, refresh_per_second=4) as live, suppress(KeyboardInterrupt):
        for table in _tables(watched):
            live.update(Text(plain(table)))
    return table


def _last(tables: Iterable[Table]) -> Table | None:
    last = deque(tables, maxlen=1)
    return last[0] if last else None
