"""What the commands that have asv measure commits share."""

import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from leaklab.catalogue.folders import Catalogue
from leaklab.cli import options, streams
from leaklab.features.commits.asv import Asv, open_asv
from leaklab.features.commits.repository import Repository, open_repository
from leaklab.model.errors import one_line

MOST_FILES = 5


@dataclass(frozen=True)
class Bench:
    """The checkout in the current folder, ready to be measured by asv."""

    repository: Repository
    asv: Asv


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


def open_bench(names: Sequence[str], environment: dict[str, str], *, fresh: bool = False) -> Bench:
    """The checkout in the current folder; what is not committed there is named on stderr.

    Args:
        names: only these scenarios; all of asv's set where none is given.
        environment: more of what the suite is told, see benchmarks/lab.py.
        fresh: measure what is remembered, too.

    Raises:
        BadInput: there is no such scenario, no git, or no asv.
    """

    root = Path.cwd()
    told = {**environment, **_told(names, fresh=fresh)}
    asv = open_asv(root, told, lambda words: streams.say(f"asv: {one_line(words)}\n"))
    repository = open_repository(root)
    # All of them: the suite reads every scenario.toml, and asv would only say that it broke.
    catalogue = Catalogue(root)
    catalogue.load_all()
    catalogue.load_all(names)
    if files := repository.uncommitted():
        more = f" and {len(files) - MOST_FILES} more" if len(files) > MOST_FILES else ""
        what = one_line(", ".join(files[:MOST_FILES]))
        streams.say(f"leaklab: not measured, for asv measures commits: {what}{more}\n")
    return Bench(repository, asv)


def _told(names: Sequence[str], *, fresh: bool) -> dict[str, str]:
    told = {"LEAKLAB_SCENARIOS": " ".join(names)}
    if names:  # which are then wanted whether or not they are in the default set
        told["LEAKLAB_BENCH"] = "all"
    if fresh:
        told["LEAKLAB_FRESH"] = "1"
    if sys.stderr.isatty():
        told["LEAKLAB_TERMINAL"] = f"/proc/{os.getpid()}/fd/2"
    return told


def selection(names: Sequence[str], mode: str = "") -> list[str]:
    """The words that have asv run only the benchmarks of these scenarios and this mode."""
    if not names and not mode:
        return []
    which = "|".join(map(re.escape, names)) or r"\w+"
    return ["--bench", rf"\.track_({which})\(.*{mode}"]
