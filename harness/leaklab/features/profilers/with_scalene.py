"""Scalene: memory and CPU time by line, sampled."""

import json
from typing import Any

import click

from leaklab.features.profilers.commands import output_of, require_file
from leaklab.features.profilers.profiler import ProfileCommand, ProfileTask
from leaklab.features.tools.tool_run import ToolRun

DATA = "scalene-profile.json"


class Scalene:
    """A profile by line; it also says which lines it takes for leaks."""

    name = "scalene"
    package = "scalene"
    part = 1
    fails_on_leaks = False
    pools = "follows the processes of multiprocessing, and fails where a script chooses how"

    def command(self, task: ProfileTask) -> ProfileCommand:
        """Return the command, for the memory of all code of the catalogue."""
        options = ["--memory", "--program-path", str(task.tool_job.root)]
        data = ["-o", str(task.output / DATA)]
        return ProfileCommand([task.python, "-m", "scalene", "run", *options, *data, task.driver])

    def report(self, task: ProfileTask, tool_run: ToolRun) -> str:
        """Return what `scalene view --cli` prints, and the leaks that the profile names.

        Raises:
            NotMeasured: There is no profile.
        """
        data = require_file(self.name, task.output / DATA, tool_run)
        view = [task.python, "-m", "scalene", "view", "--cli", "--reduced"]
        text = click.unstyle(output_of(self.name, view, {"COLUMNS": "120"}, task.output))
        return f"{text}\n{_leaks(json.loads(data.read_text(encoding='utf-8')))}"

    def first_answer(self, report: str) -> str:
        """Return the likeliest leak that it names, or else the line with the most memory."""
        lines = [line for line in report.splitlines() if line.startswith(("leak: ", "memory: "))]
        return lines[0] if lines else ""


def _leaks(profile: dict[str, Any]) -> str:
    """Return the likely leaks by file and line, and the lines with the most growth."""
    leaks, growth = [], []
    for path, file in profile.get("files", {}).items():
        for line, leak in file.get("leaks", {}).items():
            rate = leak["velocity_mb_s"]
            leaks.append((leak["likelihood"], f"leak: {path}:{line}, {rate:.1f} MB/s"))
        for row in file.get("lines", []):
            if row["n_mallocs"] or row["n_peak_mb"]:
                growth.append((row["n_peak_mb"], f"memory: {path}:{row['lineno']}"))
    named = [f"{text}, likelihood {p:.0%}" for p, text in sorted(leaks, reverse=True)]
    named += [f"{text}, peak {mb:.1f} MB" for mb, text in sorted(growth, reverse=True)[:3]]
    return "\n".join(named) or "it names no line"
