"""`leaklab peers`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.folders import open_catalogue
from leaklab.cli import options, progress
from leaklab.cli.debug import debug
from leaklab.cli.documents import (
    PERFORMANCE_TITLE,
    open_document,
    provenance,
    with_section,
    write_text,
)
from leaklab.cli.param_types import Seconds
from leaklab.features.quality.beside_tools import (
    KNOWN,
    Findings,
    Size,
    measure_beside_tools,
    require_known_tools,
)
from leaklab.model.errors import Exit
from leaklab.reports.tools import missed
from leaklab.reports.tools import tool_tables as tables_of

DEFAULT_PAIRS = 10
QUICK_UNITS = 100
QUICK_NAMES = ("scroll_buffer",)
REPEATS = 5


@click.command("peers")
@click.option(
    "--pairs",
    type=click.IntRange(min=6),
    default=DEFAULT_PAIRS,
    show_default=True,
    help="Pairs of runs, with a tool and bare.",
)
@click.option(
    "--name",
    "names",
    type=options.ScenarioName(),
    multiple=True,
    help="Verdicts on this scenario only; may be given several times.",
)
@click.option("--tool", "tools", metavar="NAME", multiple=True, help="Only this tool; likewise.")
@click.option("--quick", is_flag=True, help="One pair of short runs, one scenario: a smoke test.")
@click.option(
    "--time-limit",
    type=Seconds(),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Give a run up that takes more CPU time; its verdict is undecided.",
)
@click.option("--write", type=click.Path(path_type=Path), help="Write Markdown to this file.")
@options.as_json
@debug
def command(
    pairs: int,
    names: tuple[str, ...],
    tools: tuple[str, ...],
    quick: bool,
    time_limit: float,
    write: Path | None,
    as_json: bool,
) -> Exit:
    """Compare leaklab with the tools people use.

    Every tool really runs, on the same work: how far ten peaks lie apart, what it costs, by how
    much it misses a spike of 50 ms, and how often it is right about the catalogue. What is not
    installed is named with what to install; the extra 'peers' brings all but /usr/bin/time.

    --write replaces the command's own section of a file, and leaves the rest as it is.

    Exit code 1 where leaklab missed one of its goals.
    """
    require_known_tools(tools)
    document = open_document(write, PERFORMANCE_TITLE) if write else ""
    opened = open_catalogue(None)
    size = Size(pairs, REPEATS, None, time_limit)
    if quick:
        size, names = Size(1, 1, QUICK_UNITS, time_limit), names or QUICK_NAMES
    with progress.open_progress() as listener:
        found = measure_beside_tools(opened, names, tools or KNOWN, size, listener.tell)
    _show(found, as_json=as_json)
    if write:
        words = ["--quick"] if quick else [f"--pairs {pairs}"]
        words += [*(f"--name {n}" for n in names), *(f"--tool '{t}'" for t in tools)]
        line = provenance(" ".join(["leaklab peers", *words]), opened.root)
        _write(write, document, found, line)
    return Exit.DIFFERS if missed(found) else Exit.AS_EXPECTED


def _show(found: Findings, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    for table in tables_of(found):
        reports.print_table(table, sys.stdout)
        sys.stdout.write("\n")


def _write(path: Path, document: str, found: Findings, line: str) -> None:
    tables = [reports.markdown(table).rstrip() for table in tables_of(found)]
    text = "\n\n".join(["## Beside other tools", line, *tables])
    write_text(path, with_section(document, "peers", text))
