"""The tools that give a verdict: the command of each, and the meaning of its output."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from leaklab.features.tools.ourselves import lab_default_command, lab_result
from leaklab.features.tools.peaks import PYTHON, bare_command, psleak_command
from leaklab.features.tools.registry import LEAKLAB, NO_NEEDS, PSLEAK, Needs
from leaklab.features.tools.tool_job import DRIVER, ToolJob
from leaklab.features.tools.tool_run import ToolRun
from leaklab.model.scenario import Resource

MAX_RISE_BYTES = 1 << 20
PSLEAK_DEFAULT_ROUNDS = 10
LEAK_LIMITS = ("2 KB", "20 KB", "200 KB")

# The warm-up is not tracked. The marker is given once for each limit, so that one run answers for
# all of them: a leak of more than one limit is more than the smaller ones, too.
LIMIT_LEAKS = f"""
import pytest
import {DRIVER}

@pytest.fixture
def driven():
    driver_run = {DRIVER}.DriverRun()
    driver_run.warm_up()
    yield driver_run
    driver_run.write_report()

MARKS
def test_units(driven):
    driven.do_rest()
""".replace("MARKS", "\n".join(f'@pytest.mark.limit_leaks("{limit}")' for limit in LEAK_LIMITS))
OVER_LIMIT = "List of leaked allocations"
FAULT_OF_PSLEAK = re.compile(r"^psleak\.\w+Error", re.M)


class ToolVerdict(StrEnum):
    """A tool's verdict on a program; NOT_COVERED if it does not cover the program."""

    LEAK = "leak"
    CLEAN = "clean"
    UNDECIDED = "undecided"
    NOT_COVERED = "n/a"


@dataclass(frozen=True)
class VerdictTool:
    """A tool that gives verdicts.

    `names` are its rows in the scoreboard, and `verdicts` returns a verdict for each of them, in
    this order. The tool is not asked about programs that leak other resources than `resources`.
    """

    names: tuple[str, ...]
    command: Callable[[ToolJob], list[str]]
    verdicts: Callable[[ToolRun], tuple[ToolVerdict, ...]]
    resources: frozenset[Resource] = frozenset({Resource.MEMORY})
    needs: Needs = NO_NEEDS
    environment: Mapping[str, str] = field(default_factory=dict)


def lab_verdict(tool_run: ToolRun) -> tuple[ToolVerdict]:
    """Return leaklab's verdict; undecided if it printed none."""
    try:
        return (ToolVerdict(lab_result(tool_run).verdict.conclusion.value),)
    except (msgspec.MsgspecError, ValueError):
        return (ToolVerdict.UNDECIDED,)


def rise_verdict(tool_run: ToolRun) -> tuple[ToolVerdict]:
    """Return a leak if RSS rose by more than 1 MiB after the first tenth of the units."""
    if not tool_run.report:
        return (ToolVerdict.UNDECIDED,)
    rise = tool_run.report["rss_bytes"] - tool_run.report["early_rss_bytes"]
    return (ToolVerdict.LEAK if rise > MAX_RISE_BYTES else ToolVerdict.CLEAN,)


def psleak_verdict(tool_run: ToolRun) -> tuple[ToolVerdict]:
    """Return a leak if the test failed by one of psleak's own errors."""
    if tool_run.status == 0:
        return (ToolVerdict.CLEAN,)
    return (ToolVerdict.LEAK if FAULT_OF_PSLEAK.search(tool_run.output) else ToolVerdict.UNDECIDED,)


def limit_leaks_command(tool_job: ToolJob) -> list[str]:
    """Return the command of pytest on one test, with pytest-memray and no other plugin."""
    test = tool_job.folder / "test_limits.py"
    test.write_text(LIMIT_LEAKS, encoding="utf-8")
    plugins = ["-p", "pytest_memray.plugin", "-p", "no:cacheprovider"]
    return [
        PYTHON,
        "-m",
        "pytest",
        "-q",
        "--strict-markers",
        *plugins,
        "--rootdir",
        str(tool_job.folder),
        str(test),
    ]


def limit_verdicts(tool_run: ToolRun) -> tuple[ToolVerdict, ...]:
    """Return for each limit whether a line leaked more than that."""
    over = tool_run.output.count(OVER_LIMIT)
    if not tool_run.report or (tool_run.status != 0 and not over):
        return (ToolVerdict.UNDECIDED,) * len(LEAK_LIMITS)
    return tuple(
        ToolVerdict.LEAK if index < over else ToolVerdict.CLEAN for index in range(len(LEAK_LIMITS))
    )


VERDICT_TOOLS_IN_ORDER = (
    VerdictTool((LEAKLAB,), lab_default_command, lab_verdict, frozenset(Resource)),
    VerdictTool(
        (PSLEAK,),
        psleak_command(PSLEAK_DEFAULT_ROUNDS),
        psleak_verdict,
        frozenset({Resource.MEMORY, Resource.DESCRIPTORS, Resource.SOCKETS, Resource.THREADS}),
        Needs("psleak"),
        {"PYTHONMALLOC": "malloc", "PYTHONUNBUFFERED": "1"},
    ),
    VerdictTool(
        tuple(f"limit_leaks {limit}" for limit in LEAK_LIMITS),
        limit_leaks_command,
        limit_verdicts,
        needs=Needs("pytest-memray"),
        environment={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    ),
    VerdictTool(("RSS + 1 MiB",), bare_command, rise_verdict),
)
VERDICT_TOOLS = {tool.names[0].split()[0]: tool for tool in VERDICT_TOOLS_IN_ORDER}
