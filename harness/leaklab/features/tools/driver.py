"""The bare driver: a scenario's work in this very process, for any tool that wants to look at it.

Standard library only, so that little but the work is in the process. `python -m fixtures.drive` is
its command line for people; tools are given an order:

    LEAKLAB_TOOL_JOB=ORDER python driver.py

ORDER is a JSON file: `roots` for sys.path, `scenario`, `variant`, `seed`, `units`, `options`,
`services`, `scratch`, `instrument` (what to switch on in the process itself: `tracemalloc`, or
`profile` for memory_profiler's decorator) and `report`, the file to be written at the end, JSON
too: `units` done, `cpu_seconds` and `peak_traced_bytes` of them alone, `early_rss_bytes` after the
first tenth, `rss_bytes` at the end, and `high_water_bytes`, the process's VmHWM then.

A copy of this file is started by its path, or imported by what a tool wants to import.
"""

from __future__ import annotations

import builtins
import importlib
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

WARM_UP_PARTS = 10


@dataclass(frozen=True)
class DriverLab:
    """What the workload is given; see fixtures/lab.py."""

    seed: int
    units: int
    options: dict[str, Any]
    services: dict[str, str]
    scratch: str


class WorkloadEndedError(Exception):
    """A workload that ended before its units were done: `args` are those done, and those asked."""


class DriverRun:
    """The work of the order in the environment, loaded and about to begin."""

    def __init__(self) -> None:
        order = json.loads(Path(os.environ["LEAKLAB_TOOL_JOB"]).read_text(encoding="utf-8"))
        sys.path[:0] = order["roots"]
        self._report = Path(order["report"])
        self._left: int = order["units"]
        self._done = 0
        self._warm_up = max(self._left // WARM_UP_PARTS, 1)
        self._early_rss_bytes: int | None = None
        names = ("seed", "units", "options", "services", "scratch")
        program, workload = load_program(order["scenario"], order["variant"])
        if order["instrument"] == "profile":
            decorate(program)
        self._units = workload.workload(program, DriverLab(*(order[name] for name in names)))
        if order["instrument"] == "tracemalloc":
            tracemalloc.start()
        self._begun_seconds = time.process_time()

    def one(self) -> None:
        """Do one unit more."""
        next(self._units)
        self._done += 1

    def warm_up(self) -> None:
        """Do the first tenth."""
        self._advance(self._warm_up)
        self._early_rss_bytes = memory_bytes()["VmRSS"]

    def rest(self) -> None:
        """Do what is left of the units in the order."""
        self._advance(self._left)

    def _advance(self, units: int) -> None:
        advance(self._units, units)
        self._done += units
        self._left -= units

    def report(self) -> None:
        """Write what became of the process, whose workload is still suspended."""
        found = {
            "units": self._done,
            "cpu_seconds": time.process_time() - self._begun_seconds,
            "peak_traced_bytes": tracemalloc.get_traced_memory()[1],
            "early_rss_bytes": self._early_rss_bytes,
            "rss_bytes": memory_bytes()["VmRSS"],
            "high_water_bytes": memory_bytes()["VmHWM"],
        }
        self._report.write_text(json.dumps(found), encoding="utf-8")


def load_program(scenario: str, variant: str) -> tuple[Any, Any]:
    """A scenario's program and its workload, imported by the names they have everywhere.

    Raises:
        ImportError: a package that they need is not installed.
    """
    folder = f"scenarios.{scenario}"
    program = importlib.import_module(f"{folder}.{variant}")
    return program, importlib.import_module(f"{folder}.workload")


def advance(workload: Iterator[None], units: int) -> None:
    """Do this many units.

    Raises:
        EndedEarlyError: there are not as many.
    """
    done = sum(1 for _ in islice(workload, units))
    if done < units:
        raise WorkloadEndedError(done, units)


def decorate(program: ModuleType) -> None:
    """Put memory_profiler's `@profile` on every function and method that a program defines."""
    profile = builtins.profile  # type: ignore[attr-defined]  # memory_profiler puts it there
    classes = [part for part in vars(program).values() if isinstance(part, type)]
    for owner in (program, *(part for part in classes if part.__module__ == program.__name__)):
        for name, part in list(vars(owner).items()):
            if type(part) is type(decorate) and part.__module__ == program.__name__:
                setattr(owner, name, profile(part))


def memory_bytes() -> dict[str, int]:
    """What the kernel says of this process's memory, in bytes; one reading."""
    with Path("/proc/self/status").open(encoding="ascii", errors="replace") as status:
        fields = (line.split() for line in status if line.startswith("Vm"))
        return {name.rstrip(":"): int(kib) << 10 for name, kib, _ in fields}


def work() -> None:
    """All of it."""
    driven = DriverRun()
    driven.warm_up()
    driven.rest()
    driven.report()


if __name__ == "__main__":
    work()
