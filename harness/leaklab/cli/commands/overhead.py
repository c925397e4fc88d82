"""`leaklab selftest overhead`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.cli import options, progress
from leaklab.cli.documents import PERFORMANCE_TITLE, open_document, provenance
from leaklab.cli.measurements import MeasuredSection, write_section
from leaklab.features.quality.agent_cost import AgentCost, measure_agent_cost
from leaklab.model.errors import Exit
from leaklab.model.scenario import Variant
from leaklab.reports import quality
from leaklab.reports.conclusions import agent_conclusion
from leaklab.runs.limits import make_limits

DEFAULT_NAMES = ("word_index", "cache_without_eviction")


@click.command("overhead")
@options.names
@options.pairs(15)
@options.variant
@click.option(
    "--units",
    type=options.POSITIVE,
    metavar="N",
    help="Units of work of a run.  [default: the scenario's]",
)
@options.write()
@options.limits
@options.as_json
@options.common
def command(
    names: tuple[str, ...],
    pairs: int,
    variant: str | None,
    units: int | None,
    write: Path | None,
    memory_limit: int | None,
    time_limit: float,
    as_json: bool,
    catalogue: Path | None,
) -> Exit:
    """Measure what the agent costs the measured process.

    Runs with and without sampling take turns. They are compared by the CPU time of the measured
    process, from its first unit to its last. The agent's memory is compared with that of a bare
    interpreter. The default scenarios are word_index and cache_without_eviction.

    --write replaces this command's section of the file, and keeps the rest.

    Exit code 1 if an interval ends above 1.05, if sampling adds more than 1 MiB, or if the agent
    adds more than 1.2 MiB.
    """
    opened = open_catalogue(catalogue)
    only = Variant(variant) if variant else None
    request = PlanRequest(names or DEFAULT_NAMES, only, units=units, budget_seconds=None)
    jobs = plan(opened, request)
    limits = make_limits(memory_limit, time_limit)
    document = open_document(write, PERFORMANCE_TITLE) if write else ""
    with progress.open_progress() as listener:
        overheads = list(measure_agent_cost(opened, jobs, pairs, limits, listener.show_step))
    if as_json:
        sys.stdout.write(msgspec.json.encode(overheads).decode() + "\n")
    else:
        reports.print_table(quality.overheads(overheads), sys.stdout)
    if write:
        arguments = [*names, f"--pairs {pairs}"]
        arguments += [f"--variant {variant}"] if variant else []
        arguments += [f"--units {units}"] if units else []
        _write(write, document, overheads, arguments, opened)
    return Exit.AS_EXPECTED if all(o.meets_limits for o in overheads) else Exit.DIFFERS


def _write(
    path: Path,
    document: str,
    overheads: Sequence[AgentCost],
    arguments: Sequence[str],
    catalogue: Catalogue,
) -> None:
    line = provenance(" ".join(["leaklab selftest overhead", *arguments]), catalogue.root)
    tables = reports.markdown(quality.overheads(overheads))
    conclusion = agent_conclusion(overheads)
    section = MeasuredSection("overhead", "The agent", conclusion, line, tables)
    write_section(path, document, section)
