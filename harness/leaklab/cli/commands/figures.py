"""`leaklab figures`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from leaklab.catalogue.folders import open_catalogue
from leaklab.cli import options, progress
from leaklab.features.commits.figure_cache import FigureCache
from leaklab.features.commits.figures import Tracked
from leaklab.features.commits.tracking import TrackingRequest, track
from leaklab.model.errors import BadInput, Exit
from leaklab.model.job import Job
from leaklab.runs.limits import make_limits
from leaklab.runs.opening import SessionWork, open_session
from leaklab.runs.runner import Outcome


@click.command("figures")
@options.names
@options.mode("all")
@options.at_once
@options.limits
@click.option(
    "--reuse",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Save figures in this folder, and reuse those that the same leaklab measured on the same "
    "machine for exactly the same programs.",
)
@options.common
def command(
    names: tuple[str, ...],
    mode: tuple[str, ...],
    jobs: int,
    memory_limit: int | None,
    time_limit: float,
    reuse: Path | None,
    catalogue: Path | None,
) -> Exit:
    """Write the figures that a benchmark suite tracks, as JSON.

    For each scenario, variant and mode: the peak RSS of its largest process, the growth per unit of
    work, and the verdict. What the catalogue lacks is 'absent' and what could not be measured is
    'failed', each with the reason; neither is an error of this command.

    Exit code 3 if there are no figures.
    """
    try:
        opened = open_catalogue(catalogue)
    except BadInput as error:
        return _write(Tracked(absent={name: str(error) for name in names}))
    limits = make_limits(memory_limit, time_limit, at_once=jobs)
    survey = TrackingRequest(
        opened, names or tuple(opened.names()), limits, options.make_modes(mode)
    )

    def make(planned: Sequence[Job]) -> Outcome:
        """Run the jobs in a session of their own."""
        work = SessionWork(opened, planned, limits, jobs)
        with open_session(work, None) as session, progress.open_progress() as listener:
            return session.run(listener)

    return _write(track(survey, FigureCache(reuse), make))


def _write(tracked: Tracked) -> Exit:
    sys.stdout.write(msgspec.json.encode(tracked).decode() + "\n")
    return Exit.AS_EXPECTED if tracked.figures else Exit.NOT_MEASURED
