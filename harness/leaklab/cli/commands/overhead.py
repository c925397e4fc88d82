"""`leaklab overhead`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.cli import options, progress
from leaklab.cli.documents import (
    PERFORMANCE_TITLE,
    open_document,
    provenance,
    with_section,
    write_text,
)
from leaklab.features.quality.agent_cost import AgentCost, measure_agent_cost
from leaklab.model.errors import Exit
from leaklab.model.scenario import Variant
from leaklab.reports import quality
from leaklab.runs.limits import make_limits

DEFAULT_NAMES = ("word_index", "cache_without_eviction")


@click.command("overhead")
@options.names
@click.option("--pairs", type=click.IntRange(min=6), default=15, show_default=True)
@click.option("--variant", type=click.Choice([v.value for v in Variant]), help="Only this variant.")
@click.option("--units", type=options.POSITIVE, help="Units of work.  [default: the scenario's]")
@click.option("--write", type=click.Path(path_type=Path), help="Write Markdown to this file.")
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

    Runs with and without sampling take turns; the CPU time compared is the measured process's own,
    from its first unit to its last. The agent's memory is compared with a bare interpreter's, too.
    Without names: word_index and cache_without_eviction.

    --write replaces the command's own section of a file, and leaves the rest as it is.

    Exit code 1 where an interval ends above 1.05, or sampling adds more than 1 MiB, or the agent
    more than 1.2 MiB.
    """
    opened = open_catalogue(catalogue)
    only = Variant(variant) if variant else None
    asked = PlanRequest(names or DEFAULT_NAMES, only, units=units, budget_seconds=None)
    jobs = plan(opened, asked)
    limits = make_limits(memory_limit, time_limit)
    document = open_document(write, PERFORMANCE_TITLE) if write else ""
    with progress.open_progress() as listener:
        found = list(measure_agent_cost(opened, jobs, pairs, limits, listener.tell))
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        reports.print_table(quality.overheads(found), sys.stdout)
    if write:
        words = [*names, f"--pairs {pairs}"]
        words += [f"--variant {variant}"] if variant else []
        words += [f"--units {units}"] if units else []
        _write(write, document, found, words, opened)
    return Exit.AS_EXPECTED if all(o.meets_limits for o in found) else Exit.DIFFERS


def _write(
    path: Path,
    document: str,
    found: Sequence[AgentCost],
    words: Sequence[str],
    catalogue: Catalogue,
) -> None:
    line = provenance(" ".join(["leaklab overhead", *words]), catalogue.root)
    text = f"## The agent\n\n{line}\n\n{reports.markdown(quality.overheads(found))}"
    write_text(path, with_section(document, "overhead", text))
