"""The runner of tools: each run gets a folder and the services of its work, and is measured.

The CPU time is that of the whole tree by `os.wait4`: of the started process and of all its
descendants that were waited for. `ru_maxrss` is not used for memory, because it is inherited over
fork and exec. The process that does the work reads its own VmHWM instead (`driver.py`).
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

from leaklab.agent.leaklab_agent import target as target_loader
from leaklab.catalogue.folders import Catalogue
from leaklab.features.tools import driver
from leaklab.features.tools.guard import ToolGuard, open_guard
from leaklab.features.tools.tool_job import DRIVER, Probe, ToolJob, environment_of, job_fields
from leaklab.model.errors import Cancelled
from leaklab.model.job import Job
from leaklab.sandbox import services
from leaklab.sandbox.removal import remove_tree
from leaklab.sandbox.scratch import reporting_disk_errors, session_folder

# A limit that no tool needs, and that stops a program which allocates without end.
MAX_DATA_BYTES = 4 << 30
# A run is limited by the CPU time of a process, so that a busy machine does not change a verdict.
# Its elapsed time may be this many times as long, which only a run that waits forever exceeds.
MAX_WALL_PER_CPU = 20


@dataclass(frozen=True)
class ToolRun:
    """The outcome of a tool's command.

    `status` is an exit code, or a signal as a negative number. `cpu_seconds` is that of the whole
    process tree. `report` is the driver's report, empty if it wrote none.
    """

    status: int
    cpu_seconds: float
    output: str
    timed_out: bool = False
    report: Mapping[str, Any] = field(default_factory=dict)


class ToolRunner:
    """Runs tools within a session's folder; several threads may use it at a time.

    `seconds` is the CPU time that each process may use, and `wall_per_cpu` times as long may pass.
    `guard` ends the tools under way if leaklab dies.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        folder: Path,
        seconds: float,
        guard: ToolGuard,
        wall_per_cpu: int = MAX_WALL_PER_CPU,
    ) -> None:
        self.catalogue = catalogue
        self.folder = folder
        self.seconds = seconds
        self._max_wall_seconds = seconds * wall_per_cpu
        self._numbers = itertools.count()
        self._ended = threading.Event()
        self._guard = guard
        shutil.copy(driver.__file__, folder / f"{DRIVER}.py")
        shutil.copy(target_loader.__file__, folder / f"{driver.TARGET_LOADER}.py")

    @contextlib.contextmanager
    def prepare(self, job: Job) -> Iterator[ToolJob]:
        """Prepare a run of the job, in a folder that is removed on exit."""
        folder = self.folder / f"tool-{next(self._numbers):05}"
        with reporting_disk_errors(folder):
            (folder / "scratch").mkdir(parents=True)
        try:
            yield ToolJob(job, self.catalogue.root, self.folder / f"{DRIVER}.py", folder)
        finally:
            remove_tree(folder)

    def run(
        self,
        tool_job: ToolJob,
        command: Sequence[str],
        environment: Mapping[str, str],
        instrument: str = "",
        probe: Probe | None = None,
    ) -> ToolRun:
        """Run a tool's command to its end, with the services of its work.

        Args:
            tool_job: The work, from `prepare`.
            command: The tool's command line.
            environment: Variables that the tool needs.
            instrument: What the driver switches on in its own process.
            probe: The module that profiles from within, and its folder.

        Raises:
            Cancelled: The session has ended.
            NotMeasured: A service does not start.
        """
        with self.serving(tool_job, instrument, probe) as environment_of_work:
            tool_run = self._run(command, tool_job.folder, {**environment_of_work, **environment})
        if self._ended.is_set():
            raise Cancelled(f"{tool_job.job.label}: cancelled")
        return replace(tool_run, report=tool_job.read_report())

    @contextlib.contextmanager
    def serving(
        self, tool_job: ToolJob, instrument: str = "", probe: Probe | None = None
    ) -> Iterator[dict[str, str]]:
        """Run the services of a job; yield the environment of a command that does its work.

        Args:
            tool_job: The work, from `prepare`.
            instrument: What the driver switches on in its own process.
            probe: The module that profiles from within, and its folder.

        Raises:
            Cancelled: The session has ended.
            NotMeasured: A service does not start.
        """
        folder, job = tool_job.folder, tool_job.job
        target = job.scenario.target
        roots = tuple(map(Path, target.folders)) if target else self.catalogue.import_roots
        with services.running(job, roots, folder, self.folder, self._ended) as running:
            fields = job_fields(tool_job, roots, running.addresses)
            fields |= {"instrument": instrument}
            if probe:
                fields |= {"probe": probe.module, "output": str(probe.output)}
            (folder / "job").write_text(json.dumps(fields), encoding="utf-8")
            yield environment_of(tool_job)

    def _run(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> ToolRun:
        child = start(command, folder, environment)
        timed_out = threading.Event()

        def stop() -> None:
            """End the child, and note that its time was up."""
            timed_out.set()
            end(child.pid)

        timer = threading.Timer(self._max_wall_seconds, stop)
        self._guard.add(child.pid)
        try:
            timer.start()
            limit(child.pid, math.ceil(self.seconds))
            if self._ended.is_set():
                stop()
            _, status, usage = os.wait4(child.pid, 0)
        finally:
            timer.cancel()
            end(child.pid)
            self._guard.discard(child.pid)
        child.returncode = os.waitstatus_to_exitcode(status)  # otherwise Popen would wait again
        output = (folder / "output").read_text(encoding="utf-8", errors="replace")
        cpu_seconds = usage.ru_utime + usage.ru_stime
        return ToolRun(child.returncode, cpu_seconds, output, timed_out.is_set())

    def cancel(self) -> None:
        """End the runs under way, and begin no further one."""
        self._ended.set()
        for pid in self._guard.pids:
            end(pid)


@contextlib.contextmanager
def open_tool_runner(
    catalogue: Catalogue, seconds: float, wall_per_cpu: int = MAX_WALL_PER_CPU
) -> Iterator[ToolRunner]:
    """Open a runner of tools.

    Args:
        catalogue: The catalogue of the work.
        seconds: The CPU time that each process of a run may use.
        wall_per_cpu: How many times as long a run may last.

    Raises:
        NotMeasured: The runner's folder cannot be made.
    """
    with session_folder() as folder, open_guard() as guard:
        runner = ToolRunner(catalogue, folder, seconds, guard, wall_per_cpu)
        try:
            yield runner
        finally:
            runner.cancel()


def start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a command in a folder as a process group; its output goes to the file `output`."""
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(  # noqa: S603  (a tool of the list, on our own work)
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def limit(pid: int, cpu_seconds: int) -> None:
    """Limit the data and the CPU time of a process, and of each one that it starts from now on.

    The soft limits are set, so that leaklab can still set its own.
    """
    limits = {resource.RLIMIT_DATA: MAX_DATA_BYTES, resource.RLIMIT_CPU: cpu_seconds}
    with contextlib.suppress(ProcessLookupError):
        for name, soft in limits.items():
            _, hard = resource.prlimit(pid, name)
            allowed = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
            resource.prlimit(pid, name, (allowed, hard))


def end(pid: int) -> None:
    """Kill the process group that a process leads, if it still exists."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
