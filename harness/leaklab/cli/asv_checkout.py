"""What the commands share that measure commits with asv."""

import os
import re
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from leaklab.catalogue.folders import Catalogue
from leaklab.cli import streams
from leaklab.features.commits.asv import Asv, open_asv
from leaklab.features.commits.repository import Repository, open_repository
from leaklab.features.commits.selection import Selection, require_committed, select
from leaklab.model.errors import NotMeasured, one_line
from leaklab.model.scenario import Scenario

MAX_FILES = 5


@dataclass(frozen=True)
class CommitRequest:
    """What to measure.

    Attributes:
        names: Only these scenarios.
        everything: All scenarios; by default those with `bench = true` and those that changed.
        mode: Only this mode; empty for all.
        fresh: Measure again what was measured before.
    """

    names: tuple[str, ...] = ()
    everything: bool = False
    mode: str = ""
    fresh: bool = False


@dataclass(frozen=True)
class Checkout:
    """The checkout in the current folder, with asv and the scenarios of the working tree."""

    repository: Repository
    asv: Asv
    scenarios: Sequence[Scenario]

    def choose(self, request: CommitRequest, changed: Collection[str]) -> tuple[Asv, Selection]:
        """Return asv with the request in its environment, and the selection of scenarios.

        Args:
            request: What to measure.
            changed: The names of the scenarios that the commits change.

        Raises:
            NotMeasured: No scenario is selected.
        """
        is_default = not request.names and not request.everything
        selection = select(self.scenarios, changed) if is_default else Selection()
        if not request.names and len(self.scenarios) == len(selection.left_out):
            what = "no scenario has bench = true, and the commits change no scenario"
            raise NotMeasured(f"there is nothing to measure: {what}; add bench = true to one")
        return replace(self.asv, environment=_environment(request, selection)), selection

    def require_committed(self, names: Sequence[str], *commits: str) -> None:
        """Check that asv can measure scenarios: it measures commits, not the working tree.

        Args:
            names: The names of the scenarios.
            commits: The hashes; a scenario must be in one of them.

        Raises:
            BadInput: A scenario is in none of them.
        """
        here = {scenario.name for scenario in self.scenarios}
        committed = {commit: self.repository.scenarios_of(commit) for commit in commits}
        require_committed(names, here, committed)

    def report_uncommitted(self) -> None:
        """Name the uncommitted files on standard error."""
        files = self.repository.uncommitted()
        if files:
            more = f" and {len(files) - MAX_FILES} more" if len(files) > MAX_FILES else ""
            what = one_line(", ".join(files[:MAX_FILES]))
            streams.write_stderr(f"leaklab: not committed, so not measured: {what}{more}\n")


def fresh(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --fresh."""
    return click.option(
        "--fresh",
        is_flag=True,
        help="Measure again what was measured before in exactly the same form.",
    )(function)


def everything(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --all."""
    return click.option(
        "--all",
        "everything",
        is_flag=True,
        help="Measure scenarios without 'bench = true', too.",
    )(function)


def open_checkout(names: Sequence[str] = ()) -> Checkout:
    """Return the checkout in the current folder.

    Args:
        names: Scenarios that it must contain.

    Raises:
        BadInput: A scenario, git or asv is missing.
    """
    root = Path.cwd()
    asv = open_asv(root, {}, lambda text: streams.write_stderr(f"asv: {one_line(text)}\n"))
    repository = open_repository(root)
    # The suite reads every scenario.toml, and asv reports an error there without the reason.
    catalogue = Catalogue(root)
    scenarios = catalogue.load_all()
    catalogue.load_all(names)
    return Checkout(repository, asv, scenarios)


def _environment(request: CommitRequest, selection: Selection) -> dict[str, str]:
    """Return the variables that the suite reads, see benchmarks/lab.py."""
    variables = {
        "LEAKLAB_SCENARIOS": " ".join(request.names),
        "LEAKLAB_ALSO": " ".join(selection.included),
    }
    # A scenario that is named is measured even if it is not in the default set.
    if request.names or request.everything:
        variables["LEAKLAB_BENCH"] = "all"
    if request.mode:
        variables["LEAKLAB_MODES"] = request.mode
    if request.fresh:
        variables["LEAKLAB_FRESH"] = "1"
    if sys.stderr.isatty():
        variables["LEAKLAB_TERMINAL"] = f"/proc/{os.getpid()}/fd/2"
    return variables


def only(request: CommitRequest) -> list[str]:
    """Return asv's arguments that select the benchmarks of the request."""
    if not request.names and not request.mode:
        return []
    which = "|".join(map(re.escape, request.names)) or r"\w+"
    return ["--bench", rf"\.track_({which})\(.*{request.mode}"]
