"""`leaklab selftest observer`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from leaklab import reports
from leaklab.catalogue.folders import builtin_root
from leaklab.cli import options, progress
from leaklab.cli.debug import debug
from leaklab.cli.documents import PERFORMANCE_TITLE, open_document, provenance
from leaklab.cli.measurements import MeasuredSection, write_section
from leaklab.cli.param_types import Seconds
from leaklab.cli.renamed_option import RenamedOption
from leaklab.features.quality.observer_cost import (
    LOADS,
    QUICK_LOADS,
    Load,
    ObserverCost,
    measure_observer_cost,
    split_by_size,
)
from leaklab.model.errors import Exit, NotMeasured
from leaklab.model.units import format_bytes
from leaklab.reports import quality
from leaklab.reports.conclusions import observer_conclusion
from leaklab.runs.limits import available_bytes

DEFAULT_SECONDS = 8.0
QUICK_SECONDS = 1.0


@click.command("observer")
@click.option(
    "--for",
    "seconds",
    cls=RenamedOption,
    earlier=("--seconds",),
    type=Seconds(),
    metavar="TIME",
    help="Watch each load at least this long.  [default: 8s, or 1s with --quick]",
)
@click.option("--quick", is_flag=True, help="A smoke run: only two small loads.")
@options.write()
@debug
def command(seconds: float | None, quick: bool, write: Path | None) -> Exit:
    """Measure what watching a run from outside costs.

    The loads are idle processes that are watched like any run: one of 10 MiB to 4 GiB, pools of 1
    to 64 workers, and two of these without a cgroup for the limits. A load of more than half of the
    available memory is skipped.

    --write replaces this command's section of the file, and keeps the rest.

    Exit code 1 if readings of PSS take more than 2 % of one CPU.
    """
    document = open_document(write, PERFORMANCE_TITLE) if write else ""
    loads, left_out = split_by_size(QUICK_LOADS if quick else LOADS, available_bytes())
    if not loads:
        raise NotMeasured("less than 20 MiB of memory are available; end other processes")
    watched = _watch(loads, seconds or (QUICK_SECONDS if quick else DEFAULT_SECONDS))
    table = quality.observer(watched, left_out)
    reports.print_table(table, sys.stdout)
    if write:
        arguments = (" --quick" if quick else "") + (f" --for {seconds:g}s" if seconds else "")
        line = provenance(f"leaklab selftest observer{arguments}", builtin_root())
        parts = (observer_conclusion(watched), line, reports.markdown(table))
        write_section(write, document, MeasuredSection("observer", "The observer", *parts))
    return Exit.AS_EXPECTED if all(w.meets_limits for w in watched) else Exit.DIFFERS


def _watch(loads: Sequence[Load], seconds: float) -> list[ObserverCost]:
    """Measure each load, with progress on a terminal."""
    measured = []
    with progress.open_progress() as listener:
        for load, watched in measure_observer_cost(loads, seconds):
            listener.show_step(f"{load.label} of {format_bytes(load.each_bytes)}")
            measured += [watched] if watched else []
    return measured
