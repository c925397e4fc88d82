"""`leaklab matrix`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.cli import options, progress
from leaklab.cli.documents import provenance, require_writable, write_text
from leaklab.model.errors import Exit
from leaklab.reports import confusion
from leaklab.runs.limits import make_limits
from leaklab.runs.opening import SessionWork, begin_resumable, open_session
from leaklab.runs.runner import failure_reasons
from leaklab.verdict.confusion import JudgedRun, judged_runs, matrix

MATRIX_TITLE = "# What is known, and what was said"


@click.command("matrix")
@options.names
@options.workers
@options.mode(options.ALL_MODES)
@options.at_once
@click.option("--write", type=click.Path(path_type=Path), help="Write Markdown to this file.")
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
    """Judge every variant in every mode, and set what was said against what is known.

    A pair that is judged by its peaks counts once. Exit code 1 where a verdict is wrong or
    undecided, 3 where a run could not be measured.
    """
    opened = open_catalogue(catalogue)
    limits = make_limits(memory_limit, time_limit, process_limit, descriptor_limit, jobs)
    planned = plan(opened, PlanRequest(names, modes=options.make_modes(mode), workers=workers))
    work = SessionWork(opened, planned, limits, jobs)
    if write:
        require_writable(write)
    found = _make(work, results)
    if write:
        _write(
            write, opened, found, [*names, *(f"--mode {m}" for m in mode if m != options.ALL_MODES)]
        )
    _show(found, as_json)
    return matrix(found).exit


def _make(work: SessionWork, results: Path) -> list[JudgedRun]:
    """Make the runs, and set against each what is known of it."""
    session = begin_resumable(work, results)
    with open_session(work, session) as opened, progress.open_progress() as listener:
        outcome = opened.run(listener)
    return judged_runs(work.jobs, outcome.results, failure_reasons(outcome))


def _show(found: list[JudgedRun], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(confusion.confusion_json(found)).decode() + "\n")
        return
    for table in confusion.confusion_tables(found):
        reports.print_table(table, sys.stdout)


def _write(path: Path, catalogue: Catalogue, found: list[JudgedRun], words: list[str]) -> None:
    line = " ".join(["leaklab matrix", *words])
    parts = [MATRIX_TITLE, provenance(line, catalogue.root)]
    tables = [reports.markdown(table).rstrip() for table in confusion.confusion_tables(found)]
    write_text(path, "\n\n".join([*parts, *tables]) + "\n")
