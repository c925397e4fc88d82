"""`leaklab profile`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab.catalogue.folders import open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.cli import options, progress
from leaklab.cli.exit_codes import message
from leaklab.cli.param_types import Seconds
from leaklab.features.profilers.profile import (
    MAX_WALL_PER_CPU_OF_PROFILE,
    Profile,
    ProfileRequest,
    make_profiles,
)
from leaklab.features.profilers.registry import PROFILERS
from leaklab.features.tools.tool_run import open_tool_runner
from leaklab.model.errors import Exit, LabError
from leaklab.model.scenario import Mode, Variant
from leaklab.reports.profiles import profile_text

ALL_TOOLS = "all"
CPU_SECONDS = 60.0


@click.command("profile")
@click.argument("name", type=options.ScenarioName())
@click.option(
    "--with",
    "tools",
    type=click.Choice([*PROFILERS, ALL_TOOLS]),
    multiple=True,
    required=True,
    help="The profiler; may be given several times.",
)
@click.option(
    "--variant",
    type=click.Choice([v.value for v in Variant]),
    help="The variant.  [default: buggy, or program for a control]",
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
    tools: tuple[str, ...],
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
) -> Exit:
    """Run a scenario under a real profiler, and print what that profiler says.

    The scenario runs twice: bare, and under the profiler. The last line compares what both took.
    Pictures and data of the profiler are files. leaklab's own verdict comes from 'leaklab run',
    which uses no profiler.

    Exit code 3 if a profiler is not installed, fails or takes too long; the others go on.
    """
    opened = open_catalogue(catalogue)
    chosen = Variant(variant) if variant else opened.load(name).variants[0]
    modes = (Mode(mode),)
    request = PlanRequest((name,), chosen, modes, workers, units, seed, changes)
    (job,) = plan(opened, request)
    names = tuple(PROFILERS) if ALL_TOOLS in tools else tools
    wanted = ProfileRequest(job, [PROFILERS[n] for n in names], output, exact=units is not None)
    profiles: list[Profile] = []
    failed = False
    opening = open_tool_runner(opened, cpu_limit, MAX_WALL_PER_CPU_OF_PROFILE)
    with opening as runner, progress.open_progress() as listener:
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
