"""Options that several commands share, and completion of their values."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from leaklab.catalogue import open_catalogue
from leaklab.errors import LabError
from leaklab.model import Limits
from leaklab.units import cut, parse_bytes

DEFAULT_TIME_SECONDS = 300.0


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


class Bytes(click.ParamType[int]):
    """An amount of memory: 300MB, 1GiB, 65536."""

    name = "size"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """The amount in bytes."""
        del param, ctx
        return value if isinstance(value, int) else parse_bytes(value)


class Seconds(click.ParamType[float]):
    """A time: more than nothing, and not endless."""

    name = "seconds"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The time in seconds."""
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not 0 < seconds < math.inf:
            self.fail(f"{cut(str(value))!r} is no time; write it like 30 or 0.5", param, ctx)
        return seconds


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """--catalogue and --debug."""
    return click.option(
        "--catalogue",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Another catalogue: a folder with scenarios/ in it.",
    )(debug(function))


def debug(function: Callable[..., Any]) -> Callable[..., Any]:
    """--debug, which `ending.debugging` looks for among the words themselves."""
    return click.option(
        "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
    )(function)


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


def make_limits(memory_limit: int | None, time_limit: float) -> Limits:
    """The limits that --memory-limit and --time-limit ask for.

    Args:
        memory_limit: in bytes; None for the default.
        time_limit: in seconds.
    """
    from leaklab.executor import default_memory_limit

    return Limits(memory_bytes=memory_limit or default_memory_limit(), time_seconds=time_limit)


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
