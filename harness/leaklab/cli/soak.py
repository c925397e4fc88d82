"""`leaklab soak`."""

import sys
from pathlib import Path

import click

from leaklab import reports
from leaklab.catalogue import open_catalogue
from leaklab.cli import options, progress
from leaklab.errors import Exit
from leaklab.model import Limits


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
) -> None:
    """Run everything again and again beside a busy neighbour process.

    Exit code 1 where a verdict is wrong, or peaks lie further apart than the scenario declares.
    """
    from leaklab.executor import ProcessExecutor, default_memory_limit
    from leaklab.reports import itself
    from leaklab.runner import Request, plan, run
    from leaklab.soak import busy_neighbour, steadiness
    from leaklab.store import Session

    opened = open_catalogue(catalogue)
    jobs = plan(opened, Request(names, repeat=rounds))
    limits = Limits(memory_bytes=memory_limit or default_memory_limit(), time_seconds=time_limit)
    session = Session(results)
    with (
        busy_neighbour(),
        ProcessExecutor(opened, limits) as executor,
        progress.choose() as listener,
    ):
        outcome = run(jobs, executor, session, listener, opened.root)
    found = steadiness(outcome.results, opened.load_all(names))
    reports.write(itself.soak(found), sys.stdout)
    if outcome.errors:
        sys.exit(max(error.exit for error in outcome.errors))
    sys.exit(Exit.AS_EXPECTED if all(s.holds for s in found) else Exit.DIFFERS)
