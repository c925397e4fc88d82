"""What `leaklab watch` does: open the target, show its readings, and return a report."""

import os
import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from leaklab.cli.interrupts import MAX_WAIT_SECONDS, interrupts
from leaklab.features.watch.container import container_reading
from leaklab.features.watch.forecast import MemoryLimit
from leaklab.features.watch.loop import (
    MIN_ROWS,
    READING_CPU_BUDGET,
    RESIDENT_CPU_BUDGET,
    Watch,
    WatchEnd,
    WatchSettings,
    follow,
)
from leaklab.features.watch.memory_limit import memory_limit
from leaklab.features.watch.report import WatchQuestion, WatchReport, watch_report
from leaklab.features.watch.targets import WatchTarget, attached, started
from leaklab.model.errors import BadInput, NotMeasured
from leaklab.model.scenario import Resource
from leaklab.model.units import format_duration
from leaklab.observer.cpu_budget import CpuBudget
from leaklab.observer.probes import platform_probes
from leaklab.verdict.preload import preload_estimators

Show = Callable[[Watch], None]


@dataclass(frozen=True)
class WatchRequest:
    """What to watch for and how; None means the default, or no end."""

    resource: Resource
    interval_seconds: float
    for_seconds: float | None
    limit_bytes: int | None


def watch_until_end(
    arguments: Sequence[str], pid: int | None, output: Path | None, request: WatchRequest
) -> WatchReport:
    """Watch a running process, or start a command and watch it.

    Args:
        arguments: The command; empty with `pid`.
        pid: The process.
        output: The file for the command's output; None for standard error, or for /dev/null
            beside the live table.
        request: What to watch for and how.

    Raises:
        LabError: It cannot be watched or started, or the watch was too short.
        KeyboardInterrupt: Ctrl-C came before there were enough readings.
    """
    if bool(arguments) == (pid is not None):
        raise BadInput("name one thing to watch: either --pid N, or a command after --")
    if pid is None:
        with _sink(output) as fd, started(arguments, fd, platform_probes()) as target:
            return _watch(target, request)
    if output:
        raise BadInput("--output is for what a command prints; omit it with --pid")
    with attached(pid, platform_probes()) as process:
        return _watch(process, request)


def _watch(target: WatchTarget, request: WatchRequest) -> WatchReport:
    import psutil  # noqa: PLC0415  (26 ms, which --help does not pay for)

    machine_bytes = int(psutil.virtual_memory().total)
    limit = memory_limit(target.pid, machine_bytes)
    if request.limit_bytes:
        limit = MemoryLimit(memory_bytes=request.limit_bytes, source="--forecast-limit")
    settings = WatchSettings(
        target.pids,
        platform_probes(),
        time.monotonic,
        request.interval_seconds,
        limit.memory_bytes,
        container_reading,
    )
    with interrupts() as interrupted, _screen(target, request.resource, machine_bytes) as show:
        watch = Watch(settings, CpuBudget(READING_CPU_BUDGET), CpuBudget(RESIDENT_CPU_BUDGET))
        ending = follow(watch, _waiting(target, interrupted, request.for_seconds), show)
        target.finish(interrupted)
    _require_readings(watch, target, ending)
    question = WatchQuestion(request.resource, machine_bytes, limit)
    return watch_report(watch, target, question, ending)


def _waiting(
    target: WatchTarget, interrupted: int, for_seconds: float | None
) -> Callable[[float], WatchEnd | None]:
    """Return a function that waits for the next reading, or returns why the watch ends.

    `interrupted` is a descriptor with one byte for each Ctrl-C.
    """
    end = time.monotonic() + (for_seconds or float("inf"))

    def wait(seconds: float) -> WatchEnd | None:
        """Wait; return None after the seconds, or at once why the watch ends."""
        due = time.monotonic() + seconds
        while not target.has_ended():
            now = time.monotonic()
            if now >= end:
                return WatchEnd.TIME
            if now >= due:
                return None
            fds = [interrupted, target.descriptor]
            left = min(due, end) - now
            if interrupted in select.select(fds, [], [], min(left, MAX_WAIT_SECONDS))[0]:
                os.read(interrupted, 1)  # leave the byte of a second Ctrl-C to the next wait
                return WatchEnd.INTERRUPTED
        return WatchEnd.ENDED

    return wait


def _require_readings(watch: Watch, target: WatchTarget, ending: WatchEnd) -> None:
    if len(watch.samples) >= MIN_ROWS:
        return
    if ending is WatchEnd.INTERRUPTED:
        raise KeyboardInterrupt
    how = target.describe_end() if ending is WatchEnd.ENDED else ending.value
    what = f"{target.name}: {how} within {format_duration(watch.elapsed_seconds())}"
    longer = "" if ending is WatchEnd.ENDED else "watch it longer, or "
    raise NotMeasured(f"{what}, too soon for a verdict; {longer}lower --interval")


def _screen(
    target: WatchTarget, resource: Resource, machine_bytes: int
) -> AbstractContextManager[Show]:
    """Return the live table on a terminal; elsewhere a context that shows nothing."""
    if not sys.stderr.isatty():
        return nullcontext(lambda _: None)
    from leaklab.reports.watch_live import Screen  # noqa: PLC0415  (a pipe does not pay for rich)

    preload_estimators()
    return Screen(target.name, resource, machine_bytes)


@contextmanager
def _sink(output: Path | None) -> Iterator[int]:
    """Yield a descriptor for a command's output: a file, standard error, or beside a live table
    /dev/null.

    Raises:
        BadInput: The file cannot be written.
    """
    path = output or (Path(os.devnull) if sys.stderr.isatty() else None)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        fd = os.open(path, flags, 0o666) if path else os.dup(2)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; name another file for --output") from error
    try:
        yield fd
    finally:
        os.close(fd)
