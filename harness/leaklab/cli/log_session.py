"""What `leaklab logs` does: read logs to their end, or follow one while it is written."""

import select
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from leaklab import reports
from leaklab.cli.interrupts import MAX_WAIT_SECONDS, interrupts
from leaklab.features.logs.report import LogReport, log_report
from leaklab.features.logs.sources import STDIN, Batch, Wait, follow_batches, read_batches
from leaklab.features.logs.traces import TraceLog
from leaklab.model.errors import BadInput
from leaklab.observer.cpu_budget import CpuBudget
from leaklab.reports import logs
from leaklab.verdict.preload import preload_estimators

# How often a file is asked whether there is more to read.
LOG_POLL_SECONDS = 0.25
# The share of one CPU that judging and drawing may take.
LOG_SCREEN_CPU_BUDGET = 0.05


def name_of(paths: Sequence[Path]) -> str:
    """Return what logs are called in a message."""
    if len(paths) > 1:
        return f"{len(paths)} logs"
    return "standard input" if paths[0] == STDIN else str(paths[0])


def read_logs(paths: Sequence[Path]) -> LogReport:
    """Read logs to their ends, in any order, as one.

    Raises:
        BadInput: One cannot be read, or there is nothing to judge.
    """
    log = TraceLog()
    for path in paths:
        log.read(read_batches(path))
    return log_report(log, name_of(paths))


def follow_log(path: Path, for_seconds: float | None, rows: int) -> LogReport:
    """Read a log while it is written; a terminal shows a live table.

    It ends at Ctrl-C (SIGTERM), after `for_seconds`, or with the pipe.

    Raises:
        BadInput: It cannot be read, or there was nothing to judge.
    """
    log = TraceLog()
    with interrupts() as interrupted:
        batches = follow_batches(path, _waiting(interrupted, for_seconds))
        if sys.stderr.isatty():
            _read_on_screen(log, batches, name_of([path]), rows)
        else:
            log.read(batches)
    return log_report(log, name_of([path]))


def _read_on_screen(log: TraceLog, batches: Iterable[Batch], name: str, rows: int) -> None:
    """Read a log, and draw the table again where there are new records and CPU time for it."""
    from leaklab.reports.logs_live import LogScreen  # noqa: PLC0415  (a pipe does not pay for rich)

    preload_estimators()
    pace = CpuBudget(LOG_SCREEN_CPU_BUDGET)
    drawn = -1
    with LogScreen() as screen:
        for batch in batches:
            log.add(batch)
            if log.records > drawn and pace.due:
                drawn = log.records
                with pace.charge():
                    screen.show(_table_so_far(log, name, rows))


def _table_so_far(log: TraceLog, name: str, rows: int) -> reports.Table:
    try:
        return logs.log_table(log_report(log, name), rows)
    except BadInput:
        return reports.Table((f"{name}: no snapshot yet; Ctrl-C ends",), [])


def _waiting(interrupted: int, for_seconds: float | None) -> Wait:
    """Return a function that waits for more to read, and returns false when it is enough.

    `interrupted` is a descriptor with one byte for each Ctrl-C.
    """
    end = time.monotonic() + (for_seconds or float("inf"))

    def wait(fd: int | None) -> bool:
        """Wait for more of the log; return whether to read on."""
        until = end if fd is not None else min(end, time.monotonic() + LOG_POLL_SECONDS)
        watched = [interrupted] if fd is None else [interrupted, fd]
        ready: list[int] = []
        while not ready and (left := until - time.monotonic()) > 0:
            ready, *_ = select.select(watched, [], [], min(left, MAX_WAIT_SECONDS))
        return interrupted not in ready and time.monotonic() < end

    return wait
