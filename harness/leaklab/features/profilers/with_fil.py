"""Fil: what was in memory at the peak, by call."""

import re
from collections import Counter

from leaklab.features.profilers.commands import require_file
from leaklab.features.profilers.profiler import ALL_POOLS, ProfileCommand, ProfileTask
from leaklab.features.profilers.suspect import Suspect
from leaklab.features.tools.tool_run import ToolRun
from leaklab.model.errors import NotMeasured
from leaklab.model.units import format_bytes

FOLDER, STACKS = "fil", "peak-memory.prof"
MAX_CALLS = 5
CALL = re.compile(r"^ *\S+ \S+  (.+):(\d+) \((.+)\)$", re.M)


class Fil:
    """A flame graph of the peak."""

    name = "fil"
    package = "filprofiler"
    part = 1
    fails_on_leaks = False
    pools = "profiles the parent; it does not follow workers"
    parent_only = ALL_POOLS

    def command(self, task: ProfileTask) -> ProfileCommand:
        """Return the command."""
        options = ["--no-browser", "-o", str(task.output / FOLDER), "run"]
        return ProfileCommand([task.python, "-m", "filprofiler", *options, task.driver])

    def report(self, task: ProfileTask, tool_run: ToolRun) -> str:
        """Return the calls with the most memory at the peak; the flame graphs are files.

        Raises:
            NotMeasured: There is no profile.
        """
        profiles = sorted((task.output / FOLDER).glob(f"*/{STACKS}"))
        if not profiles:
            raise NotMeasured(f"{self.name}: it wrote no profile; see {task.output}")
        stacks = require_file(self.name, profiles[-1], tool_run).read_text(encoding="utf-8")
        sizes: Counter[str] = Counter()
        for calls, _, size in (line.rpartition(" ") for line in stacks.splitlines()):
            sizes[innermost(calls)] += int(size)
        lines = [f"{format_bytes(n):>10}  {call}" for call, n in sizes.most_common(MAX_CALLS)]
        return "\n".join(["at the peak, by the innermost call:", *lines]) + "\n"

    def suspects(self, report: str) -> list[Suspect]:
        """Return the calls with the most memory at the peak."""
        return [
            Suspect(" ".join(m[0].split()), m[1], int(m[2]), m[3]) for m in CALL.finditer(report)
        ]


def innermost(calls: str) -> str:
    """Return the innermost call of a stack, without the line of code that Fil appends."""
    return calls.rsplit(";", maxsplit=1)[-1].split("@", maxsplit=1)[0]
