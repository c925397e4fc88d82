"""Observing a staged program from outside, in the words of top, while it works without end."""

import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from leaklab.features.course.staging import Stage, workers_of
from leaklab.features.profilers.foreground import in_foreground, wait_for_end
from leaklab.features.tools.registry import last_line
from leaklab.features.tools.tool_run import ToolRun, open_tool_runner
from leaklab.model.errors import NotMeasured
from leaklab.model.scenario import Mode

# More than a program does while it is watched.
ENDLESS_UNITS = 1_000_000_000
WATCHED_CPU_SECONDS = 3600.0


@dataclass(frozen=True)
class ProcessRow:
    """One process at one moment; the fields are the columns of top and lsof.

    Attributes:
        pid: Its process ID.
        name: `python`, or the name of another program.
        virt_bytes: VIRT.
        res_bytes: RES.
        shr_bytes: SHR.
        memory_share: %MEM, as a share of the machine's memory.
        files: Its open descriptors, sockets included.
        sockets: Those that are sockets.
        threads: Its threads.
    """

    pid: int
    name: str
    virt_bytes: int
    res_bytes: int
    shr_bytes: int
    memory_share: float
    files: int
    sockets: int
    threads: int


@dataclass(frozen=True)
class Glance:
    """All processes of the program, some seconds after its start."""

    seconds: float
    rows: tuple[ProcessRow, ...]


def moments(stage: Stage, mode: Mode, seconds: float, interval: float) -> Iterator[Glance]:
    """Run a staged program and yield its processes at each interval; end it at the end.

    Args:
        stage: The program.
        mode: How it is executed.
        seconds: How long it runs.
        interval: The time between two moments, in seconds.

    Raises:
        NotMeasured: The program ended by itself; the message has the last line that it printed.
    """
    job = stage.job(mode, ENDLESS_UNITS * workers_of(mode), 1)
    with (
        open_tool_runner(stage.catalogue, WATCHED_CPU_SECONDS) as runner,
        runner.prepare(job) as tool_job,
        (tool_job.folder / "printed").open("wb") as printed,
    ):
        argv, fd = [sys.executable, str(tool_job.driver)], printed.fileno()
        with in_foreground(runner, tool_job, argv, (fd, fd)) as child:
            began = time.monotonic()
            while (passed := time.monotonic() - began) < seconds:
                yield Glance(passed, tuple(rows_below(child.supervisor.pid)))
                status = wait_for_end(child, interval)
                if status is not None or child.closed:
                    output = Path(printed.name).read_text(encoding="utf-8", errors="replace")
                    ended = last_line(ToolRun(status or 0, 0.0, output))
                    raise NotMeasured(stage.presentable(f"the program ended by itself; {ended}"))


def rows_below(pid: int) -> Iterator[ProcessRow]:
    """Read the descendants of a process; those that end meanwhile are left out."""
    with contextlib.suppress(psutil.Error):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error, OSError):
                yield _row(process)


def _row(process: psutil.Process) -> ProcessRow:
    with process.oneshot():
        memory = process.memory_info()
        return ProcessRow(
            pid=process.pid,
            name=process.name(),
            virt_bytes=memory.vms,
            res_bytes=memory.rss,
            shr_bytes=memory.shared,
            memory_share=process.memory_percent() / 100,
            files=process.num_fds(),
            sockets=len(process.net_connections("all")),
            threads=process.num_threads(),
        )
