"""Where tools run one after another: a folder each, the services of the work, and what it cost.

The CPU time is that of the whole tree as `os.wait4` has it: of the process that was started and of
all its descendants that were waited for. Memory is not read there, for `ru_maxrss` is handed down
through fork and exec: the process that does the work reads its own VmHWM (`driver.py`).
"""

import contextlib
import itertools
import json
import math
import os
import resource
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from leaklab.catalogue.folders import Catalogue
from leaklab.features.tools import driver
from leaklab.model.errors import Cancelled
from leaklab.model.job import Job
from leaklab.sandbox import services
from leaklab.sandbox.scratch import reporting_disk_errors, session_folder

DRIVER = "leaklab_driver"

# No tool needs as much; a program under a tool that does not end has to.
MAX_DATA_BYTES = 4 << 30
# A run is given up by the CPU time of a process, or a busy machine would decide about a verdict;
# by the clock, so many times as long, only where it waits for ever.
MAX_WALL_PER_CPU = 20


@dataclass(frozen=True)
class ToolJob:
    """One run to make under a tool: the work, the driver's copy, and a folder for this run."""

    job: Job
    root: Path
    driver: Path
    folder: Path


@dataclass(frozen=True)
class ToolRun:
    """What became of a command: `status` is an exit code, or a signal's number below zero;
    `report` is the driver's, empty where it wrote none."""

    status: int
    cpu_seconds: float
    said: str
    timed_out: bool = False
    report: Mapping[str, Any] = field(default_factory=dict)


class ToolRunner:
    """The session: its folder, and the processes that run now; threads may use it at a time."""

    def __init__(self, catalogue: Catalogue, folder: Path, seconds: float) -> None:
        self.catalogue = catalogue
        self._folder = folder
        self.seconds = seconds
        self._numbers = itertools.count()
        self._over = threading.Event()
        self._living: set[int] = set()
        shutil.copy(driver.__file__, folder / f"{DRIVER}.py")

    @contextlib.contextmanager
    def order(self, job: Job) -> Iterator[ToolJob]:
        """An order for the job, with a folder that goes away."""
        folder = self._folder / f"peer-{next(self._numbers):05}"
        with reporting_disk_errors(folder):
            (folder / "scratch").mkdir(parents=True)
        try:
            yield ToolJob(job, self.catalogue.root, self._folder / f"{DRIVER}.py", folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def run(
        self,
        order: ToolJob,
        command: Sequence[str],
        environment: Mapping[str, str],
        instrument: str = "",
    ) -> ToolRun:
        """Run a tool's command to its end, with the services of its work.

        Raises:
            Cancelled: the session is over.
            NotMeasured: a service does not start.
        """
        roots = self.catalogue.import_roots
        report = order.folder / "report"
        with services.running(order.job, roots, order.folder, self._folder, self._over) as running:
            text = job_text(order, roots, running.addresses, report, instrument)
            (order.folder / "order").write_text(text, encoding="utf-8")
            ran = self._run(command, order.folder, {**environment_of(order), **environment})
        if self._over.is_set():
            raise Cancelled(f"{order.job.label}: given up")
        return replace(ran, report=json.loads(report.read_text())) if report.is_file() else ran

    def _run(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> ToolRun:
        child = start(command, folder, environment)
        late = threading.Event()

        def stop() -> None:
            late.set()
            end(child.pid)

        timer = threading.Timer(self.seconds * MAX_WALL_PER_CPU, stop)
        self._living.add(child.pid)
        try:
            timer.start()
            limit(child.pid, math.ceil(self.seconds))
            if self._over.is_set():
                stop()
            _, status, usage = os.wait4(child.pid, 0)
        finally:
            timer.cancel()
            self._living.discard(child.pid)
            end(child.pid)
        child.returncode = os.waitstatus_to_exitcode(status)  # or Popen would wait once more
        said = (folder / "said").read_text(encoding="utf-8", errors="replace")
        return ToolRun(child.returncode, usage.ru_utime + usage.ru_stime, said, late.is_set())

    def give_up(self) -> None:
        """End what runs now, and let nothing begin."""
        self._over.set()
        for pid in list(self._living):
            end(pid)


@contextlib.contextmanager
def open_tool_runner(catalogue: Catalogue, seconds: float) -> Iterator[ToolRunner]:
    """A session in which no process of a run may use more CPU time than so many seconds.

    Raises:
        NotMeasured: its folder cannot be made.
    """
    with session_folder() as folder:
        made = ToolRunner(catalogue, folder, seconds)
        try:
            yield made
        finally:
            made.give_up()


def start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a command in a folder, whose file `said` gets what it says; it leads a group."""
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(  # noqa: S603  (a tool of the list, on our own work)
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def limit(pid: int, cpu_seconds: int) -> None:
    """Hold a process, and those that it starts from now on, to what each may use; by the soft
    limits, so that leaklab may still set its own."""
    wanted = {resource.RLIMIT_DATA: MAX_DATA_BYTES, resource.RLIMIT_CPU: cpu_seconds}
    with contextlib.suppress(ProcessLookupError):
        for what, most in wanted.items():
            _, hard = resource.prlimit(pid, what)
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.prlimit(pid, what, (allowed, hard))


def end(pid: int) -> None:
    """Kill the group of processes that a process leads, as far as it is there."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def job_text(
    order: ToolJob,
    roots: Sequence[Path],
    addresses: Mapping[str, str],
    report: Path,
    instrument: str,
) -> str:
    """The order as the driver reads it."""
    job = order.job
    words = {
        "roots": [str(root) for root in roots],
        "scenario": job.scenario.name,
        "variant": str(job.variant),
        "seed": job.seed,
        "units": job.units,
        "options": dict(job.options),
        "services": dict(addresses),
        "scratch": str(order.folder / "scratch"),
        "instrument": instrument,
        "report": str(report),
    }
    return json.dumps(words)


def environment_of(order: ToolJob) -> dict[str, str]:
    """The caller's environment, for tools are found there, with what makes runs alike: no bytecode
    is written, so that no run finds what another compiled; and pytest's own words are left out, for
    they are not meant for the tests that are run here."""
    ours = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST")}
    return {
        **ours,
        "LEAKLAB_TOOL_JOB": str(order.folder / "order"),
        "PYTHONPATH": str(order.driver.parent),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_PROXY": "127.0.0.1",
    }
