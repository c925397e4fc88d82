"""memory_profiler, line by line: `@profile` on each function of the program."""

import re
from operator import itemgetter

from leaklab.features.profilers.profiler import ALL_POOLS, ProfileCommand, ProfileTask
from leaklab.features.profilers.suspect import Suspect
from leaklab.features.tools.tool_run import ToolRun

# Line, usage, increment, occurrences, and the line of code.
TABLE_ROW = re.compile(r"^ +(\d+) +[\d.]+ MiB +(-?[\d.]+) MiB +\d+ +(.*)$")
FILE = re.compile(r"^Filename: (.*)$")


class MemoryProfilerLines:
    """The table with a row for each line of code, and its increment of the process's memory."""

    name = "memory_profiler"
    package = "memory_profiler"
    part = 20
    fails_on_leaks = False
    pools = "decorates the functions in each process, and prints the tables of the parent alone"
    parent_only = ALL_POOLS

    def command(self, task: ProfileTask) -> ProfileCommand:
        """Return the command; the decorators are put on without a change to the file."""
        return ProfileCommand([task.python, "-m", "memory_profiler", task.driver], "profile")

    def report(self, task: ProfileTask, tool_run: ToolRun) -> str:
        """Return the tables, one for each function."""
        del task
        return tool_run.output

    def suspects(self, report: str) -> list[Suspect]:
        """Return the lines of code with the largest increments."""
        file, rows = "", []
        for line in report.splitlines():
            if opened := FILE.match(line):
                file = opened[1]
            elif (row := TABLE_ROW.match(line)) and not row[3].lstrip().startswith(("@", "def ")):
                text = f"{file}:{row[1]}: {row[2]} MiB  {row[3].strip()}"
                rows.append((float(row[2]), Suspect(text, file, int(row[1]))))
        grown = [row for row in rows if row[0] > 0]
        return [suspect for _, suspect in sorted(grown, key=itemgetter(0), reverse=True)]
