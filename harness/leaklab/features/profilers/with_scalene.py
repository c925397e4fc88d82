"""Scalene: memory and CPU time by line, sampled."""

import json
import re
from typing import Any

import click

from leaklab.features.profilers.commands import output_of, require_file
from leaklab.features.profilers.profiler import ProfileCommand, ProfileTask
from leaklab.features.profilers.suspect import Suspect
from leaklab.features.tools.tool_run import ToolRun
from leaklab.model.scenario import Mode

DATA = "scalene-profile.json"
# A smaller share would be printed as 0%.
MIN_LINE_SHARE = 0.005
NAMED_LINE = re.compile(r"^(?:leak|memory): (.+):(\d+), .*$", re.M)


class Scalene:
    """A profile by line; it also says which lines it takes for leaks."""

    name = "scalene"
    package = "scalene"
    part = 1
    fails_on_leaks = False
    pools = "follows the processes of multiprocessing, and fails where a script chooses how"
    parent_only = frozenset[Mode]()

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

    def suspects(self, report: str) -> list[Suspect]:
        """Return the leaks that it names, the likeliest first, then the lines with most memory."""
        return [Suspect(m[0], m[1], int(m[2])) for m in NAMED_LINE.finditer(report)]


def _leaks(profile: dict[str, Any]) -> str:
    """Return the likely leaks by file and line, and the lines that allocated most.

    The share is that of the column `timeline/%`.
    """
    leaks, growth = [], []
    for path, file in profile.get("files", {}).items():
        for line, leak in file.get("leaks", {}).items():
            rate = leak["velocity_mb_s"]
            leaks.append((leak["likelihood"], f"leak: {path}:{line}, {rate:.1f} MB/s"))
        for row in file.get("lines", []):
            if row["n_usage_fraction"] >= MIN_LINE_SHARE:
                growth.append((row["n_usage_fraction"], f"memory: {path}:{row['lineno']}"))
    named = [f"{text}, likelihood {p:.0%}" for p, text in sorted(leaks, reverse=True)]
    named += [f"{text}, {share:.0%} of it" for share, text in sorted(growth, reverse=True)[:3]]
    return "\n".join(named) or "it names no line"
