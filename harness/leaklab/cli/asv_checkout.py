"""What the commands that have asv measure commits share."""

import os
import re
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from leaklab.catalogue.folders import Catalogue
from leaklab.cli import options, streams
from leaklab.features.commits.asv import Asv, open_asv
from leaklab.features.commits.repository import Repository, open_repository
from leaklab.features.commits.selection import Selection, select
from leaklab.model.errors import NotMeasured, one_line
from leaklab.model.scenario import Scenario

MAX_FILES = 5


@dataclass(frozen=True)
class CommitRequest:
    """What is to be measured: only the scenarios of these names, or all that there are, or by
    default asv's set and what the commits change; in one mode, where it is named. `fresh` measures
    what is remembered, too."""

    names: tuple[str, ...] = ()
    everything: bool = False
    mode: str = ""
    fresh: bool = False


@dataclass(frozen=True)
class Checkout:
    """The checkout in the current folder, with asv and what its working tree has."""

    repository: Repository
    asv: Asv
    scenarios: Sequence[Scenario]

    def choose(self, request: CommitRequest, changed: Collection[str]) -> tuple[Asv, Selection]:
        """asv, told what to measure, and what becomes of the scenarios of the working tree.

        Args:
            request: what is asked for.
            changed: the names of the scenarios that the commits change.

        Raises:
            NotMeasured: that comes to no scenario.
        """
        is_default = not request.names and not request.everything
        selection = select(self.scenarios, changed) if is_default else Selection()
        if not request.names and len(self.scenarios) == len(selection.left_out):
            what = "no scenario has bench = true, and none that is here was changed"
            raise NotMeasured(f"there is nothing to measure: {what}; mark one with bench = true")
        return replace(self.asv, environment=_told(request, selection)), selection


def name(function: Callable[..., Any]) -> Callable[..., Any]:
    """--name, which may be given several times."""
    return click.option(
        "--name",
        "names",
        type=options.ScenarioName(),
        multiple=True,
        help="Only this scenario; may be given several times.",
    )(function)


def fresh(function: Callable[..., Any]) -> Callable[..., Any]:
    """--fresh."""
    return click.option(
        "--fresh",
        is_flag=True,
        help="Measure again what was measured before in the very same form.",
    )(function)


def everything(function: Callable[..., Any]) -> Callable[..., Any]:
    """--all."""
    return click.option(
        "--all", "everything", is_flag=True, help="Scenarios without 'bench = true', too."
    )(function)


def open_checkout(names: Sequence[str] = ()) -> Checkout:
    """The checkout in the current folder; what is not committed there is named on stderr.

    Args:
        names: scenarios that it must have.

    Raises:
        BadInput: there is no such scenario, no git, or no asv.
    """
    root = Path.cwd()
    asv = open_asv(root, {}, lambda words: streams.write_stderr(f"asv: {one_line(words)}\n"))
    repository = open_repository(root)
    # All of them: the suite reads every scenario.toml, and asv would only say that it broke.
    catalogue = Catalogue(root)
    scenarios = catalogue.load_all()
    catalogue.load_all(names)
    if files := repository.uncommitted():
        more = f" and {len(files) - MAX_FILES} more" if len(files) > MAX_FILES else ""
        what = one_line(", ".join(files[:MAX_FILES]))
        streams.write_stderr(f"leaklab: not measured, for asv measures commits: {what}{more}\n")
    return Checkout(repository, asv, scenarios)


def _told(request: CommitRequest, selection: Selection) -> dict[str, str]:
    """What the suite is told, see benchmarks/lab.py."""
    told = {
        "LEAKLAB_SCENARIOS": " ".join(request.names),
        "LEAKLAB_ALSO": " ".join(selection.taken_in),
    }
    # Those that are named are wanted whether or not they are in the default set.
    if request.names or request.everything:
        told["LEAKLAB_BENCH"] = "all"
    if request.mode:
        told["LEAKLAB_MODES"] = request.mode
    if request.fresh:
        told["LEAKLAB_FRESH"] = "1"
    if sys.stderr.isatty():
        told["LEAKLAB_TERMINAL"] = f"/proc/{os.getpid()}/fd/2"
    return told


def only(request: CommitRequest) -> list[str]:
    """The words that have asv run only the benchmarks of these scenarios and this mode."""
    if not request.names and not request.mode:
        return []
    which = "|".join(map(re.escape, request.names)) or r"\w+"
    return ["--bench", rf"\.track_({which})\(.*{request.mode}"]
