"""Options that several commands share, and completion of their values."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from leaklab.catalogue.folders import open_catalogue
from leaklab.cli.debug import debug
from leaklab.cli.param_types import Bytes, Seconds
from leaklab.model.errors import LabError
from leaklab.model.scenario import Mode
from leaklab.runs.limits import DEFAULT_RUN_LIMITS

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
        default=DEFAULT_RUN_LIMITS.time_seconds,
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
        default=DEFAULT_RUN_LIMITS.descriptors,
        show_default=True,
        metavar="N",
        help="The most that each process may open; a run that fails of it is stopped.",
    )(function)
    return click.option(
        "--process-limit",
        type=POSITIVE,
        default=DEFAULT_RUN_LIMITS.processes,
        show_default=True,
        metavar="N",
        help="Stop a run that has more at a time.",
    )(function)


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
