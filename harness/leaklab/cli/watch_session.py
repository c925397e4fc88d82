"""What `leaklab watch` does: it opens the target, shows it, and hands over what was seen."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

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
from leaklab.observer.pace import CpuBudget
from leaklab.observer.probes import platform_probes
from leaklab.verdict.preload import preload_estimators

# The kernel takes no wait without end.
MAX_WAIT_SECONDS = 3600.0
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)

Show = Callable[[Watch], None]


@dataclass(frozen=True)
class WatchRequest:
    """What was asked for; None for what is ours to choose, or for no end."""

    resource: Resource
    interval_seconds: float
    for_seconds: float | None
    limit_bytes: int | None


def watch_until_end(
    words: Sequence[str], pid: int | None, output: Path | None, asked: WatchRequest
) -> WatchReport:
    """Watch a process that is there, or start a command and watch that.

    Args:
        words: the command; none with `pid`.
        pid: the process.
        output: where what the command prints goes; None for standard error, or for nowhere where
            the live table is.
        asked: the rest.

    Raises:
        LabError: it cannot be watched or started, or not watched long enough.
        KeyboardInterrupt: Ctrl-C came before anything could be said.
    """
    if bool(words) == (pid is not None):
        raise BadInput("name one thing to watch: either --pid N, or a command after --")
    if pid is None:
        with _sink(output) as fd, started(words, fd, platform_probes()) as target:
            return _watch(target, asked)
    if output:
        raise BadInput("--output is for what a command prints; leave it away with --pid")
    with attached(pid, platform_probes()) as process:
        return _watch(process, asked)


def _watch(target: WatchTarget, asked: WatchRequest) -> WatchReport:
    import psutil  # noqa: PLC0415  (26 ms, which --help does not pay for)

    machine_bytes = int(psutil.virtual_memory().total)
    limit = memory_limit(target.pid, machine_bytes)
    if asked.limit_bytes:
        limit = MemoryLimit(memory_bytes=asked.limit_bytes, source="--limit")
    means = WatchSettings(
        target.pids,
        platform_probes(),
        time.monotonic,
        asked.interval_seconds,
        limit.memory_bytes,
        container_reading,
    )
    with _interrupts() as interrupted, _screen(target, asked.resource, machine_bytes) as show:
        watch = Watch(means, CpuBudget(READING_CPU_BUDGET), CpuBudget(RESIDENT_CPU_BUDGET))
        ending = follow(watch, _waiting(target, interrupted, asked.for_seconds), show)
        target.finish(interrupted)
    _refuse_too_short(watch, target, ending)
    return watch_report(watch, target, WatchQuestion(asked.resource, machine_bytes, limit), ending)


def _waiting(
    target: WatchTarget, interrupted: int, for_seconds: float | None
) -> Callable[[float], WatchEnd | None]:
    """How a watch waits from look to look; `interrupted` has a byte for each Ctrl-C."""
    end = time.monotonic() + (for_seconds or float("inf"))

    def wait(seconds: float) -> WatchEnd | None:
        look = time.monotonic() + seconds
        while not target.has_ended():
            now = time.monotonic()
            if now >= end:
                return WatchEnd.TIME
            if now >= look:
                return None
            fds = [interrupted, target.descriptor]
            left = min(look, end) - now
            if interrupted in select.select(fds, [], [], min(left, MAX_WAIT_SECONDS))[0]:
                os.read(interrupted, 1)  # another one is for who waits next
                return WatchEnd.INTERRUPTED
        return WatchEnd.ENDED

    return wait


def _refuse_too_short(watch: Watch, target: WatchTarget, ending: WatchEnd) -> None:
    if len(watch.samples) >= MIN_ROWS:
        return
    if ending is WatchEnd.INTERRUPTED:
        raise KeyboardInterrupt
    how = target.describe_end() if ending is WatchEnd.ENDED else ending.value
    words = f"{target.name}: {how} within {format_duration(watch.elapsed_seconds())}"
    longer = "" if ending is WatchEnd.ENDED else "watch it longer, or "
    raise NotMeasured(f"{words}, too soon to say anything; {longer}lower --interval")


@contextmanager
def _interrupts() -> Iterator[int]:
    """Ctrl-C is no error here, nor is SIGTERM, which `timeout` sends: it gives this descriptor a
    byte. It stays ignored where whoever started us has it ignored."""
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    before = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    for number in (n for n, handler in before.items() if handler is not signal.SIG_IGN):
        signal.signal(number, lambda *_: os.write(write, b"x"))
    try:
        yield read
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(read)
        os.close(write)


def _screen(
    target: WatchTarget, resource: Resource, machine_bytes: int
) -> AbstractContextManager[Show]:
    """The live table on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        return nullcontext(lambda _: None)
    from leaklab.reports.watch_live import Screen  # noqa: PLC0415  (a pipe does not pay for rich)

    preload_estimators()
    return Screen(target.name, resource, machine_bytes)


@contextmanager
def _sink(output: Path | None) -> Iterator[int]:
    """A descriptor for what a command prints: a file, else standard error, or nothing where the
    live table is there.

    Raises:
        BadInput: the file cannot be written.
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
