"""`leaklab floor`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.folders import builtin_root
from leaklab.cli import options, progress
from leaklab.cli.debug import debug
from leaklab.cli.documents import PERFORMANCE_TITLE, open_document, provenance
from leaklab.cli.measurements import MeasuredSection, write_section
from leaklab.features.quality.detection_limit import (
    Detection,
    Stopwatch,
    detection_catalogue,
    detection_jobs,
    detections,
    exit_of,
)
from leaklab.model.errors import Exit
from leaklab.model.job import Job, Limits
from leaklab.reports import detection_limit
from leaklab.reports.conclusions import detection_conclusion
from leaklab.runs.limits import make_limits
from leaklab.runs.opening import SessionWork, open_session


@click.command("floor")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "-n",
    "--rounds",
    type=options.POSITIVE,
    metavar="N",
    default=20,
    show_default=True,
    help="Runs of each leak.",
)
@click.option(
    "--clean-runs",
    type=click.IntRange(min=0),
    metavar="N",
    default=1000,
    show_default=True,
    help="Runs of clean programs in all.",
)
@options.at_once
@click.option("--write", type=click.Path(path_type=Path), help="Write Markdown to this file.")
@options.limits
@options.results_folder
@options.as_json
@debug
def command(
    names: tuple[str, ...],
    rounds: int,
    clean_runs: int,
    jobs: int,
    write: Path | None,
    memory_limit: int | None,
    time_limit: float,
    results: Path,
    as_json: bool,
) -> Exit:
    """Look for the smallest leaks again and again, and for alarms where nothing leaks.

    The programs are those of fixtures/detection_limit, each time with another seed. --write
    replaces the command's own section of a file, and leaves the rest as it is.

    Exit code 1 where a leak was not found every time, each time within 5 s, or a clean program
    was called a leak; 3 where a run could not be measured.
    """
    planned = detection_jobs(detection_catalogue(), names, rounds, clean_runs)
    limits = make_limits(memory_limit, time_limit, at_once=jobs)
    document = open_document(write, PERFORMANCE_TITLE) if write else ""
    found = _make(planned, limits, results, jobs)
    _show(found, as_json)
    if write:
        words = [*names, f"--rounds {rounds}", f"--clean-runs {clean_runs}", f"--jobs {jobs}"]
        _write(write, document, found, " ".join(["leaklab floor", *words]))
    return exit_of(found)


def _make(jobs: list[Job], limits: Limits, results: Path, at_once: int) -> list[Detection]:
    floor = detection_catalogue()
    work = SessionWork(floor, jobs, limits, at_once)
    with open_session(work, results) as session, progress.open_progress() as listener:
        watch = Stopwatch(listener)
        outcome = session.run(watch)
    return detections(jobs, outcome, watch.wall_seconds)


def _show(found: list[Detection], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(detection_limit.detection_json(found)).decode() + "\n")
        return
    for table in detection_limit.detection_tables(found):
        reports.print_table(table, sys.stdout)


def _write(path: Path, document: str, found: list[Detection], line: str) -> None:
    tables = [reports.markdown(table).rstrip() for table in detection_limit.detection_tables(found)]
    parts = (detection_conclusion(found), provenance(line, builtin_root()), "\n\n".join(tables))
    write_section(path, document, MeasuredSection("detection-limit", "The detection limit", *parts))
