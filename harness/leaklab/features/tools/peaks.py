"""How each tool is started on a work, and where its own figure of the peak stands."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from leaklab.features.tools.tool_run import DRIVER, ToolJob, ToolRun
from leaklab.model.units import MIB

PYTHON = sys.executable


@dataclass(frozen=True)
class ToolFigures:
    """One run under a tool: CPU time of the whole tree, and of the process that did the work,
    between its first unit and its last; that process's VmHWM as it read it itself; and the tool's
    own figure, which counts from `zero_bytes`. None: it gives none."""

    units: int
    cpu_seconds: float
    work_cpu_seconds: float | None
    high_water_bytes: int | None
    peak_bytes: int | None
    zero_bytes: int = 0


def by_report(
    peak_bytes: Callable[[ToolJob, ToolRun], int | None],
) -> Callable[[ToolJob, ToolRun], ToolFigures]:
    """Reads the driver's report, and the tool's own figure by a function."""

    def read(order: ToolJob, ran: ToolRun) -> ToolFigures:
        return ToolFigures(
            units=ran.report["units"],
            cpu_seconds=ran.cpu_seconds,
            work_cpu_seconds=ran.report["cpu_seconds"],
            high_water_bytes=ran.report["high_water_bytes"],
            peak_bytes=peak_bytes(order, ran),
        )

    return read


def reported(name: str) -> Callable[[ToolJob, ToolRun], int]:
    """A figure of the driver's own report."""
    return lambda _, ran: int(ran.report[name])


def no_peak(order: ToolJob, ran: ToolRun) -> None:
    """Of a tool that has none."""


def bare_command(order: ToolJob) -> list[str]:
    """The work as a script, bare."""
    return [PYTHON, str(order.driver)]


def time_command(order: ToolJob) -> list[str]:
    """Under /usr/bin/time."""
    time = shutil.which("time") or "time"
    return [time, "-f", "%M", "-o", str(order.folder / "time"), *bare_command(order)]


def time_peak(order: ToolJob, ran: ToolRun) -> int:
    """`%M`: ru_maxrss of the child, in KiB."""
    del ran
    return int((order.folder / "time").read_text().split()[-1]) << 10


# asv takes PYTHONPATH away.
PEAKMEM = f"""
import sys

sys.path.insert(0, FOLDER)
import {DRIVER}

def peakmem_work():
    {DRIVER}.work()
"""


def asv_command(order: ToolJob) -> list[str]:
    """As asv runs a benchmark, in a process of its own; started through a shell, or `ru_maxrss`
    would be this process's. asv itself would hand down its own instead."""
    suite = order.folder / "suite"
    suite.mkdir()
    (suite / "__init__.py").touch()
    (suite / "tools.py").write_text(PEAKMEM.replace("FOLDER", repr(str(order.driver.parent))))
    runner = importlib.util.find_spec("asv")
    folder = Path(runner.origin).parent if runner and runner.origin else Path()
    words = [str(folder / "benchmark.py"), "run", str(suite), "tools.peakmem_work", "{}", "None"]
    line = '"$@"; exit $?'
    return ["sh", "-c", line, "sh", PYTHON, *words, str(order.folder / "peak")]


def asv_peak(order: ToolJob, ran: ToolRun) -> int:
    """What asv saved."""
    del ran
    return int(json.loads((order.folder / "peak").read_text()))


def mprof_command(order: ToolJob) -> list[str]:
    """`mprof run`, every 0.1 s as by default."""
    return [PYTHON, "-m", "mprof", "run", "-o", str(order.folder / "mprof"), str(order.driver)]


def mprof_peak(order: ToolJob, ran: ToolRun) -> int:
    """The largest of `MEM <MiB> <time>`."""
    del ran
    lines = (order.folder / "mprof").read_text().splitlines()
    return int(max(float(line.split()[1]) for line in lines if line.startswith("MEM")) * MIB)


def profile_command(order: ToolJob) -> list[str]:
    """memory_profiler line by line."""
    return [PYTHON, "-m", "memory_profiler", str(order.driver)]


def profile_peak(order: ToolJob, ran: ToolRun) -> int:
    """The largest of the column `Mem usage`."""
    del order
    found = re.findall(r"^ *\d+ +([\d.]+) MiB", ran.said, re.M)
    return int(max(map(float, found)) * MIB)


def memray_command(order: ToolJob) -> list[str]:
    """`memray run`."""
    saved = str(order.folder / "memray")
    return [PYTHON, "-m", "memray", "run", "-q", "-f", "-o", saved, str(order.driver)]


def memray_peak(order: ToolJob, ran: ToolRun) -> int:
    """The peak in the file that memray wrote, read by memray."""
    del ran
    code = "import memray, sys; print(memray.FileReader(sys.argv[1]).metadata.peak_memory)"
    command = [PYTHON, "-c", code, str(order.folder / "memray")]
    found = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    return int(found.stdout)


PSLEAK = f"""
import unittest
import psleak
import {DRIVER}

class Test(psleak.MemoryLeakTestCase):
    retries = ROUNDS

    def test_unit(self):
        driven = {DRIVER}.DriverRun()
        try:
            self.execute(driven.one)
        finally:
            driven.report()

unittest.main()
"""


def psleak_command(rounds: int) -> Callable[[ToolJob], list[str]]:
    """A psleak test of so many rounds at most, of which one unit is a call."""

    def command(order: ToolJob) -> list[str]:
        test = order.folder / "test.py"
        test.write_text(PSLEAK.replace("ROUNDS", str(rounds)))
        return [PYTHON, str(test)]

    return command
