"""memray: every allocation of the process, and of its forked children."""

import re
from operator import itemgetter

from leaklab.features.profilers.commands import output_of, require_file
from leaklab.features.profilers.profiler import ProfileCommand, ProfileTask
from leaklab.features.profilers.suspect import Suspect
from leaklab.features.tools.tool_run import ToolRun
from leaklab.model.scenario import Mode

DATA, PICTURE, LEAKS = "memray.bin", "memray-flamegraph.html", "memray-leaks.html"
SUMMARY_ROWS = "12"
WIDE = {"COLUMNS": "150", "NO_COLOR": "1"}
# The column by which `memray summary` sorts: the memory of a function without that of its callees.
OWN_MEMORY = "3"
LOCATION = re.compile(r"(.+) at (.+)")


class Memray:
    """A recording of all allocations; a summary of the peak, and flame graphs."""

    name = "memray"
    package = "memray"
    part = 1
    fails_on_leaks = False
    pools = "records forked workers in files of their own (--follow-fork), and no spawned ones"
    parent_only = frozenset({Mode.SPAWN, Mode.FORKSERVER})

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

    def suspects(self, report: str) -> list[Suspect]:
        """Return the functions with the most memory of their own at the peak, of all processes."""
        rows = [
            (bytes_in(own), Suspect(f"{location}: {own}", named[2], function=named[1]))
            for location, own in summary_rows(report)
            if (named := LOCATION.fullmatch(location))
        ]
        # Each worker of a pool has the same functions; the largest row of each is enough.
        largest: dict[tuple[str, str], Suspect] = {}
        for _, suspect in sorted(rows, key=itemgetter(0), reverse=True):
            largest.setdefault((suspect.path, suspect.function), suspect)
        return list(largest.values())


def summary_rows(report: str) -> list[tuple[str, str]]:
    """Return the location and the own memory of each row; a long location has several lines."""
    rows: list[tuple[str, str]] = []
    is_full = False
    for line in report.splitlines():
        if not line.startswith("│"):
            continue
        column, _, _, own, *_ = line.strip("│").split("│")
        if own.strip():
            rows.append((column.strip(), own.strip()))
        elif rows:
            # A word that is longer than the column is broken without a space.
            space = "" if is_full else " "
            rows[-1] = (f"{rows[-1][0]}{space}{column.strip()}", rows[-1][1])
        is_full = len(column.strip()) == len(column) - len("  ")
    return rows


def bytes_in(size: str) -> float:
    """Return the bytes that a size such as `10.097MB` stands for."""
    matched = re.fullmatch(r"([\d.]+)([kMGT]?)B", size)
    return float(matched[1]) * 1000 ** " kMGT".index(matched[2] or " ") if matched else 0.0
