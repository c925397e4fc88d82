"""Options that several commands share, and completion of their values."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from leaklab.catalogue.folders import open_catalogue
from leaklab.cli.debug import debug
from leaklab.cli.param_types import Bytes, Seconds
from leaklab.model.errors import BadInput, LabError
from leaklab.model.job import Job, Limits
from leaklab.model.scenario import Mode
from leaklab.model.units import format_bytes
from leaklab.runs.executor import default_memory_limit

DEFAULT_TIME_SECONDS = 300.0
DEFAULT = Limits(memory_bytes=1 << 30, time_seconds=DEFAULT_TIME_SECONDS)

# A pool has a parent, and may have a fork server and a resource tracker.
BESIDE_WORKERS = 3
# Runs that hold nothing open were seen to end well with 10, those of a pool with 22 for 2 workers
# and 82 for 30, in the parent; the rest is for what a program itself needs.
LEAST_DESCRIPTORS = 64
DESCRIPTORS_PER_WORKER = 4
# Only a limit below this is worth asking an interpreter how much it takes.
SMALL_BYTES = 64 << 20
OWN_HIGH_WATER = """
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        print(line.split()[1])
"""

POSITIVE = click.IntRange(min=1)
ALL_MODES = "all"


class ScenarioName(click.ParamType[str]):
    """A scenario's name; the shell completes it from the catalogue."""

    name = "name"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The names that begin so; nothing where the catalogue cannot be read."""
        del param
        try:
            known = open_catalogue(ctx.params.get("catalogue")).names()
        except LabError:
            return []
        return [CompletionItem(name) for name in known if name.startswith(incomplete)]


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """--catalogue and --debug."""
    return click.option(
        "--catalogue",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Another catalogue: a folder with scenarios/ in it.",
    )(debug(function))


def limits(function: Callable[..., Any]) -> Callable[..., Any]:
    """--memory-limit and --time-limit of a run."""
    function = click.option(
        "--time-limit",
        type=Seconds(),
        default=DEFAULT_TIME_SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="Stop a run that takes longer.",
    )(function)
    return click.option(
        "--memory-limit",
        type=Bytes(),
        help="Stop a run whose processes hold more.  [default: 1 GiB, or a quarter of what is "
        "available]",
    )(function)


def count_limits(function: Callable[..., Any]) -> Callable[..., Any]:
    """--process-limit and --descriptor-limit of a run."""
    function = click.option(
        "--descriptor-limit",
        type=POSITIVE,
        default=DEFAULT.descriptors,
        show_default=True,
        metavar="N",
        help="The most that each process may open; a run that fails of it is stopped.",
    )(function)
    return click.option(
        "--process-limit",
        type=POSITIVE,
        default=DEFAULT.processes,
        show_default=True,
        metavar="N",
        help="Stop a run that has more at a time.",
    )(function)


def make_limits(
    memory_limit: int | None,
    time_limit: float,
    process_limit: int = DEFAULT.processes,
    descriptor_limit: int = DEFAULT.descriptors,
    at_once: int = 1,
) -> Limits:
    """The limits that were asked for.

    Args:
        memory_limit: in bytes; None for the default.
        time_limit: in seconds.
        process_limit: how many a run may have at a time.
        descriptor_limit: how many each process may open.
        at_once: how many runs are made at a time.

    Raises:
        BadInput: a limit under which nothing can run.
    """

    if memory_limit is not None and memory_limit < SMALL_BYTES:
        _refuse_too_little(memory_limit)
    if descriptor_limit < LEAST_DESCRIPTORS:
        words = f"a limit of {descriptor_limit} descriptors is less than a run itself may need"
        raise BadInput(f"{words} ({LEAST_DESCRIPTORS}); allow more")
    return Limits(
        memory_bytes=memory_limit or default_memory_limit(at_once),
        time_seconds=time_limit,
        processes=process_limit,
        descriptors=descriptor_limit,
    )


def refuse_too_few_processes(limits: Limits, jobs: Iterable[Job]) -> None:
    """Stop before a pool that its limit would not let begin.

    Raises:
        BadInput: saying how many it needs.
    """
    workers = max((job.workers for job in jobs if job.mode.is_pool), default=0)
    needed = workers + BESIDE_WORKERS
    if workers and limits.processes < needed:
        raise BadInput(
            f"a limit of {limits.processes} processes is less than a pool of {workers} workers "
            f"needs ({needed}, with its parent, fork server and resource tracker); allow more"
        )


def refuse_too_few_descriptors(limits: Limits, jobs: Iterable[Job]) -> None:
    """Stop before a pool whose parent the limit would not let begin.

    Raises:
        BadInput: saying how many it needs.
    """
    workers = max((job.workers for job in jobs if job.mode.is_pool), default=0)
    needed = LEAST_DESCRIPTORS + DESCRIPTORS_PER_WORKER * workers
    if workers and limits.descriptors < needed:
        raise BadInput(
            f"a limit of {limits.descriptors} descriptors is less than the parent of a pool of "
            f"{workers} workers may need ({needed}); allow more"
        )


def _refuse_too_little(memory_limit: int) -> None:
    """Stop at a memory limit that is less than what an interpreter takes that does nothing.

    Raises:
        BadInput: saying what that is, measured here and now.
    """

    command = [sys.executable, "-I", "-S", "-c", OWN_HIGH_WATER]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    needed = int(found.stdout or 0) << 10
    if memory_limit < needed:
        words = f"a memory limit of {format_bytes(memory_limit)} is less than a bare interpreter"
        raise BadInput(f"{words} needs ({format_bytes(needed)}); allow more")


def names(function: Callable[..., Any]) -> Callable[..., Any]:
    """[NAME]…, all scenarios where none is given."""
    return click.argument("names", nargs=-1, type=ScenarioName(), metavar="[NAME]...")(function)


def as_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """--json."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON, for machines.")(
        function
    )


def results_folder(function: Callable[..., Any]) -> Callable[..., Any]:
    """--results."""
    return click.option(
        "--results",
        type=click.Path(path_type=Path),
        default=Path("results"),
        show_default=True,
        metavar="DIR",
        help="Where results are saved.",
    )(function)


def mode(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--mode, which may be given several times."""
    return click.option(
        "--mode",
        "mode",
        type=click.Choice([*(m.value for m in Mode), ALL_MODES]),
        multiple=True,
        default=[default],
        show_default=True,
        help="How to execute it; may be given several times. 'all' is every mode that a "
        "scenario has.",
    )


def workers(function: Callable[..., Any]) -> Callable[..., Any]:
    """--workers."""
    return click.option(
        "--workers", type=POSITIVE, metavar="N", help="Workers of a pool.  [default: 2]"
    )(function)


def make_modes(chosen: Iterable[str]) -> tuple[Mode, ...]:
    """The modes that --mode asks for, each once; none for all."""
    return () if ALL_MODES in chosen else tuple(dict.fromkeys(map(Mode, chosen)))


def at_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """--jobs."""
    return click.option(
        "--jobs",
        type=POSITIVE,
        default=1,
        show_default=True,
        metavar="N",
        help="Runs to make at a time.",
    )(function)
