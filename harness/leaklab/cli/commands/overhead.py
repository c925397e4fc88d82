"""`leaklab overhead`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.folders import open_catalogue
from leaklab.catalogue.plan import Request, plan
from leaklab.cli import options, progress
from leaklab.features.quality.agent_cost import measure
from leaklab.model.errors import Exit
from leaklab.model.scenario import Variant
from leaklab.reports import quality

DEFAULT_NAMES = ("word_index", "cache_without_eviction")


@click.command("overhead")
@options.names
@click.option("--pairs", type=click.IntRange(min=6), default=15, show_default=True)
@click.option("--variant", type=click.Choice([v.value for v in Variant]), help="Only this variant.")
@click.option("--units", type=options.POSITIVE, help="Units of work.  [default: the scenario's]")
@options.limits
@options.as_json
@options.common
def command(
    names: tuple[str, ...],
    pairs: int,
    variant: str | None,
    units: int | None,
    memory_limit: int | None,
    time_limit: float,
    as_json: bool,
    catalogue: Path | None,
) -> Exit:
    """Measure what sampling costs the measured process, against running it bare.

    Runs with and without sampling take turns; the CPU time compared is the measured process's own,
    from its first unit to its last. Without names: word_index and cache_without_eviction.

    Exit code 1 where an interval ends above 1.05, or more than 1 MiB is added.
    """
    opened = open_catalogue(catalogue)
    only = Variant(variant) if variant else None
    asked = Request(names or DEFAULT_NAMES, only, units=units, budget_seconds=None)
    jobs = plan(opened, asked)
    limits = options.make_limits(memory_limit, time_limit)
    with progress.choose() as listener:
        found = list(measure(opened, jobs, pairs, limits, listener.tell))
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        reports.write(quality.overheads(found), sys.stdout)
    return Exit.AS_EXPECTED if all(o.holds for o in found) else Exit.DIFFERS
