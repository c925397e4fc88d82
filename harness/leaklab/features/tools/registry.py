"""The registry of the tools that give a peak; each is an entry of `TOOLS`."""

import importlib.metadata
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

import msgspec

from leaklab.features.tools import peaks
from leaklab.features.tools.ourselves import lab_command, lab_read
from leaklab.features.tools.peaks import ToolFigures, by_report, reported
from leaklab.features.tools.tool_job import ToolJob
from leaklab.features.tools.tool_run import ToolRun, ToolRunner
from leaklab.model.errors import NotMeasured

# `@profile` reads the memory after every line, about a hundred times slower than the bare program.
PROFILED_PART = 20
# psleak decides the number of calls itself. After three of its ten rounds it has made 961 calls.
PSLEAK_ROUNDS = 3
PSLEAK_ENVIRONMENT = {"PYTHONMALLOC": "malloc", "PYTHONUNBUFFERED": "1"}

MAX_LAST_LINE = 160


@dataclass(frozen=True)
class Needs:
    """What a tool needs installed: a Python package, or a program."""

    package: str = ""
    program: str = ""

    @property
    def remedy(self) -> str:
        """What to install and how; empty if it is installed."""
        if self.program and not shutil.which(self.program):
            return f"not installed: apt install {self.program}"
        try:
            return "" if not self.package else importlib.metadata.version(self.package) and ""
        except importlib.metadata.PackageNotFoundError:
            return f"not installed: pip install {self.package}"


NO_NEEDS = Needs()


class Counts(Enum):
    """What a tool's peak counts.

    It is either all resident memory, as VmHWM, or the allocations that the tool saw. The latter
    does not include memory from before the tool started.
    """

    RESIDENT = "resident"
    ALLOCATED = "allocated"


@dataclass(frozen=True)
class Tool:
    """A tool that gives a peak.

    `command` makes its command line for a job, and `read` parses its figures. The tool gets one
    `part`-th of the units. `instrument` is what the driver switches on in its own process.
    """

    name: str
    command: Callable[[ToolJob], list[str]]
    read: Callable[[ToolJob, ToolRun], ToolFigures]
    needs: Needs = NO_NEEDS
    counts: Counts = Counts.RESIDENT
    part: int = 1
    instrument: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    def measure(self, runner: ToolRunner, tool_job: ToolJob) -> ToolFigures:
        """Run the tool on a job, and return its figures.

        Raises:
            NotMeasured: The tool failed; its last line of output is in the message.
        """
        command = self.command(tool_job)
        tool_run = runner.run(tool_job, command, self.environment, self.instrument)
        try:
            return self.read(tool_job, tool_run)
        except (KeyError, ValueError, OSError, IndexError, msgspec.MsgspecError) as error:
            reason = "it took too long" if tool_run.timed_out else last_line(tool_run)
            raise NotMeasured(f"{self.name}: {reason}") from error


def last_line(tool_run: ToolRun) -> str:
    """Return the exit status of a command and the last line of its output."""
    lines = [line for line in tool_run.output.splitlines() if line.strip()] or ["no output"]
    return f"status {tool_run.status}: {lines[-1].strip()[:MAX_LAST_LINE]}"


LEAKLAB, BARE, PSLEAK = "leaklab", "bare", "psleak"
TOOLS_IN_ORDER = (
    Tool(BARE, peaks.bare_command, by_report(reported("high_water_bytes"))),
    Tool(LEAKLAB, lab_command, lab_read),
    Tool("/usr/bin/time", peaks.time_command, by_report(peaks.time_peak), Needs(program="time")),
    Tool("asv peakmem", peaks.asv_command, by_report(peaks.asv_peak), Needs("asv")),
    Tool("mprof run", peaks.mprof_command, by_report(peaks.mprof_peak), Needs("memory_profiler")),
    Tool(
        "@profile",
        peaks.profile_command,
        by_report(peaks.profile_peak),
        Needs("memory_profiler"),
        part=PROFILED_PART,
        instrument="profile",
    ),
    Tool(
        "tracemalloc",
        peaks.bare_command,
        by_report(reported("peak_traced_bytes")),
        counts=Counts.ALLOCATED,
        instrument="tracemalloc",
    ),
    Tool(
        "memray run",
        peaks.memray_command,
        by_report(peaks.memray_peak),
        Needs("memray"),
        counts=Counts.ALLOCATED,
    ),
    Tool(
        PSLEAK,
        peaks.psleak_command(PSLEAK_ROUNDS),
        by_report(peaks.no_peak),
        Needs("psleak"),
        environment=PSLEAK_ENVIRONMENT,
    ),
)
TOOLS = {tool.name: tool for tool in TOOLS_IN_ORDER}
# Without psleak, which gives no peak, and the bare run, which the others are compared with.
PEAK_TOOLS = {name: tool for name, tool in TOOLS.items() if name not in (BARE, PSLEAK)}
