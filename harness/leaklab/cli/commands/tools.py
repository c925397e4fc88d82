"""`leaklab selftest tools`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.folders import open_catalogue
from leaklab.cli import options, progress
from leaklab.cli.debug import debug
from leaklab.cli.documents import PERFORMANCE_TITLE, open_document, provenance
from leaklab.cli.measurements import MeasuredSection, write_section
from leaklab.cli.param_types import Seconds
from leaklab.cli.renamed_option import RenamedOption
from leaklab.features.quality.beside_tools import (
    KNOWN,
    Findings,
    Size,
    measure_beside_tools,
    require_known_tools,
)
from leaklab.model.errors import Exit
from leaklab.reports.conclusions import tools_conclusion
from leaklab.reports.tools import missed
from leaklab.reports.tools import tool_tables as tables_of

DEFAULT_PAIRS = 10
QUICK_UNITS = 100
QUICK_NAMES = ("scroll_buffer",)
REPEATS = 5


@click.command("tools")
@options.names
@options.name_option
@options.pairs(DEFAULT_PAIRS)
@click.option(
    "--tool",
    "tools",
    metavar="NAME",
    multiple=True,
    help="Only this tool; may be given several times.",
)
@click.option("--quick", is_flag=True, help="A smoke run: one pair of short runs, one scenario.")
@click.option(
    "--cpu-limit",
    cls=RenamedOption,
    earlier=("--time-limit",),
    type=Seconds(),
    default=60.0,
    show_default=True,
    metavar="TIME",
    help="Stop a run that takes more CPU time; its verdict is undecided.",
)
@options.write()
@options.as_json
@debug
def command(
    names: tuple[str, ...],
    more_names: tuple[str, ...],
    pairs: int,
    tools: tuple[str, ...],
    quick: bool,
    cpu_limit: float,
    write: Path | None,
    as_json: bool,
) -> Exit:
    """Compare leaklab with other memory profilers.

    Every tool runs the same work. The tables show how far ten peaks lie apart, what the tool costs,
    by how much it misses a spike of 50 ms, and how often its verdict on the scenarios NAME is
    right. A tool that is not installed is listed with the package to install; the extra 'tools'
    has all of them except /usr/bin/time.

    --write replaces this command's section of the file, and keeps the rest.

    Exit code 1 if leaklab missed one of its goals.
    """
    require_known_tools(tools)
    document = open_document(write, PERFORMANCE_TITLE) if write else ""
    opened = open_catalogue(None)
    names += more_names
    size = Size(pairs, REPEATS, None, cpu_limit)
    if quick:
        size, names = Size(1, 1, QUICK_UNITS, cpu_limit), names or QUICK_NAMES
    with progress.open_progress() as listener:
        findings = measure_beside_tools(opened, names, tools or KNOWN, size, listener.show_step)
    _show(findings, as_json=as_json)
    if write:
        arguments = ["--quick"] if quick else [f"--pairs {pairs}"]
        arguments += [*names, *(f"--tool '{t}'" for t in tools)]
        line = provenance(" ".join(["leaklab selftest tools", *arguments]), opened.root)
        _write(write, document, findings, line)
    return Exit.DIFFERS if missed(findings) else Exit.AS_EXPECTED


def _show(findings: Findings, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(findings).decode() + "\n")
        return
    for table in tables_of(findings):
        reports.print_table(table, sys.stdout)
        sys.stdout.write("\n")


def _write(path: Path, document: str, findings: Findings, line: str) -> None:
    tables = [reports.markdown(table).rstrip() for table in tables_of(findings)]
    parts = (tools_conclusion(findings), line, "\n\n".join(tables))
    write_section(path, document, MeasuredSection("tools", "Beside other tools", *parts))
