"""The tools that give a peak, each an entry of `TOOLS`."""

import importlib.metadata
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

import msgspec

from leaklab.features.tools import peaks
from leaklab.features.tools.ourselves import lab_command, lab_read
from leaklab.features.tools.peaks import ToolFigures, by_report, reported
from leaklab.features.tools.tool_run import ToolJob, ToolRun, ToolRunner
from leaklab.model.errors import NotMeasured

# `@profile` reads the memory after every line: some hundred times slower than the bare program.
PROFILED_PART = 20
# psleak decides how often it calls. After three of its ten rounds it has called 961 times.
PSLEAK_ROUNDS = 3

MAX_LAST_LINE = 160


@dataclass(frozen=True)
class Needs:
    """What must be installed: a distribution of the index, or a program."""

    package: str = ""
    program: str = ""

    @property
    def remedy(self) -> str:
        """What to install; empty where it is there."""
        if self.program and not shutil.which(self.program):
            return f"not installed: apt install {self.program}"
        try:
            return "" if not self.package else importlib.metadata.version(self.package) and ""
        except importlib.metadata.PackageNotFoundError:
            return f"not installed: pip install {self.package}"


NO_NEEDS = Needs()


class Counts(Enum):
    """What a tool's peak is a sum of: all that is resident, as VmHWM; or allocations that it saw,
    so that what was there before them is missing."""

    RESIDENT = "resident"
    ALLOCATED = "allocated"


@dataclass(frozen=True)
class Tool:
    """A tool. `command` is its command line for an order, `read` what it found; `part` is the
    share of the units that it is given, `instrument` what the driver switches on."""

    name: str
    command: Callable[[ToolJob], list[str]]
    read: Callable[[ToolJob, ToolRun], ToolFigures]
    needs: Needs = NO_NEEDS
    counts: Counts = Counts.RESIDENT
    part: int = 1
    instrument: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    def measure(self, stage: ToolRunner, order: ToolJob) -> ToolFigures:
        """Run it.

        Raises:
            NotMeasured: it failed; its last words are in the message.
        """
        ran = stage.run(order, self.command(order), self.environment, self.instrument)
        try:
            return self.read(order, ran)
        except (KeyError, ValueError, OSError, IndexError, msgspec.MsgspecError) as error:
            words = "it took too long" if ran.timed_out else last_line(ran)
            raise NotMeasured(f"{self.name}: {words}") from error


def last_line(ran: ToolRun) -> str:
    """The last line that a command said, and its status."""
    lines = [line for line in ran.said.splitlines() if line.strip()] or ["it said nothing"]
    return f"status {ran.status}: {lines[-1].strip()[:MAX_LAST_LINE]}"


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
        environment={"PYTHONMALLOC": "malloc", "PYTHONUNBUFFERED": "1"},
    ),
)
TOOLS = {tool.name: tool for tool in TOOLS_IN_ORDER}
# psleak gives none, and the bare run's is what the others are compared with.
PEAK_TOOLS = {name: tool for name, tool in TOOLS.items() if name not in (BARE, PSLEAK)}
