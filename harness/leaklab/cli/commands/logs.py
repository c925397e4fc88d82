"""`leaklab logs`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.cli import log_session, options
from leaklab.cli.debug import debug
from leaklab.cli.param_types import Seconds
from leaklab.cli.plot_option import plot
from leaklab.features.logs.report import LogReport
from leaklab.features.logs.sources import STDIN
from leaklab.model.errors import BadInput, Exit
from leaklab.model.verdicts import Conclusion
from leaklab.reports import logs
from leaklab.reports.drawing import Picture
from leaklab.reports.log_plot import save_log_plot

DEFAULT_ROWS = 15
EXITS_OF_LOGS = {
    Conclusion.LEAK: Exit.DIFFERS,
    Conclusion.CLEAN: Exit.AS_EXPECTED,
    Conclusion.UNDECIDED: Exit.NOT_MEASURED,
}


@click.command("logs")
@click.argument(
    "files",
    nargs=-1,
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="[FILE]...",
)
@click.option("--follow", is_flag=True, help="Go on reading one log while it is written.")
@click.option(
    "--for",
    "for_seconds",
    type=Seconds(),
    metavar="TIME",
    help="End --follow after this time: 30s, 10m, 1h30m.",
)
@click.option(
    "--rows",
    type=options.POSITIVE,
    default=DEFAULT_ROWS,
    show_default=True,
    metavar="N",
    help="How many modules the table has.",
)
@plot("the modules over time")
@options.as_json
@debug
def command(
    files: tuple[Path, ...],
    follow: bool,
    for_seconds: float | None,
    rows: int,
    picture: Picture | None,
    as_json: bool,
) -> Exit:
    """Judge which modules of a service grow, by the records in its logs.

    A service logs the records itself. In a tornado service:

    \b
      from leaklab import trace_leak
      IOLoop.current().spawn_callback(trace_leak, delay=300)

    The log may be JSON, logfmt, or text with the message of each record. The
    FILEs are read as one log, in any order, also where gzip has compressed them;
    without FILE, standard input is read. A log may have any size. The verdict is
    that of 'leaklab watch', on what each file of the program has allocated.

    \b
    Exit codes: 0 clean; 1 a module leaks; 2 bad input; 3 undecided;
    130 interrupted.
    """
    paths = files or (STDIN,)
    _check(paths, follow=follow, for_seconds=for_seconds)
    if follow:
        report = log_session.follow_log(paths[0], for_seconds, rows)
    else:
        report = log_session.read_logs(paths)
    _show(report, rows, picture, as_json=as_json)
    return EXITS_OF_LOGS[report.conclusion]


def _show(report: LogReport, rows: int, picture: Picture | None, *, as_json: bool) -> None:
    """Draw the picture first: an error with it is reported before the table."""
    if picture:
        save_log_plot(picture, report)
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        reports.print_table(logs.log_table(report, rows), sys.stdout)


def _check(paths: tuple[Path, ...], *, follow: bool, for_seconds: float | None) -> None:
    """Refuse what cannot work before a long log is read.

    Raises:
        BadInput: The options do not fit together.
    """
    if follow and len(paths) > 1:
        raise BadInput(f"--follow reads one log, not {len(paths)}; name the one that is written")
    if for_seconds and not follow:
        raise BadInput("--for is the length of --follow; add --follow, or omit --for")
    if STDIN in paths and sys.stdin.isatty():
        raise BadInput("there is no log on standard input; name a FILE, or pipe a log into it")
