"""The command of each tool, and the parsing of its own figure of the peak."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from leaklab.features.tools.tool_job import DRIVER, ToolJob
from leaklab.features.tools.tool_run import ToolRun
from leaklab.model.units import MIB

PYTHON = sys.executable


@dataclass(frozen=True)
class ToolFigures:
    """The figures of one run under a tool; None if it does not give one.

    `cpu_seconds` is the CPU time of the whole process tree. `work_cpu_seconds` is that of the
    process that did the work, between its first unit and its last, and `high_water_bytes` the
    VmHWM that it read of itself. `peak_bytes` is the tool's own figure, which counts from
    `zero_bytes`.
    """

    units: int
    cpu_seconds: float
    work_cpu_seconds: float | None
    high_water_bytes: int | None
    peak_bytes: int | None
    zero_bytes: int = 0


def by_report(
    peak_bytes: Callable[[ToolJob, ToolRun], int | None],
) -> Callable[[ToolJob, ToolRun], ToolFigures]:
    """Return a reader of the driver's report that gets the tool's own figure by a function."""

    def read(tool_job: ToolJob, tool_run: ToolRun) -> ToolFigures:
        """Read the figures of a run."""
        return ToolFigures(
            units=tool_run.report["units"],
            cpu_seconds=tool_run.cpu_seconds,
            work_cpu_seconds=tool_run.report["cpu_seconds"],
            high_water_bytes=tool_run.report["high_water_bytes"],
            peak_bytes=peak_bytes(tool_job, tool_run),
        )

    return read


def reported(name: str) -> Callable[[ToolJob, ToolRun], int]:
    """Return a reader of one figure of the driver's report."""
    return lambda _, tool_run: int(tool_run.report[name])


def no_peak(tool_job: ToolJob, tool_run: ToolRun) -> None:
    """Return None, for a tool that gives no peak."""


def bare_command(tool_job: ToolJob) -> list[str]:
    """Return the command that runs the driver without a tool."""
    return [PYTHON, str(tool_job.driver)]


def time_command(tool_job: ToolJob) -> list[str]:
    """Return the command that runs the driver under /usr/bin/time."""
    time = shutil.which("time") or "time"
    return [time, "-f", "%M", "-o", str(tool_job.folder / "time"), *bare_command(tool_job)]


def time_peak(tool_job: ToolJob, tool_run: ToolRun) -> int:
    """Read `%M`, the ru_maxrss of the child, which is in KiB."""
    del tool_run
    return int((tool_job.folder / "time").read_text().split()[-1]) << 10


# The folder is given here, because asv removes PYTHONPATH.
PEAKMEM = f"""
import sys

sys.path.insert(0, FOLDER)
import {DRIVER}

def peakmem_work():
    {DRIVER}.work()
"""


def asv_command(tool_job: ToolJob) -> list[str]:
    """Return the command by which asv runs a peakmem benchmark in its own process.

    It is started through a shell, because `ru_maxrss` is inherited over fork and exec and would
    otherwise be that of this process. Started by asv, it would be that of asv.
    """
    suite = tool_job.folder / "suite"
    suite.mkdir()
    (suite / "__init__.py").touch()
    (suite / "tools.py").write_text(PEAKMEM.replace("FOLDER", repr(str(tool_job.driver.parent))))
    runner = importlib.util.find_spec("asv")
    folder = Path(runner.origin).parent if runner and runner.origin else Path()
    script = [str(folder / "benchmark.py"), "run", str(suite), "tools.peakmem_work", "{}", "None"]
    line = '"$@"; exit $?'
    return ["sh", "-c", line, "sh", PYTHON, *script, str(tool_job.folder / "peak")]


def asv_peak(tool_job: ToolJob, tool_run: ToolRun) -> int:
    """Read the peak that asv saved, in bytes."""
    del tool_run
    return int(json.loads((tool_job.folder / "peak").read_text()))


def mprof_command(tool_job: ToolJob) -> list[str]:
    """Return the command of `mprof run`, which samples every 0.1 s by default."""
    return [
        PYTHON,
        "-m",
        "mprof",
        "run",
        "-o",
        str(tool_job.folder / "mprof"),
        str(tool_job.driver),
    ]


def mprof_peak(tool_job: ToolJob, tool_run: ToolRun) -> int:
    """Read the largest value of the lines `MEM <MiB> <time>`."""
    del tool_run
    lines = (tool_job.folder / "mprof").read_text().splitlines()
    return int(max(float(line.split()[1]) for line in lines if line.startswith("MEM")) * MIB)


def profile_command(tool_job: ToolJob) -> list[str]:
    """Return the command of memory_profiler, line by line."""
    return [PYTHON, "-m", "memory_profiler", str(tool_job.driver)]


def profile_peak(tool_job: ToolJob, tool_run: ToolRun) -> int:
    """Read the largest value of the column `Mem usage`."""
    del tool_job
    usages = re.findall(r"^ *\d+ +([\d.]+) MiB", tool_run.output, re.M)
    return int(max(map(float, usages)) * MIB)


def memray_command(tool_job: ToolJob) -> list[str]:
    """Return the command of `memray run`."""
    saved = str(tool_job.folder / "memray")
    return [PYTHON, "-m", "memray", "run", "-q", "-f", "-o", saved, str(tool_job.driver)]


def memray_peak(tool_job: ToolJob, tool_run: ToolRun) -> int:
    """Read the peak in memray's file by memray itself."""
    del tool_run
    code = "import memray, sys; print(memray.FileReader(sys.argv[1]).metadata.peak_memory)"
    command = [PYTHON, "-c", code, str(tool_job.folder / "memray")]
    completed = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    return int(completed.stdout)


PSLEAK = f"""
import unittest
import psleak
import {DRIVER}

class Test(psleak.MemoryLeakTestCase):
    retries = ROUNDS

    def test_unit(self):
        driver_run = {DRIVER}.DriverRun()
        try:
            self.execute(driver_run.do_unit)
        finally:
            driver_run.write_report()

unittest.main()
"""


def psleak_command(rounds: int) -> Callable[[ToolJob], list[str]]:
    """Return a command that runs a psleak test with at most `rounds` rounds; a call is one unit."""

    def command(tool_job: ToolJob) -> list[str]:
        """Write the test into the folder of the job, and return the command that runs it."""
        test = tool_job.folder / "test.py"
        test.write_text(PSLEAK.replace("ROUNDS", str(rounds)))
        return [PYTHON, str(test)]

    return command
