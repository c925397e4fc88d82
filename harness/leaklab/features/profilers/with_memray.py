"""memray: every allocation of the process, and of its forked children."""

import re

from leaklab.features.profilers.commands import output_of, require_file
from leaklab.features.profilers.profiler import ProfileCommand, ProfileTask
from leaklab.features.tools.tool_run import ToolRun

DATA, PICTURE, LEAKS = "memray.bin", "memray-flamegraph.html", "memray-leaks.html"
SUMMARY_ROWS = "12"
WIDE = {"COLUMNS": "150", "NO_COLOR": "1"}
# The column by which `memray summary` sorts: the memory of a function without that of its callees.
OWN_MEMORY = "3"
# A row of `memray summary`: the function and its file, and its own memory.
SUMMARY_ROW = re.compile(r"^│ (\S.*? at \S+) +│[^│]+│[^│]+│ +(\S+) │", re.M)


class Memray:
    """A recording of all allocations; a summary of the peak, and flame graphs."""

    name = "memray"
    package = "memray"
    part = 1
    fails_on_leaks = False
    pools = "records forked workers in files of their own (--follow-fork), and no spawned ones"

    def command(self, task: ProfileTask) -> ProfileCommand:
        """Return the command; in a pool it follows forks."""
        follow = ["--follow-fork"] if task.is_pool else []
        options = ["-q", "-f", *follow, "-o", str(task.output / DATA)]
        return ProfileCommand([task.python, "-m", "memray", "run", *options, task.driver])

    def report(self, task: ProfileTask, tool_run: ToolRun) -> str:
        """Return the summary of the recording, in a pool of each worker's; flame graphs are files.

        Raises:
            NotMeasured: There is no recording.
        """
        require_file(self.name, task.output / DATA, tool_run)
        texts = []
        for data in sorted(task.output.glob(f"{DATA}*")):
            memray = [task.python, "-m", "memray"]
            suffix = data.name.removeprefix(DATA)
            for options, name in (([], PICTURE), (["--leaks"], LEAKS)):
                picture = str(task.output / name.replace(".html", f"{suffix}.html"))
                arguments = ["flamegraph", *options, "-f", "-o", picture, str(data)]
                output_of(self.name, [*memray, *arguments])
            summary = [*memray, "summary", "-s", OWN_MEMORY, "-r", SUMMARY_ROWS, str(data)]
            text = output_of(self.name, summary, WIDE)
            texts.append(f"{data.name}\n{text}")
        return "\n".join(texts)

    def first_answer(self, report: str) -> str:
        """Return the function with the most memory of its own at the peak."""
        first = SUMMARY_ROW.search(report)
        return f"{first[1]}: {first[2]}" if first else ""
