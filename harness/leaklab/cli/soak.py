"""`leaklab soak`."""

import sys
from dataclasses import replace
from pathlib import Path

import click

from leaklab import reports
from leaklab.catalogue import open_catalogue
from leaklab.cli import options, progress
from leaklab.errors import Exit


@click.command("soak")
@options.names
@click.option("-n", "--rounds", type=click.IntRange(min=1), default=20, show_default=True)
@options.limits
@options.results_folder
@options.common
def command(
    names: tuple[str, ...],
    rounds: int,
    memory_limit: int | None,
    time_limit: float,
    results: Path,
    catalogue: Path | None,
) -> Exit:
    """Run everything again and again beside two busy neighbour processes.

    Exit code 1 where a verdict is wrong, or peaks lie further apart than the scenario declares.
    """
    from leaklab.executor import ProcessExecutor
    from leaklab.reports import itself, runs
    from leaklab.runner import Request, plan, run
    from leaklab.soak import busy_neighbours, steadiness
    from leaklab.store import Session

    opened = open_catalogue(catalogue)
    jobs = plan(opened, Request(names, repeat=rounds))
    limits = options.make_limits(memory_limit, time_limit)
    session = Session(results)
    with (
        busy_neighbours(),
        ProcessExecutor(opened, limits) as executor,
        progress.choose() as listener,
    ):
        outcome = run(jobs, executor, session, listener, opened.root)
    found = steadiness(outcome.results, opened.load_all(names))
    table = itself.soak(found)
    notes = [*table.notes, *runs.disagreements(outcome.results), f"saved in {session.folder}"]
    reports.write(replace(table, notes=notes), sys.stdout)
    steady = Exit.AS_EXPECTED if all(s.holds for s in found) else Exit.DIFFERS
    return max(outcome.exit, steady)
