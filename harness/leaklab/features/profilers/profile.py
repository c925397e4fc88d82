"""One profile: the work bare, the same work under the profiler, and what both cost."""

import contextlib
import itertools
import re
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from leaklab.features.profilers import probes
from leaklab.features.profilers.interpreters import python_with
from leaklab.features.profilers.profiler import PROBES, Profiler, ProfileTask
from leaklab.features.profilers.suspect import Suspect
from leaklab.features.tools.registry import last_line
from leaklab.features.tools.tool_run import ToolRun, ToolRunner
from leaklab.model.errors import LabError, NotMeasured
from leaklab.model.job import Job

# The driver needs one unit to warm up, and more than one to see growth.
MIN_UNITS_OF_PROCESS = 10
# Profilers hang in pools. A run that is not hung needs no more on a machine with five times as many
# busy processes as CPUs.
MAX_WALL_PER_CPU_OF_PROFILE = 5
# As many as a reader follows up.
MAX_SUSPECTS = 3


class Profile(Struct, frozen=True, kw_only=True):
    """The outcome of a profile.

    Attributes:
        profiler: The name of the profiler.
        version: Its version.
        python: The interpreter that ran it.
        scenario: The scenario.
        variant: The program of the scenario.
        mode: How it was executed.
        units: The units of work of the whole run.
        whole_units: The units that a verdict needs, of which the profiler may get a part; 0 if they
            are not known.
        report: What the profiler says, in its own form.
        first_answer: The first suspect that it names, in its own words; empty if it names none.
        suspects: The first suspects that it names, in the order of its report.
        output: The folder with the profiler's files.
        files: The names of these files.
        pools: What the profiler can do in a pool; empty for an inline run.
        cpu_ratio: The CPU time of the whole run, divided by that of the same run without it.
        added_bytes: The additional high-water mark of the process that does the work; None in a
            pool, and for a profiler that does another number of units.
    """

    profiler: str
    version: str
    python: str
    scenario: str
    variant: str
    mode: str
    units: int
    whole_units: int
    report: str
    first_answer: str
    suspects: list[Suspect]
    output: str
    files: list[str]
    pools: str
    cpu_ratio: float
    added_bytes: int | None


@dataclass(frozen=True)
class ProfileRequest:
    """Profiles to make.

    Attributes:
        job: The work.
        profilers: The profilers, in order.
        parent: The folder that gets a folder for each profile.
        exact: Whether the units of the job are done exactly, also by a slow profiler.
    """

    job: Job
    profilers: Sequence[Profiler]
    parent: Path
    exact: bool = False


def make_profiles(
    runner: ToolRunner, request: ProfileRequest, on_step: Callable[[str], None]
) -> Iterator[Profile | LabError]:
    """Make the profiles in order; yield the error of one that could not be made.

    Args:
        runner: Runs the work.
        request: The profiles.
        on_step: Is told what is being run.
    """
    for profiler in request.profilers:
        job = request.job if request.exact else scaled(request.job, profiler)
        name = f"{re.sub('[/:]', '.', job.label)}.{profiler.name}"
        try:
            output = new_folder(request.parent, name)
            try:
                yield make_profile(runner, job, profiler, output, on_step)
            finally:
                # A profiler that prints its report, or fails, may leave no file.
                with contextlib.suppress(OSError):
                    output.rmdir()
        except NotMeasured as error:
            yield error


def scaled(job: Job, profiler: Profiler) -> Job:
    """Return a job with the part of the units that the profiler gets."""
    return replace(job, units=max(job.units // profiler.part, MIN_UNITS_OF_PROCESS * job.workers))


def make_profile(
    runner: ToolRunner,
    job: Job,
    profiler: Profiler,
    output: Path,
    on_step: Callable[[str], None],
) -> Profile:
    """Run a job bare, then under a profiler, which gets an empty folder for its files.

    Raises:
        NotMeasured: The profiler is not installed, or one of the runs failed.
    """
    python = python_with(profiler)
    install_probes(runner)
    on_step(f"{job.label} without a profiler")
    bare = run_bare(runner, job, python.path)
    on_step(f"{job.label} under {profiler.name}")
    tool_run, report = run_under(runner, job, profiler, python.path, output)
    suspects = profiler.suspects(report)[:MAX_SUSPECTS]
    return Profile(
        profiler=profiler.name,
        version=python.version,
        python=python.path,
        scenario=job.scenario.name,
        variant=str(job.variant),
        mode=str(job.mode),
        units=job.units,
        whole_units=0 if job.scenario.target else job.scenario.units * job.workers,
        report=report,
        first_answer=suspects[0].text if suspects else "",
        suspects=suspects,
        output=str(output),
        files=sorted(p.name for p in output.iterdir()),
        pools=profiler.pools if job.mode.is_pool else "",
        cpu_ratio=tool_run.cpu_seconds / bare.cpu_seconds,
        added_bytes=added_bytes(tool_run, bare),
    )


def run_bare(runner: ToolRunner, job: Job, python: str) -> ToolRun:
    """Run a job without a profiler.

    Raises:
        NotMeasured: It failed; the message has the last line of its output.
    """
    with runner.prepare(job) as tool_job:
        tool_run = runner.run(tool_job, [python, str(tool_job.driver)], {})
    if tool_run.status:
        raise NotMeasured(f"{job.label}: the bare run failed; {last_line(tool_run)}")
    return tool_run


def run_under(
    runner: ToolRunner, job: Job, profiler: Profiler, python: str, output: Path
) -> tuple[ToolRun, str]:
    """Run a job under a profiler, and return what the profiler says.

    Raises:
        NotMeasured: The work failed under it, or it gave no report.
    """
    with runner.prepare(job) as tool_job:
        task = ProfileTask(tool_job, python, output)
        command = profiler.command(task)
        tool_run = runner.run(
            tool_job, command.argv, command.environment, command.instrument, command.probe
        )
        require_success(profiler, tool_run)
        report = profiler.report(task, tool_run)
    if not report.strip():
        raise NotMeasured(f"{profiler.name}: it printed no report; {last_line(tool_run)}")
    return tool_run, report


def require_success(profiler: Profiler, tool_run: ToolRun) -> None:
    """Check that the work was done under the profiler.

    Raises:
        NotMeasured: It was not; the message has the last line of the output.
    """
    if tool_run.timed_out or tool_run.status == -signal.SIGXCPU:
        remedy = "raise --cpu-limit, or lower --units"
        raise NotMeasured(f"{profiler.name}: it took too long; {remedy}")
    if tool_run.status and not profiler.fails_on_leaks:
        raise NotMeasured(f"{profiler.name}: the work failed under it; {last_line(tool_run)}")


def install_probes(runner: ToolRunner) -> None:
    """Copy the modules that profile from within beside the driver."""
    source = Path(probes.__file__).parent
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(source, runner.folder / PROBES, ignore=ignore, dirs_exist_ok=True)


def added_bytes(tool_run: ToolRun, bare: ToolRun) -> int | None:
    """Return by how much the profiler raised the high-water mark; None if it is not known."""
    if tool_run.report.get("units") != bare.report.get("units"):
        return None
    with_it, without = (run.report.get("high_water_bytes") for run in (tool_run, bare))
    return None if with_it is None or without is None else int(with_it) - int(without)


def new_folder(parent: Path, name: str) -> Path:
    """Make a folder with a name that is not taken, and return it.

    Raises:
        NotMeasured: It cannot be made.
    """
    names = (name if n == 1 else f"{name}-{n}" for n in itertools.count(1))
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for path in (parent / candidate for candidate in names):
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return path.resolve()
    except OSError as error:
        problem = f"{parent} cannot be written: {error.strerror}"
        raise NotMeasured(f"{problem}; name another folder with --output") from error
    raise AssertionError("the names are endless")
