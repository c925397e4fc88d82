"""The bare driver: it does a scenario's work in its own process, which any tool can observe.

It uses only the standard library, so that the process contains little beside the work.
`leaklab profile` is its command line for people. Tools start it with a job:

    LEAKLAB_TOOL_JOB=JOB python driver.py

JOB is a JSON file: `roots` for sys.path, `scenario`, `variant`, `mode`, `workers`, `seed`, the
`units` of all processes together, `options`, `services`, `scratch`, `target` (None, or the function
of the user that takes the place of the scenario), `instrument` (`tracemalloc`, or
`profile` for memory_profiler's decorator, to be switched on in the process itself), `probe` (the
name of a module that profiles from within, or empty; `features/profilers/probes` describes them),
`output`, a folder for its files, and `report`, the file to be written at the end. The report is
JSON, too: `pid`, `units` done, `cpu_seconds` and `peak_traced_bytes` of them alone, the RSS before
them (`first_rss_bytes`), after a tenth (`early_rss_bytes`), after a half (`halfway_rss_bytes`) and
at the end (`rss_bytes`), and `high_water_bytes`, the process's VmHWM then.

In the mode of a pool, each worker does its share of the units, and writes its report beside that
file, with its number at the end. What a tool sees of the workers is up to the tool.

A copy of this file is started by its path, or imported by a module that a tool imports.
"""

from __future__ import annotations

import builtins
import importlib
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

WARM_UP_PARTS = 10
# The mode `multiprocess` is the package of that name, with the default method of Linux.
PACKAGES = {"multiprocess": "multiprocess"}
METHODS = {"multiprocess": "fork"}
# The copy of the module that calls a function of the user.
TARGET_LOADER = "leaklab_target"


@dataclass(frozen=True)
class DriverLab:
    """The `lab` argument of a workload; fixtures/lab.py describes its fields."""

    seed: int
    units: int
    options: dict[str, Any]
    services: dict[str, str]
    scratch: str


class WorkloadEndedError(Exception):
    """A workload ended early; `args` are the units done and the units needed."""


class DriverRun:
    """The work of the job named in the environment, loaded and ready to begin."""

    def __init__(self, worker: int | None = None) -> None:
        job = read_job()
        sys.path[:0] = job["roots"]
        self._report = Path(job["report"] + ("" if worker is None else f"-{worker}"))
        self._probe = find_probe(job) if worker is None else NO_PROBE
        self._output = job.get("output", "")
        self._left: int = job["units"] // (1 if worker is None else job["workers"])
        self._done = 0
        self._warm_up = max(self._left // WARM_UP_PARTS, 1)
        program, units = load_work(job)
        if job["instrument"] == "profile":
            decorate(program)
        self._probe.begin(program)
        self._units = units()
        self._rss_bytes = {"first_rss_bytes": memory_bytes()["VmRSS"]}
        if job["instrument"] == "tracemalloc":
            tracemalloc.start()
        self._begun_seconds = time.process_time()

    def do_unit(self) -> None:
        """Do one more unit."""
        next(self._units)
        self._done += 1

    def warm_up(self) -> None:
        """Do the first tenth of the units, and read the RSS after them."""
        self._advance(self._warm_up)
        self._rss_bytes["early_rss_bytes"] = memory_bytes()["VmRSS"]
        self._probe.warmed_up()

    def do_rest(self) -> None:
        """Do the remaining units of the job, and read the RSS halfway."""
        half = max((self._done + self._left) // 2 - self._done, 0)
        # Both parts are done on one line, or each would have tracebacks of its own.
        for units, name in ((half, "halfway_rss_bytes"), (self._left - half, "rss_bytes")):
            self._advance(units)
            self._rss_bytes[name] = memory_bytes()["VmRSS"]

    def _advance(self, units: int) -> None:
        advance(self._units, units)
        self._done += units
        self._left -= units

    def write_report(self) -> None:
        """Write the report, while the workload is still suspended and its memory in use.

        The file is there at once with its whole text.
        """
        report = {
            "pid": os.getpid(),
            "units": self._done,
            "cpu_seconds": time.process_time() - self._begun_seconds,
            "peak_traced_bytes": tracemalloc.get_traced_memory()[1],
            "rss_bytes": memory_bytes()["VmRSS"],
            **self._rss_bytes,
            "high_water_bytes": memory_bytes()["VmHWM"],
        }
        unfinished = self._report.with_suffix(".tmp")
        unfinished.write_text(json.dumps(report), encoding="utf-8")
        unfinished.replace(self._report)
        self._probe.finish(self._output)


class NoProbe:
    """The probe of a run that is not profiled from within: it does nothing."""

    def begin(self, program: ModuleType | None) -> None:
        """Begin before the first unit."""

    def warmed_up(self) -> None:
        """Note the memory after the first tenth of the units."""

    def finish(self, output: str) -> None:
        """Print what was found, and write files into the folder `output`."""


NO_PROBE = NoProbe()


def read_job() -> dict[str, Any]:
    """Read the job that the environment names."""
    job: dict[str, Any] = json.loads(
        Path(os.environ["LEAKLAB_TOOL_JOB"]).read_text(encoding="utf-8")
    )
    return job


def find_probe(job: dict[str, Any]) -> Any:
    """Import the probe of a job, a module with the functions of `NoProbe`."""
    name = job.get("probe")
    return importlib.import_module(name) if name else NO_PROBE


def load_work(job: dict[str, Any]) -> tuple[Any, Callable[[], Iterator[None]]]:
    """Import the program of a job; return it and the function that makes its units of work."""
    if target := job.get("target"):
        loader = importlib.import_module(TARGET_LOADER)
        os.chdir(target["working_folder"])
        return importlib.import_module(target["module"]), lambda: loader.units_of(target)
    names = ("seed", "units", "options", "services", "scratch")
    program, workload = load_program(job["scenario"], job["variant"])
    return program, lambda: workload.workload(program, DriverLab(*(job[name] for name in names)))


def load_program(scenario: str, variant: str) -> tuple[Any, Any]:
    """Import a scenario's program and workload by their usual names.

    Raises:
        ImportError: A package that they need is not installed.
    """
    folder = f"scenarios.{scenario}"
    program = importlib.import_module(f"{folder}.{variant}")
    return program, importlib.import_module(f"{folder}.workload")


def advance(workload: Iterator[None], units: int) -> None:
    """Do a number of units of a workload.

    Raises:
        WorkloadEndedError: The workload has fewer units.
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
    """Read the memory fields of /proc/self/status once, in bytes."""
    with Path("/proc/self/status").open(encoding="ascii", errors="replace") as status:
        fields = (line.split() for line in status if line.startswith("Vm"))
        return {name.rstrip(":"): int(kib) << 10 for name, kib, _ in fields}


def work(worker: int | None = None) -> None:
    """Do the units of one process, and write its report."""
    run = DriverRun(worker)
    run.warm_up()
    run.do_rest()
    run.write_report()


def work_in_pool(job: dict[str, Any]) -> None:
    """Do the job in the workers of a pool, and profile this process, the parent, from within."""
    pools = importlib.import_module(PACKAGES.get(job["mode"], "multiprocessing"))
    probe = find_probe(job)
    with pools.get_context(METHODS.get(job["mode"], job["mode"])).Pool(job["workers"]) as pool:
        probe.begin(None)
        probe.warmed_up()
        pool.map(work, range(job["workers"]), chunksize=1)
        probe.finish(job.get("output", ""))


def main() -> None:
    """Do the job in its mode."""
    job = read_job()
    if job.get("mode", "inline") == "inline":
        work()
    else:
        work_in_pool(job)


if __name__ == "__main__":
    main()
