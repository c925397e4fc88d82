"""`leaklab learn watch`."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from leaklab import reports
from leaklab.cli.learn import course_options, exercise_option, open_hunt
from leaklab.cli.param_types import Seconds
from leaklab.features.course.course_state import Step
from leaklab.features.course.observing import Moment, moments
from leaklab.model.scenario import Mode
from leaklab.reports.course_figures import top_table
from leaklab.reports.table import plain

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
@click.option(
    "--mode",
    type=click.Choice([m.value for m in Mode]),
    default=Mode.INLINE.value,
    show_default=True,
    help="In one process, or in a pool of workers.",
)
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
        first, last = show_live(watched) if sys.stdout.isatty() else _first_and_last(watched)
    if first and last:
        reports.print_table(top_table(first, last), sys.stdout)
        with hunt.changing() as done:
            done.do(Step.DETECT)


def show_live(watched: Iterable[Moment]) -> tuple[Moment | None, Moment | None]:
    """Show the moments in one place on the terminal; return the first and the last."""
    from rich.live import Live  # noqa: PLC0415  (50 ms)
    from rich.text import Text  # noqa: PLC0415

    first = last = None
    with Live(transient=True, refresh_per_second=4) as live:
        try:
            for moment in watched:
                first, last = first or moment, moment
                live.update(Text(plain(top_table(first, moment))))
        except KeyboardInterrupt:
            pass
    return first, last


def _first_and_last(watched: Iterable[Moment]) -> tuple[Moment | None, Moment | None]:
    first = last = None
    for moment in watched:
        first, last = first or moment, moment
    return first, last
