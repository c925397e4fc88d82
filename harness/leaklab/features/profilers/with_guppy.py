"""guppy3 (heapy): the objects of the heap, by type and by what refers to them."""

import re

from leaklab.features.profilers.profiler import ProfileCommand, ProfileTask, probing
from leaklab.features.tools.tool_run import ToolRun

FIRST_ROW = re.compile(r"^ +0 +\d+ +\d+ +\d+.*$", re.M)


class Guppy:
    """The objects that are new since a tenth of the work."""

    name = "guppy3"
    package = "guppy3"
    part = 1
    fails_on_leaks = False
    pools = "reads the heap of the process that it runs in: the parent, and not the workers"

    def command(self, task: ProfileTask) -> ProfileCommand:
        """Return the command; the heap is read from within."""
        return probing(task, "with_guppy")

    def report(self, task: ProfileTask, tool_run: ToolRun) -> str:
        """Return the partition of the heap."""
        del task
        return tool_run.output

    def first_answer(self, report: str) -> str:
        """Return the first row of the partition."""
        first = FIRST_ROW.search(report)
        return " ".join(first[0].split()) if first else ""
