"""The tools that give a verdict: how each is asked about a program, and what its answer means."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from leaklab.features.tools.ourselves import lab_default_command, lab_result
from leaklab.features.tools.peaks import PYTHON, bare_command, psleak_command
from leaklab.features.tools.registry import LEAKLAB, NO_NEEDS, PSLEAK, Needs
from leaklab.features.tools.tool_run import DRIVER, ToolJob, ToolRun
from leaklab.model.scenario import Resource

MAX_RISE_BYTES = 1 << 20
PSLEAK_DEFAULT_ROUNDS = 10
LEAK_LIMITS = ("2 KB", "20 KB", "200 KB")

# The warm-up is not tracked. The marker is given once for each limit, so that one run has all the
# answers; what leaked more than a limit leaked more than the smaller ones, too.
LIMIT_LEAKS = f"""
import pytest
import {DRIVER}

@pytest.fixture
def driven():
    work = {DRIVER}.DriverRun()
    work.warm_up()
    yield work
    work.report()

MARKS
def test_units(driven):
    driven.rest()
""".replace("MARKS", "\n".join(f'@pytest.mark.limit_leaks("{limit}")' for limit in LEAK_LIMITS))
OVER_LIMIT = "List of leaked allocations"
FAULT_OF_PSLEAK = re.compile(r"^psleak\.\w+Error", re.M)


class ToolVerdict(StrEnum):
    """What a tool says of a program."""

    LEAK = "leak"
    CLEAN = "clean"
    UNDECIDED = "undecided"
    NOT_ASKED = "n/a"


@dataclass(frozen=True)
class VerdictTool:
    """A tool that judges. `names` are its rows, for each of which `says` gives an answer, in this
    order; where the program leaks another resource than `resources`, it is not asked."""

    names: tuple[str, ...]
    command: Callable[[ToolJob], list[str]]
    says: Callable[[ToolRun], tuple[ToolVerdict, ...]]
    resources: frozenset[Resource] = frozenset({Resource.MEMORY})
    needs: Needs = NO_NEEDS
    environment: Mapping[str, str] = field(default_factory=dict)


def lab_verdict(ran: ToolRun) -> tuple[ToolVerdict]:
    """leaklab's verdict."""
    try:
        return (ToolVerdict(lab_result(ran).verdict.conclusion.value),)
    except (msgspec.MsgspecError, ValueError):
        return (ToolVerdict.UNDECIDED,)


def rise_verdict(ran: ToolRun) -> tuple[ToolVerdict]:
    """A leak where RSS rose by more than 1 MiB after the first tenth."""
    if not ran.report:
        return (ToolVerdict.UNDECIDED,)
    rise = ran.report["rss_bytes"] - ran.report["early_rss_bytes"]
    return (ToolVerdict.LEAK if rise > MAX_RISE_BYTES else ToolVerdict.CLEAN,)


def psleak_verdict(ran: ToolRun) -> tuple[ToolVerdict]:
    """A leak where its test failed by an error of psleak's own."""
    if ran.status == 0:
        return (ToolVerdict.CLEAN,)
    return (ToolVerdict.LEAK if FAULT_OF_PSLEAK.search(ran.said) else ToolVerdict.UNDECIDED,)


def limited(order: ToolJob) -> list[str]:
    """pytest on one test, with pytest-memray and no other plugin."""
    test = order.folder / "test_limits.py"
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
        str(order.folder),
        str(test),
    ]


def limit_verdicts(ran: ToolRun) -> tuple[ToolVerdict, ...]:
    """For each limit, whether some line leaked more."""
    over = ran.said.count(OVER_LIMIT)
    if not ran.report or (ran.status != 0 and not over):
        return (ToolVerdict.UNDECIDED,) * len(LEAK_LIMITS)
    return tuple(
        ToolVerdict.LEAK if at < over else ToolVerdict.CLEAN for at in range(len(LEAK_LIMITS))
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
        limited,
        limit_verdicts,
        needs=Needs("pytest-memray"),
        environment={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    ),
    VerdictTool(("RSS + 1 MiB",), bare_command, rise_verdict),
)
VERDICT_TOOLS = {rule.names[0].split()[0]: rule for rule in VERDICT_TOOLS_IN_ORDER}
