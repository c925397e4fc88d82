"""psleak: calls a function again and again, and counts what the heap gained."""

from leaklab.features.profilers.profiler import ProfileCommand, ProfileTask
from leaklab.features.tools.peaks import psleak_command
from leaklab.features.tools.registry import PSLEAK_ENVIRONMENT
from leaklab.features.tools.tool_run import ToolRun

ROUNDS = 10


class Psleak:
    """A unit test that fails where memory grows with each call."""

    name = "psleak"
    package = "psleak"
    part = 1
    pools = "checks the process of its test: it has no pool"

    def command(self, task: ProfileTask) -> ProfileCommand:
        """Return the command, with all rounds of the tool."""
        argv = psleak_command(ROUNDS)(task.tool_job)
        return ProfileCommand([task.python, *argv[1:]], environment=PSLEAK_ENVIRONMENT)

    def report(self, task: ProfileTask, tool_run: ToolRun) -> str:
        """Return what the test printed."""
        del task
        return tool_run.output

    def first_answer(self, report: str) -> str:
        """Return the message of the failure; empty if the test passed."""
        lines = [line for line in report.splitlines() if "memory" in line.lower()]
        return lines[-1].strip() if "FAILED" in report and lines else ""
