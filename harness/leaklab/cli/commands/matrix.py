"""`leaklab selftest matrix`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.cli import options, progress
from leaklab.cli.documents import provenance, require_writable, write_text
from leaklab.cli.measurements import log_measurement, wrapped_markdown
from leaklab.model.errors import Exit
from leaklab.reports import confusion
from leaklab.runs.limits import make_limits
from leaklab.runs.opening import SessionWork, begin_resumable, open_session
from leaklab.runs.runner import failure_reasons
from leaklab.verdict.confusion import JudgedRun, judged_runs, matrix

MATRIX_TITLE = "# Verdicts of the catalogue against what is known"


@click.command("matrix")
@options.names
@options.workers
@options.mode(options.ALL_MODES)
@options.at_once
@options.write()
@options.limits
@options.count_limits
@options.results_folder
@options.as_json
@options.common
def command(
    names: tuple[str, ...],
    mode: tuple[str, ...],
    workers: int | None,
    jobs: int,
    write: Path | None,
    memory_limit: int | None,
    time_limit: float,
    process_limit: int,
    descriptor_limit: int,
    results: Path,
    as_json: bool,
    catalogue: Path | None,
) -> Exit:
    """Judge every variant in every mode, and compare the verdicts with what is known.

    A pair that is judged by its peaks counts once. Exit code 1 if a verdict is wrong or undecided;
    3 if a run could not be measured.
    """
    opened = open_catalogue(catalogue)
    limits = make_limits(memory_limit, time_limit, process_limit, descriptor_limit, jobs)
    planned = plan(opened, PlanRequest(names, modes=options.make_modes(mode), workers=workers))
    work = SessionWork(opened, planned, limits, jobs)
    if write:
        require_writable(write)
    judged = _measure(work, results)
    if write:
        _write(
            write,
            opened,
            judged,
            [*names, *(f"--mode {m}" for m in mode if m != options.ALL_MODES)],
        )
    _show(judged, as_json)
    return matrix(judged).exit


def _measure(work: SessionWork, results: Path) -> list[JudgedRun]:
    """Make the runs, and compare each verdict with what is known."""
    session = begin_resumable(work, results)
    with open_session(work, session) as opened, progress.open_progress() as listener:
        outcome = opened.run(listener)
    return judged_runs(work.jobs, outcome.results, failure_reasons(outcome))


def _show(judged: list[JudgedRun], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(confusion.confusion_json(judged)).decode() + "\n")
        return
    for table in confusion.confusion_tables(judged):
        reports.print_table(table, sys.stdout)


def _write(path: Path, catalogue: Catalogue, judged: list[JudgedRun], arguments: list[str]) -> None:
    line = " ".join(["leaklab selftest matrix", *arguments])
    where = provenance(line, catalogue.root)
    tables = confusion.confusion_tables(judged)
    parts = [MATRIX_TITLE, where, *(reports.markdown(table).rstrip() for table in tables)]
    write_text(path, wrapped_markdown("\n\n".join(parts)) + "\n")
    log_measurement(path, where, tables[-1].notes[-1])
