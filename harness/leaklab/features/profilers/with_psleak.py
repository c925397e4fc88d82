"""psleak: calls a function again and again, and counts what the heap gained."""

import re

from leaklab.features.profilers.profiler import ALL_POOLS, ProfileCommand, ProfileTask
from leaklab.features.profilers.suspect import Suspect
from leaklab.features.tools.peaks import psleak_command
from leaklab.features.tools.registry import PSLEAK_ENVIRONMENT
from leaklab.features.tools.tool_run import ToolRun
from leaklab.model.errors import NotMeasured

ALL_ROUNDS = 10
# How it describes an open connection.
CONNECTION = re.compile(r"^\* (pconn\(.*\))$", re.M)
FAILURE = re.compile(r"^psleak\.\w+Error: .*$", re.M)


class Psleak:
    """A unit test that fails where memory grows with each call."""

    name = "psleak"
    package = "psleak"
    part = 1
    fails_on_leaks = True
    pools = "checks the process of its test, and no pool"
    parent_only = ALL_POOLS

    def command(self, task: ProfileTask) -> ProfileCommand:
        """Return the command, with all rounds of the tool.

        Raises:
            NotMeasured: The work is that of a pool.
        """
        if task.is_pool:
            raise NotMeasured(f"{self.name} {self.pools}: use --mode inline")
        argv = psleak_command(ALL_ROUNDS)(task.tool_job)
        return ProfileCommand([task.python, *argv[1:]], environment=PSLEAK_ENVIRONMENT)

    def report(self, task: ProfileTask, tool_run: ToolRun) -> str:
        """Return what the test printed."""
        del task
        return tool_run.output

    def suspects(self, report: str) -> list[Suspect]:
        """Return the message of the failure, which names no place; empty if the test passed."""
        failure = FAILURE.search(report)
        if not failure:
            return []
        connection = CONNECTION.search(report)
        if not connection:
            return [Suspect(failure[0])]
        return [Suspect(f"{failure[0]} {connection[1]}", type_name="socket")]
