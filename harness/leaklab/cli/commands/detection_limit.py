"""`leaklab selftest detection-limit`."""

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


@click.command("detection-limit")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@options.repeat(20, "-n", "--rounds", text="Runs of each leak.")
@click.option(
    "--clean-runs",
    type=click.IntRange(min=0),
    metavar="N",
    default=1000,
    show_default=True,
    help="Runs of clean programs altogether.",
)
@options.at_once
@options.write()
@options.limits
@options.results_folder
@options.as_json
@debug
def command(
    names: tuple[str, ...],
    repeat: int,
    clean_runs: int,
    jobs: int,
    write: Path | None,
    memory_limit: int | None,
    time_limit: float,
    results: Path,
    as_json: bool,
) -> Exit:
    """Measure how surely and soon the smallest leaks are found, and count false alarms.

    The programs are those of fixtures/detection_limit; each run has another seed.

    --write replaces this command's section of the file, and keeps the rest.

    Exit code 1 if a run missed a leak or took more than 5 s to find it, or if a clean program was
    called a leak; 3 if a run could not be measured.
    """
    planned = detection_jobs(detection_catalogue(), names, repeat, clean_runs)
    limits = make_limits(memory_limit, time_limit, at_once=jobs)
    document = open_document(write, PERFORMANCE_TITLE) if write else ""
    detected = _measure(planned, limits, results, jobs)
    _show(detected, as_json)
    if write:
        arguments = [*names, f"--repeat {repeat}", f"--clean-runs {clean_runs}", f"--jobs {jobs}"]
        _write(
            write, document, detected, " ".join(["leaklab selftest detection-limit", *arguments])
        )
    return exit_of(detected)


def _measure(jobs: list[Job], limits: Limits, results: Path, at_once: int) -> list[Detection]:
    work = SessionWork(detection_catalogue(), jobs, limits, at_once)
    with open_session(work, results) as session, progress.open_progress() as listener:
        watch = Stopwatch(listener)
        outcome = session.run(watch)
    return detections(jobs, outcome, watch.wall_seconds)


def _show(detected: list[Detection], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(
            msgspec.json.encode(detection_limit.detection_json(detected)).decode() + "\n"
        )
        return
    for table in detection_limit.detection_tables(detected):
        reports.print_table(table, sys.stdout)


def _write(path: Path, document: str, detected: list[Detection], line: str) -> None:
    tables = [
        reports.markdown(table).rstrip() for table in detection_limit.detection_tables(detected)
    ]
    parts = (detection_conclusion(detected), provenance(line, builtin_root()), "\n\n".join(tables))
    section = MeasuredSection("detection-limit", "The detection limit", *parts)
    write_section(path, document, section)
