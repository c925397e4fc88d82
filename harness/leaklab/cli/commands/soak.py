"""`leaklab selftest soak`."""

import sys
from dataclasses import replace
from pathlib import Path

import click

from leaklab import reports
from leaklab.catalogue.folders import open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.cli import options, progress
from leaklab.features.quality.repeatability import busy_neighbours, repeatabilities
from leaklab.model.errors import Exit
from leaklab.reports import quality, runs
from leaklab.runs.limits import make_limits
from leaklab.runs.opening import SessionWork, open_session


@click.command("soak")
@options.names
@options.workers
@options.mode(options.ALL_MODES)
@options.repeat(20, "-n", "--rounds")
@options.at_once
@options.limits
@options.count_limits
@options.results_folder
@options.common
def command(
    names: tuple[str, ...],
    mode: tuple[str, ...],
    workers: int | None,
    repeat: int,
    jobs: int,
    memory_limit: int | None,
    time_limit: float,
    process_limit: int,
    descriptor_limit: int,
    results: Path,
    catalogue: Path | None,
) -> Exit:
    """Repeat every run beside two busy processes, and compare verdicts and peaks.

    Exit code 1 if a verdict is wrong, or if peaks lie further apart than the scenario declares.
    """
    opened = open_catalogue(catalogue)
    limits = make_limits(memory_limit, time_limit, process_limit, descriptor_limit, jobs)
    modes = options.make_modes(mode)
    planned = plan(opened, PlanRequest(names, modes=modes, workers=workers, repeat=repeat))
    work = SessionWork(opened, planned, limits, jobs)
    with (
        open_session(work, results) as session,
        busy_neighbours(),
        progress.open_progress() as listener,
    ):
        outcome = session.run(listener)
    measured = repeatabilities(outcome.results, opened.load_all(names))
    table = quality.soak(measured)
    notes = [*table.notes, *runs.disagreements(outcome.results), f"saved in {session.folder}"]
    reports.print_table(replace(table, notes=notes), sys.stdout)
    steady = Exit.AS_EXPECTED if all(s.is_repeatable for s in measured) else Exit.DIFFERS
    return max(outcome.exit, steady)
