"""`leaklab matrix`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.plan import Request, plan
from leaklab.cli import options, progress
from leaklab.cli.documents import provenance, refuse_unwritable, write_text
from leaklab.model.errors import Exit, LabError, one_line
from leaklab.model.job import Job, Limits
from leaklab.reports import confusion
from leaklab.runs.executor import ProcessExecutor
from leaklab.runs.listener import InTurn
from leaklab.runs.runner import run
from leaklab.runs.sessions import begin, plan_of
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
    limits = options.make_limits(memory_limit, time_limit, process_limit, descriptor_limit, jobs)
    planned = plan(opened, Request(names, modes=options.make_modes(mode), workers=workers))
    options.refuse_too_few_processes(limits, planned)
    options.refuse_too_few_descriptors(limits, planned)
    if write:
        refuse_unwritable(write)
    found = _make(opened, planned, limits, results, jobs)
    if write:
        _write(
            write, opened, found, [*names, *(f"--mode {m}" for m in mode if m != options.ALL_MODES)]
        )
    _show(found, as_json)
    return matrix(found).exit


class _Failures(InTurn):
    """Passes every moment on, and keeps why runs could not be measured, by their labels."""

    def __init__(self, listener: progress.Quiet) -> None:
        super().__init__(listener)
        self.why: dict[str, str] = {}

    def failed(self, job: Job, error: LabError) -> None:
        """Keep the error's line, without the name of the run."""
        self.why[job.label] = one_line(str(error)).removeprefix(f"{job.label}: ")
        super().failed(job, error)


def _make(
    catalogue: Catalogue, jobs: Sequence[Job], limits: Limits, results: Path, at_once: int
) -> list[Judgement]:
    """Make the runs, and set against each what is known of it."""
    with (
        begin(results, plan_of(jobs, limits, catalogue.root)) as session,
        ProcessExecutor(catalogue, limits, slots=at_once) as executor,
        progress.choose() as listener,
    ):
        failures = _Failures(listener)
        outcome = run(jobs, executor, session, failures, catalogue.root, at_once=at_once)
    return judgements(jobs, outcome.results, failures.why)


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
