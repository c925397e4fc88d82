"""objgraph: counts of objects by type, and chains of references."""

from leaklab.features.profilers.profiler import ProfileCommand, ProfileTask, probing
from leaklab.features.tools.tool_run import ToolRun


class Objgraph:
    """The types that grew, and a chain of references from a module to one of their objects."""

    name = "objgraph"
    package = "objgraph"
    part = 1
    fails_on_leaks = False
    pools = "counts the objects of the process that it runs in: the parent, and not the workers"

    def command(self, task: ProfileTask) -> ProfileCommand:
        """Return the command; the objects are counted from within."""
        return probing(task, "with_objgraph")

    def report(self, task: ProfileTask, tool_run: ToolRun) -> str:
        """Return the growth and the chain."""
        del task
        return tool_run.output

    def first_answer(self, report: str) -> str:
        """Return the type that grew most, with the chain to one of its objects."""
        lines = report.splitlines()
        chain = next((line for line in lines if line.startswith("what refers")), "")
        first = " ".join(lines[0].split()) if lines and "+" in lines[0] else ""
        return "; ".join(filter(None, [first, chain]))
