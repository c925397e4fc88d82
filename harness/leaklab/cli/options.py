"""Options that several commands share, and completion of their values."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from leaklab.catalogue.folders import open_catalogue
from leaklab.cli.debug import debug
from leaklab.cli.param_types import Bytes, Seconds, format_seconds
from leaklab.cli.renamed_option import RenamedOption
from leaklab.cli.results_folder import RESULTS_VARIABLE, default_results
from leaklab.model.errors import LabError
from leaklab.model.scenario import Mode, Variant
from leaklab.runs.limits import DEFAULT_RUN_LIMITS

POSITIVE = click.IntRange(min=1)
MIN_PAIRS = 6
ALL_MODES = "all"


class ScenarioName(click.ParamType[str]):
    """A scenario's name; the shell completes it from the catalogue."""

    name = "name"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that begin with `incomplete`; none if the catalogue is unreadable."""
        del param
        try:
            known = open_catalogue(ctx.params.get("catalogue")).names()
        except LabError:
            return []
        return [CompletionItem(name) for name in known if name.startswith(incomplete)]


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --catalogue and --debug."""
    return click.option(
        "--catalogue",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Use another catalogue: a folder that contains scenarios/.",
    )(debug(function))


def limits(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --memory-limit and --time-limit of a run."""
    function = click.option(
        "--time-limit",
        type=Seconds(),
        default=DEFAULT_RUN_LIMITS.time_seconds,
        metavar="TIME",
        help="Stop a run that takes longer: 30s, 10m, 1h30m.  "
        f"[default: {format_seconds(DEFAULT_RUN_LIMITS.time_seconds)}]",
    )(function)
    return click.option(
        "--memory-limit",
        type=Bytes(),
        help="Stop a run if its processes use more memory.  [default: 1 GiB, or a quarter of what "
        "is available]",
    )(function)


def count_limits(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --process-limit and --descriptor-limit of a run."""
    function = click.option(
        "--descriptor-limit",
        type=POSITIVE,
        default=DEFAULT_RUN_LIMITS.descriptors,
        show_default=True,
        metavar="N",
        help="How many descriptors each process may open; a run that fails for want of one is "
        "stopped.",
    )(function)
    return click.option(
        "--process-limit",
        type=POSITIVE,
        default=DEFAULT_RUN_LIMITS.processes,
        show_default=True,
        metavar="N",
        help="Stop a run that has more processes at a time.",
    )(function)


def names(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument [NAME]...; without it, a command takes all scenarios."""
    return click.argument("names", nargs=-1, type=ScenarioName(), metavar="[NAME]...")(function)


def name_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --name as an earlier, hidden way to write [NAME]...; its parameter is `more_names`."""
    return click.option("--name", "more_names", type=ScenarioName(), multiple=True, hidden=True)(
        function
    )


def as_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON, for machines.")(
        function
    )


def write(*earlier: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --write, which may have had earlier names."""
    return click.option(
        "--write",
        cls=RenamedOption,
        earlier=earlier,
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write the tables to this file, too, as Markdown.",
    )


def results_folder(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --results."""
    return click.option(
        "--results",
        type=click.Path(path_type=Path),
        default=default_results,
        envvar=RESULTS_VARIABLE,
        metavar="DIR",
        help=f"Where results are saved.  [default: ${RESULTS_VARIABLE}; else results, if that "
        "folder exists or this is a checkout of leaklab; else ~/.local/state/leaklab/results]",
    )(function)


def mode(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --mode, which may be given several times."""
    return click.option(
        "--mode",
        "mode",
        type=click.Choice([*(m.value for m in Mode), ALL_MODES]),
        multiple=True,
        default=[default],
        show_default=True,
        help="How to execute a scenario; may be given several times. 'all' means every mode that "
        "the scenario has.",
    )


def workers(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --workers."""
    return click.option(
        "--workers", type=POSITIVE, metavar="N", help="Workers of a pool.  [default: 2]"
    )(function)


def variant(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --variant."""
    return click.option(
        "--variant", type=click.Choice([v.value for v in Variant]), help="Only this variant."
    )(function)


def seed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --seed."""
    return click.option(
        "--seed",
        type=int,
        default=1,
        show_default=True,
        metavar="N",
        help="Seed of every random choice.",
    )(function)


def option_changes(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add -o, which may be given several times."""
    return click.option(
        "-o",
        "--option",
        "changes",
        multiple=True,
        metavar="NAME=VALUE",
        help="Change an option of the scenario.",
    )(function)


def repeat(
    default: int, *earlier: str, text: str = "Runs of each variant and mode."
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --repeat, which may have had earlier names."""
    return click.option(
        "--repeat",
        cls=RenamedOption,
        earlier=earlier,
        type=POSITIVE,
        metavar="N",
        default=default,
        show_default=True,
        help=text,
    )


def pairs(default: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --pairs."""
    return click.option(
        "--pairs",
        type=click.IntRange(min=MIN_PAIRS),
        metavar="N",
        default=default,
        show_default=True,
        help=f"Pairs of runs, one with the tool and one without; at least {MIN_PAIRS}.",
    )


def forecast_limit(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --forecast-limit, earlier --limit.

    Args:
        default: What the limit is without the option, for the help page.
    """
    return click.option(
        "--forecast-limit",
        cls=RenamedOption,
        earlier=("--limit",),
        type=Bytes(),
        help=f"Estimate when memory use reaches this.  [default: {default}]",
    )


def make_modes(chosen: Iterable[str]) -> tuple[Mode, ...]:
    """Return the modes that --mode names, each once; an empty tuple means all."""
    return () if ALL_MODES in chosen else tuple(dict.fromkeys(map(Mode, chosen)))


def at_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --jobs."""
    return click.option(
        "--jobs",
        type=POSITIVE,
        default=1,
        show_default=True,
        metavar="N",
        help="How many runs to make at a time.",
    )(function)
