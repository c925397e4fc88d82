"""`leaklab profile`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan_scenarios
from leaklab.catalogue.targets import TargetRequest, is_target, read_target, scenario_of_target
from leaklab.cli import options, progress
from leaklab.cli.exit_codes import message
from leaklab.cli.param_types import Seconds
from leaklab.cli.unprofiled import UnprofiledRequest, run_unprofiled
from leaklab.features.profilers.profile import Profile, ProfileRequest, make_profiles
from leaklab.features.profilers.registry import PROFILERS
from leaklab.features.tools.tool_run import ToolRunner, open_tool_runner
from leaklab.model.errors import BadInput, Exit, LabError
from leaklab.model.scenario import Mode, Scenario, Variant
from leaklab.reports.profiles import profile_text

ALL_TOOLS = "all"
EPILOG = (
    "Exit codes: 0 profiled; 2 bad input; 3 a profiler is not installed, fails or takes too long "
    "(the others go on); 130 interrupted; after -- that of TOOL."
)
CPU_SECONDS = 60.0


@click.command("profile", epilog=EPILOG)
@click.argument("name", type=options.ScenarioName(), metavar="NAME|TARGET")
@click.argument("own_tool", nargs=-1, type=click.UNPROCESSED, metavar="[-- TOOL...]")
@click.option(
    "--with",
    "tools",
    type=click.Choice([*PROFILERS, ALL_TOOLS]),
    multiple=True,
    help="The profiler; may be given several times. Without it, the kernel's figures are shown.",
)
@click.option(
    "--hold",
    is_flag=True,
    help="Keep the process after its work until Enter is pressed, so that a tool can inspect it.",
)
@click.option(
    "--variant",
    type=click.Choice([v.value for v in Variant]),
    help="The variant.  [default: buggy, or program for a control]",
)
@click.option(
    "--setup",
    default="",
    metavar="TARGET",
    help="A function that makes the argument of the target, or the instance of its method.",
)
@click.option(
    "--mode",
    type=click.Choice([m.value for m in Mode]),
    default=Mode.INLINE.value,
    show_default=True,
    help="How to execute the scenario.",
)
@options.workers
@click.option(
    "--units",
    type=options.POSITIVE,
    metavar="N",
    help="Units of work.  [default: the scenario's, or a part of them for a slow profiler]",
)
@options.seed
@options.option_changes
@click.option(
    "--cpu-limit",
    type=Seconds(),
    default=CPU_SECONDS,
    metavar="TIME",
    help=f"Stop a run that takes more CPU time.  [default: {CPU_SECONDS:g}s]",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("profiles"),
    show_default=True,
    metavar="DIR",
    help="Make a folder for each profile's files in this folder.",
)
@options.as_json
@options.common
def command(
    name: str,
    own_tool: tuple[str, ...],
    tools: tuple[str, ...],
    hold: bool,
    setup: str,
    variant: str | None,
    mode: str,
    workers: int | None,
    units: int | None,
    seed: int,
    changes: tuple[str, ...],
    cpu_limit: float,
    output: Path,
    catalogue: Path | None,
    as_json: bool,
) -> int:
    """Run a scenario under a real profiler, and print what that profiler says.

    A TARGET is a function of your own, MODULE:FUNCTION or FILE.py:FUNCTION, which is called again
    and again. The work runs twice: bare, and under the profiler. The last line compares what both
    took. Pictures and data of the profiler are files.

    Without --with, the work runs bare, and what the kernel reports of its memory is printed. Any
    other TOOL runs it in the current folder, without input: '{python}' and '{program}' in the
    arguments become the interpreter and the program that does the work, and are appended if neither
    is there.
    """
    opened = open_catalogue(catalogue)
    scenario = _scenario(opened, name, setup)
    chosen = Variant(variant) if variant else scenario.variants[0]
    modes = (Mode(mode),)
    request = PlanRequest((name,), chosen, modes, workers, units, seed, changes)
    (job,) = plan_scenarios([scenario], request)
    unprofiled = UnprofiledRequest(tools, own_tool, hold, as_json)
    unprofiled.require_one_way()
    with open_tool_runner(opened, cpu_limit) as runner:
        if not tools:
            return run_unprofiled(runner, job, unprofiled)
        names = tuple(PROFILERS) if ALL_TOOLS in tools else tools
        profilers = [PROFILERS[n] for n in names]
        wanted = ProfileRequest(job, profilers, output, exact=units is not None)
        return _profile(runner, wanted, as_json=as_json)


def _profile(runner: ToolRunner, wanted: ProfileRequest, *, as_json: bool) -> Exit:
    """Make the profiles, and write them; errors are written at once."""
    profiles: list[Profile] = []
    failed = False
    with progress.open_progress() as listener:
        for outcome in make_profiles(runner, wanted, listener.show_step):
            if isinstance(outcome, LabError):
                failed = True
                sys.stderr.write(message(outcome))
            else:
                profiles.append(outcome)
    if as_json:
        sys.stdout.write(msgspec.json.encode(profiles).decode() + "\n")
    else:
        sys.stdout.write("\n".join(map(profile_text, profiles)))
    return Exit.NOT_MEASURED if failed else Exit.AS_EXPECTED


def _scenario(catalogue: Catalogue, name: str, setup: str) -> Scenario:
    """Return the scenario of a name, or the one that a target stands for."""
    if is_target(name):
        return scenario_of_target(read_target(TargetRequest(name, setup, Path.cwd())))
    if setup:
        raise BadInput(f"--setup is for a target, and {name!r} is a scenario: leave it out")
    return catalogue.load(name)
