"""The protocol of a profiler, and what it gets and gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from leaklab.features.profilers.suspect import Suspect
from leaklab.features.tools.tool_job import Probe, ToolJob
from leaklab.features.tools.tool_run import ToolRun
from leaklab.model.scenario import Mode

# The package of the modules that profile from within; it is copied beside the driver.
PROBES = "leaklab_probes"
ALL_POOLS = frozenset(mode for mode in Mode if mode.is_pool)


@dataclass(frozen=True)
class ProfileTask:
    """One run to make under a profiler.

    Attributes:
        tool_job: The work, and the folder of the run.
        python: The interpreter that has the profiler's package.
        output: The folder for the files that the user keeps.
    """

    tool_job: ToolJob
    python: str
    output: Path

    @property
    def driver(self) -> str:
        """The path of the program that does the work."""
        return str(self.tool_job.driver)

    @property
    def is_pool(self) -> bool:
        """Whether the workers of a pool do the work."""
        return self.tool_job.job.mode.is_pool


@dataclass(frozen=True)
class ProfileCommand:
    """A command line that does the work under a profiler.

    Attributes:
        argv: The command line.
        instrument: What the driver switches on in its own process (`driver.py`).
        probe: The module that profiles from within; None if the command does it.
        environment: Variables that the profiler needs.
    """

    argv: list[str]
    instrument: str = ""
    probe: Probe | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


class Profiler(Protocol):
    """A profiler that people use, with the output that they know.

    Attributes:
        name: The name for `--with`.
        package: The Python package that has it.
        part: The profiler gets one `part`-th of the scenario's units, because it is slow.
        fails_on_leaks: Whether an exit status other than 0 means a leak, and not a failure.
        pools: What it can do in a pool; a sentence without its subject, the profiler.
        parent_only: The modes in which its report is about the parent of a pool alone.
    """

    name: str
    package: str
    part: int
    fails_on_leaks: bool
    pools: str
    parent_only: frozenset[Mode]

    def command(self, task: ProfileTask) -> ProfileCommand:
        """Return the command that does the work under the profiler."""

    def report(self, task: ProfileTask, tool_run: ToolRun) -> str:
        """Return what the profiler says, in its own form; its files are in `task.output`.

        Raises:
            NotMeasured: The profiler gave no answer.
        """

    def suspects(self, report: str) -> list[Suspect]:
        """Return what a report names as the origin of the growth, in the order of the report."""


class FromWithin:
    """The part that profilers share which work in the process itself, by a module of `probes`."""

    part = 1
    fails_on_leaks = False
    parent_only = ALL_POOLS
    probe = ""

    def command(self, task: ProfileTask) -> ProfileCommand:
        """Return the command of the work; the driver calls the probe."""
        probe = Probe(f"{PROBES}.{self.probe}", task.output)
        return ProfileCommand([task.python, task.driver], probe=probe)

    def report(self, task: ProfileTask, tool_run: ToolRun) -> str:
        """Return what the probe printed."""
        del task
        return tool_run.output
