"""`leaklab learn profile`."""

import sys
from pathlib import Path

import click

from leaklab.cli import options, progress
from leaklab.cli.exit_codes import message
from leaklab.cli.learn import (
    course_options,
    exercise_option,
    mode_option,
    open_hunt,
    write_lines,
    write_next,
)
from leaklab.cli.unprofiled import UnprofiledRequest, run_unprofiled
from leaklab.features.course.course_state import Step
from leaklab.features.course.staging import Stage
from leaklab.features.profilers.profile import ProfileRequest, make_profiles
from leaklab.features.profilers.registry import PROFILERS
from leaklab.features.tools.tool_run import ToolRunner, open_tool_runner
from leaklab.model.errors import BadInput, Exit, LabError
from leaklab.model.scenario import Mode
from leaklab.reports.profiles import profile_text

PROFILE_CPU_SECONDS = 60.0


@click.command("profile", epilog="Exit code 3 if a profiler is not installed, or fails.")
@click.option(
    "--with",
    "tools",
    type=click.Choice([*PROFILERS]),
    multiple=True,
    help="The profiler; may be given several times.",
)
@click.option(
    "--hold",
    is_flag=True,
    help="Use no profiler, and keep the process after its work, for ps, lsof and the like.",
)
@click.option("--units", type=options.POSITIVE, metavar="N", help="Units of work.")
@mode_option
@exercise_option
@course_options
def command(
    tools: tuple[str, ...],
    hold: bool,
    units: int | None,
    mode: str,
    exercise: str | None,
    workspace: Path | None,
    catalogue: Path | None,
) -> Exit:
    """Run the program under a real profiler, and print what that says.

    Its files go to the folder 'profiles' beside the program.
    """
    if bool(tools) is hold:
        raise BadInput("give a profiler, --with tracemalloc for example, or --hold")
    hunt = open_hunt(workspace, exercise, catalogue)
    with hunt.staged() as stage, open_tool_runner(stage.catalogue, PROFILE_CPU_SECONDS) as runner:
        job = stage.job(Mode(mode), units or stage.scenario.units, 1)
        if hold:
            run_unprofiled(runner, job, UnprofiledRequest((), (), holds=True, as_json=False))
        else:
            folder = hunt.workspace.folder_of(hunt.exercise) / "profiles"
            profilers = [PROFILERS[tool] for tool in tools]
            wanted = ProfileRequest(job, profilers, folder, exact=bool(units))
            if not _profile(stage, runner, wanted):
                return Exit.NOT_MEASURED
    with hunt.changing() as done:
        done.do(Step.PROFILE)
    write_next(hunt)
    return Exit.AS_EXPECTED


def _profile(stage: Stage, runner: ToolRunner, wanted: ProfileRequest) -> bool:
    """Make the profiles and write them; return whether all could be made."""
    with progress.open_progress() as listener:
        outcomes = list(make_profiles(runner, wanted, listener.show_step))
    for outcome in outcomes:
        if isinstance(outcome, LabError):
            sys.stderr.write(stage.presentable(message(outcome)))
        else:
            write_lines(stage.presentable(profile_text(outcome)))
    return not any(isinstance(outcome, LabError) for outcome in outcomes)
