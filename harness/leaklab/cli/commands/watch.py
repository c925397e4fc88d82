"""`leaklab watch`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.cli import options, watch_session
from leaklab.cli.debug import debug
from leaklab.cli.param_types import Seconds, format_seconds
from leaklab.cli.plot_option import plot
from leaklab.features.watch.report import WatchReport
from leaklab.model.errors import Exit
from leaklab.model.scenario import Resource
from leaklab.model.text import cut
from leaklab.model.verdicts import Conclusion
from leaklab.reports import watch
from leaklab.reports.drawing import Picture
from leaklab.reports.terminal import terminal_width
from leaklab.reports.watch_plot import save_watch_plot

INTERVAL_SECONDS = 0.5
# More digits than any process id has; Python refuses to read very long numbers.
MAX_DIGITS = 20
EXITS = {
    Conclusion.LEAK: Exit.DIFFERS,
    Conclusion.CLEAN: Exit.AS_EXPECTED,
    Conclusion.UNDECIDED: Exit.NOT_MEASURED,
}


class Pid(click.ParamType[int]):
    """The number of a process."""

    name = "pid"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return the number; it may be that of no process."""
        text = str(value)
        if not (text.isascii() and text.isdecimal() and int(text[:MAX_DIGITS])):
            message = f"{cut(text)!r} is not a process id; 'ps -e' lists them"
            self.fail(message, param, ctx)
        return int(text[:MAX_DIGITS])


@click.command("watch", context_settings={"allow_interspersed_args": False})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND...]")
@click.option("--pid", type=Pid(), metavar="N", help="Watch a process that is already running.")
@click.option(
    "--resource",
    type=click.Choice([r.value for r in Resource]),
    default=Resource.MEMORY.value,
    show_default=True,
    help="The resource to judge. A leak of another one is named, too, and counts for the exit "
    "code.",
)
@click.option(
    "--interval",
    type=Seconds(),
    default=INTERVAL_SECONDS,
    metavar="TIME",
    help="Average time from one reading to the next; shorter if workers are replaced often.  "
    f"[default: {format_seconds(INTERVAL_SECONDS)}]",
)
@click.option(
    "--for",
    "for_seconds",
    type=Seconds(),
    metavar="TIME",
    help="End the watch after this time: 30s, 10m, 1h30m.",
)
@options.forecast_limit("the limit of the process's cgroup, or the machine's memory")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what COMMAND prints to this file.",
)
@plot("all processes and the largest ones over time")
@options.as_json
@debug
def command(
    arguments: tuple[str, ...],
    pid: int | None,
    resource: str,
    interval: float,
    for_seconds: float | None,
    forecast_limit: int | None,
    output: Path | None,
    picture: Picture | None,
    as_json: bool,
) -> Exit:
    """Watch any program from outside, and judge how it grows over time.

    leaklab reads a process and its descendants at intervals; a terminal shows
    the readings in a live table. The verdict comes when the process ends, after
    --for, or at Ctrl-C (SIGTERM). It says whether memory (PSS without files)
    grows steadily over the last half and quarter of the time; the start of the
    program is left out. A longer watch gives a better verdict; a watch without a leak names the
    smallest leak that it would have detected. Workers that are replaced are
    judged by what each of them does.

    A process given by --pid is only read. A COMMAND is started in the current
    folder, without input. Its output goes to standard error; beside a live table
    it goes to --output, or is discarded. When its first process ends or the watch
    is over, all its processes are ended, so start a service in the foreground.

    \b
    Exit codes: 0 clean; 1 a leak of any resource; 2 bad input; 3 undecided, or
    could not measure; 130 interrupted before the first reading.
    """
    request = watch_session.WatchRequest(Resource(resource), interval, for_seconds, forecast_limit)
    report = watch_session.watch_until_end(arguments, pid, output, request)
    _show(report, picture, as_json=as_json)
    return EXITS[report.conclusion]


def _show(report: WatchReport, picture: Picture | None, *, as_json: bool) -> None:
    """Draw the picture last: an error with it takes no verdict away."""
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        reports.print_table(watch.table(report, terminal_width(sys.stdout)), sys.stdout)
    if picture:
        save_watch_plot(picture, report)
        sys.stdout.write("" if as_json else f"drawn in {picture.path}\n")
