"""Options that several commands share, and completion of their values."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from leaklab.catalogue import open_catalogue
from leaklab.errors import LabError
from leaklab.units import parse_bytes

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
            catalogue = open_catalogue(ctx.params.get("catalogue"))
        except LabError:
            return []
        return [CompletionItem(n) for n in catalogue.names() if n.startswith(incomplete)]


class Bytes(click.ParamType[int]):
    """An amount of memory: 300MB, 1GiB, 65536."""

    name = "size"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """The amount in bytes."""
        del param, ctx
        return value if isinstance(value, int) else parse_bytes(value)


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """--catalogue and --debug."""
    return click.option(
        "--catalogue",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Another catalogue: a folder with scenarios/ in it.",
    )(debug(function))


def debug(function: Callable[..., Any]) -> Callable[..., Any]:
    """--debug, which only `main` looks at."""
    return click.option(
        "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
    )(function)


def limits(function: Callable[..., Any]) -> Callable[..., Any]:
    """--memory-limit and --time-limit of a run."""
    function = click.option(
        "--time-limit",
        type=click.FloatRange(min=0, min_open=True),
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
