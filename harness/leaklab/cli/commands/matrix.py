"""`leaklab matrix`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.plan import Request, plan
from leaklab.cli import options, progress
from leaklab.cli.documents import provenance, refuse_unwritable, write_text
from leaklab.model.errors import Exit
from leaklab.reports import confusion
from leaklab.runs.limits import make_limits
from leaklab.runs.opening import Work, begin_resumable, open_session
from leaklab.runs.runner import reasons_of
from leaklab.verdict.confusion import Judgement, judgements, matrix

TITLE = "# What is known, and what was said"


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
    planned = plan(opened, Request(names, modes=options.make_modes(mode), workers=workers))
    work = Work(opened, planned, limits, jobs)
    if write:
        refuse_unwritable(write)
    found = _make(work, results)
    if write:
        _write(
            write, opened, found, [*names, *(f"--mode {m}" for m in mode if m != options.ALL_MODES)]
        )
    _show(found, as_json)
    return matrix(found).exit


def _make(work: Work, results: Path) -> list[Judgement]:
    """Make the runs, and set against each what is known of it."""
    session = begin_resumable(work, results)
    with open_session(work, session) as opened, progress.choose() as listener:
        outcome = opened.run(listener)
    return judgements(work.jobs, outcome.results, reasons_of(outcome))


def _show(found: list[Judgement], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(confusion.as_builtins(found)).decode() + "\n")
        return
    for table in confusion.tables(found):
        reports.write(table, sys.stdout)


def _write(path: Path, catalogue: Catalogue, found: list[Judgement], words: list[str]) -> None:
    line = " ".join(["leaklab matrix", *words])
    parts = [TITLE, provenance(line, catalogue.root)]
    tables = [reports.markdown(table).rstrip() for table in confusion.tables(found)]
    write_text(path, "\n\n".join([*parts, *tables]) + "\n")
