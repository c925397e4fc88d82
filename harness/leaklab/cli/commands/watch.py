"""`leaklab watch`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.cli import options, watch_session
from leaklab.cli.debug import debug
from leaklab.cli.param_types import Bytes, Seconds
from leaklab.model.errors import Exit
from leaklab.model.scenario import Resource
from leaklab.model.text import cut
from leaklab.model.verdicts import Conclusion
from leaklab.reports import watch

INTERVAL_SECONDS = 0.5
# More than any process id has; Python reads no number of any length.
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
        """The number; whether there is such a process is not asked here."""
        text = str(value)
        if not (text.isascii() and text.isdecimal() and int(text[:MAX_DIGITS])):
            words = f"{cut(text)!r} is no process id; ps lists those there are"
            self.fail(words, param, ctx)
        return int(text[:MAX_DIGITS])


@click.command("watch", context_settings={"allow_interspersed_args": False})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND...]")
@click.option("--pid", type=Pid(), metavar="N", help="Watch a process that is there already.")
@click.option(
    "--resource",
    type=click.Choice([r.value for r in Resource]),
    default=Resource.MEMORY.value,
    show_default=True,
    help="What the verdict is about; the others are named where they leak, too, and count for the "
    "exit code.",
)
@click.option(
    "--interval",
    type=Seconds(),
    default=INTERVAL_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="From one reading to the next, on the average; less where workers are replaced often.",
)
@click.option(
    "--for",
    "for_seconds",
    type=Seconds(),
    metavar="TIME",
    help="End the watch after that: 90, 10m, 2h.",
)
@click.option(
    "--limit",
    type=Bytes(),
    help="The memory to project to.  [default: the limit of the process's cgroup, or the "
    "machine's memory]",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to put what COMMAND prints.",
)
@options.as_json
@debug
def command(
    words: tuple[str, ...],
    pid: int | None,
    resource: str,
    interval: float,
    for_seconds: float | None,
    limit: int | None,
    output: Path | None,
    as_json: bool,
) -> Exit:
    """Watch any program from outside, and judge how it grows over time.

    A process and all below it are read again and again, on a terminal into a live
    table; the verdict comes when it ends, after --for, or at Ctrl-C (SIGTERM). It
    asks whether memory (PSS without files) grows steadily over the last half and
    quarter of the time after the start-up, so the longer the watch, the more it is
    worth: where nothing is found, it names the leak that would have escaped.
    Workers that are replaced are judged by what each of them does.

    A process named by --pid is left alone. A COMMAND is started in the current
    folder, with no input. What it prints goes to standard error, or where the
    live table is there, to --output or nowhere. Once its first process has ended
    or the watch is over, whatever is left of it is ended, too, so keep what puts
    itself into the background in the foreground.

    \b
    Exit codes: 0 clean; 1 a leak, of any resource; 2 bad input; 3 undecided, or could not measure;
    130 interrupted before anything was read.
    """
    asked = watch_session.WatchRequest(Resource(resource), interval, for_seconds, limit)
    seen = watch_session.watch_until_end(words, pid, output, asked)
    if as_json:
        sys.stdout.write(msgspec.json.encode(seen).decode() + "\n")
    else:
        reports.print_table(watch.table(seen), sys.stdout)
    return EXITS[seen.conclusion]
