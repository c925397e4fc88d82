"""Pympler: summaries of all objects by type."""

from leaklab.features.profilers.profiler import ProfileCommand, ProfileTask, probing
from leaklab.features.tools.tool_run import ToolRun

MIN_CELLS = 3


class Pympler:
    """Two summaries, after a tenth of the work and at its end, and their difference."""

    name = "pympler"
    package = "pympler"
    part = 1
    fails_on_leaks = False
    pools = "sums up the process that it runs in: the parent, and not the workers"

    def command(self, task: ProfileTask) -> ProfileCommand:
        """Return the command; the summaries are made from within."""
        return probing(task, "with_pympler")

    def report(self, task: ProfileTask, tool_run: ToolRun) -> str:
        """Return the difference by type, largest first."""
        del task
        return tool_run.output

    def first_answer(self, report: str) -> str:
        """Return the type with the largest difference."""
        rows = [[cell.strip() for cell in line.split("|")] for line in report.splitlines()]
        numbered = [row for row in rows if len(row) >= MIN_CELLS and row[1].isdigit()]
        return " | ".join(numbered[0]) if numbered else ""
