"""tracemalloc, of the standard library."""

import re

from leaklab.features.profilers.profiler import ProfileCommand, ProfileTask, probing
from leaklab.features.tools.tool_run import ToolRun

FIRST = re.compile(r"^(\S+:\d+): size=.*$", re.M)


class Tracemalloc:
    """Two snapshots, after a tenth of the work and at its end, and their difference."""

    name = "tracemalloc"
    package = ""
    part = 1
    fails_on_leaks = False
    pools = "traces the process that it is started in: the parent, and not the workers"

    def command(self, task: ProfileTask) -> ProfileCommand:
        """Return the command; the snapshots are taken from within."""
        return probing(task, "with_tracemalloc")

    def report(self, task: ProfileTask, tool_run: ToolRun) -> str:
        """Return the differences, largest first, and the first tracebacks."""
        del task
        return tool_run.output

    def first_answer(self, report: str) -> str:
        """Return the line with the largest difference."""
        first = FIRST.search(report)
        return first[0] if first else ""
