"""`leaklab overhead`."""

import sys
from pathlib import Path

import click

from leaklab import reports
from leaklab.catalogue import open_catalogue
from leaklab.cli import options, progress
from leaklab.errors import Exit

DEFAULT_NAMES = ("word_index", "cache_without_eviction")


@click.command("overhead")
@options.names
@click.option("--pairs", type=click.IntRange(min=6), default=15, show_default=True)
@options.limits
@options.common
def command(
    names: tuple[str, ...],
    pairs: int,
    memory_limit: int | None,
    time_limit: float,
    catalogue: Path | None,
) -> Exit:
    """Measure what sampling costs the measured process, against running it bare.

    Runs with and without sampling take turns; the CPU time compared is the measured process's own,
    from its first unit to its last. Without names: word_index and cache_without_eviction.

    Exit code 1 where an interval ends above 1.05, or more than 1 MiB is added.
    """
    from leaklab.overhead import measure
    from leaklab.plans import Request, plan
    from leaklab.reports import itself

    opened = open_catalogue(catalogue)
    jobs = plan(opened, Request(names or DEFAULT_NAMES))
    limits = options.make_limits(memory_limit, time_limit)
    with progress.choose() as listener:
        found = list(measure(opened, jobs, pairs, limits, listener.tell))
    reports.write(itself.overheads(found), sys.stdout)
    return Exit.AS_EXPECTED if all(o.holds for o in found) else Exit.DIFFERS
