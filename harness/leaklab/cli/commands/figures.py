"""`leaklab figures`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab.catalogue.folders import open_catalogue
from leaklab.cli import options, progress
from leaklab.features.commits.figure_cache import Remembered
from leaklab.features.commits.figures import Tracked
from leaklab.features.commits.tracking import Survey, track
from leaklab.model.errors import BadInput, Exit
from leaklab.runs.executor import ProcessExecutor
from leaklab.runs.sessions import Session


@click.command("figures")
@options.names
@options.mode("all")
@options.at_once
@options.limits
@click.option(
    "--reuse",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where figures are remembered. What was measured before in the very same form, by the "
    "same leaklab on the same machine, is not measured again.",
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

    Of each scenario, variant and mode: the peak RSS of its largest process and the growth per unit
    of work. What a catalogue does not have is 'absent' there, what could not be measured 'failed',
    each with the reason; neither is an error of this command's.
    """
    try:
        opened = open_catalogue(catalogue)
    except BadInput as error:
        return _write(Tracked(absent={name: str(error) for name in names}))
    survey = Survey(
        opened,
        names or tuple(opened.names()),
        options.make_limits(memory_limit, time_limit, at_once=jobs),
        options.make_modes(mode),
        jobs,
    )
    return _write(_track(survey, reuse))


def _write(tracked: Tracked) -> Exit:
    sys.stdout.write(msgspec.json.encode(tracked).decode() + "\n")
    return Exit.AS_EXPECTED


def _track(survey: Survey, reuse: Path | None) -> Tracked:
    with (
        ProcessExecutor(survey.catalogue, survey.limits, slots=survey.at_once) as executor,
        progress.choose() as listener,
    ):
        return track(survey, executor, Session(executor.folder), listener, Remembered(reuse))
