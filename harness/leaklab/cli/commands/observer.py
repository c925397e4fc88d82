"""`leaklab observer`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from leaklab import reports
from leaklab.catalogue.folders import builtin_root
from leaklab.cli import progress
from leaklab.cli.debug import debug
from leaklab.cli.documents import (
    PERFORMANCE_TITLE,
    open_document,
    provenance,
    with_section,
    write_text,
)
from leaklab.cli.param_types import Seconds
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
from leaklab.runs.limits import available_bytes

DEFAULT_SECONDS = 8.0
QUICK_SECONDS = 1.0


@click.command("observer")
@click.option(
    "--seconds",
    type=Seconds(),
    metavar="N",
    help="How long to watch each, at least.  [default: 8, or 1 with --quick]",
)
@click.option("--quick", is_flag=True, help="Only two small rows.")
@click.option("--write", type=click.Path(path_type=Path), help="Write Markdown to this file.")
@debug
def command(seconds: float | None, quick: bool, write: Path | None) -> Exit:
    """Measure what watching a run from outside costs.

    Processes that hold memory and do nothing are watched as any run is: one of 10 MiB to 4 GiB,
    pools of 1 to 64 workers, and two of these with no cgroup to hold the limits. What would take
    more than half of the memory available is skipped.

    --write replaces the command's own section of a file, and leaves the rest as it is.

    Exit code 1 where readings of PSS take more than 2 % of one CPU.
    """
    document = open_document(write, PERFORMANCE_TITLE) if write else ""
    loads, left_out = split_by_size(QUICK_LOADS if quick else LOADS, available_bytes())
    if not loads:
        raise NotMeasured("less than 20 MiB of memory are available; end some other processes")
    found = _watch(loads, seconds or (QUICK_SECONDS if quick else DEFAULT_SECONDS))
    table = quality.observer(found, left_out)
    reports.print_table(table, sys.stdout)
    if write:
        words = (" --quick" if quick else "") + (f" --seconds {seconds:g}" if seconds else "")
        line = provenance(f"leaklab observer{words}", builtin_root())
        text = f"## The observer\n\n{line}\n\n{reports.markdown(table)}"
        write_text(write, with_section(document, "observer", text))
    return Exit.AS_EXPECTED if all(w.meets_limits for w in found) else Exit.DIFFERS


def _watch(loads: Sequence[Load], seconds: float) -> list[ObserverCost]:
    """What watching each of them cost, with progress on a terminal."""
    found = []
    with progress.open_progress() as listener:
        for load, watched in measure_observer_cost(loads, seconds):
            listener.tell(f"{load.label} of {format_bytes(load.each_bytes)}")
            found += [watched] if watched else []
    return found
