"""`leaklab figures`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leaklab.catalogue import Catalogue, builtin_root
from leaklab.cli import options, progress
from leaklab.errors import Exit

if TYPE_CHECKING:
    from leaklab.figures import Tracked
    from leaklab.tracking import Survey


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
    import msgspec

    from leaklab.tracking import Survey

    opened = Catalogue((catalogue or builtin_root()).resolve())
    survey = Survey(
        opened,
        names or tuple(opened.names()),
        options.make_limits(memory_limit, time_limit, at_once=jobs),
        options.make_modes(mode),
        jobs,
    )
    sys.stdout.write(msgspec.json.encode(_track(survey, reuse)).decode() + "\n")
    return Exit.AS_EXPECTED


def _track(survey: "Survey", reuse: Path | None) -> "Tracked":
    from leaklab.executor import ProcessExecutor
    from leaklab.remembered import Remembered
    from leaklab.sessions import Session
    from leaklab.tracking import track

    with (
        ProcessExecutor(survey.catalogue, survey.limits, slots=survey.at_once) as executor,
        progress.choose() as listener,
    ):
        return track(survey, executor, Session(executor.folder), listener, Remembered(reuse))
