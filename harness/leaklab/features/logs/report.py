"""The report of a log, for the table, the chart and `--json`."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from leaklab.features.logs.records import TracebackRecord
from leaklab.features.logs.traces import ProcessTrace, SizeSeries, TraceLog
from leaklab.model.errors import BadInput
from leaklab.model.signals import Signal
from leaklab.model.verdicts import SEVERITY, Conclusion, Estimate, Reason, ReasonKind
from leaklab.verdict.growth import DEFAULT_RULE
from leaklab.verdict.over_time import UNLIMITED
from leaklab.verdict.watched_signal import judge_signal
from leaklab.verdict.wording import Per, reason_text

LOG_SCHEMA = 1

# tracemalloc's sizes are memory in use, exactly.
SIGNAL = Signal.IN_USE


class FileGrowth(Struct, frozen=True, kw_only=True):
    """The memory that one file allocated, or that all files did.

    Attributes:
        file: The file; empty for all of them.
        pid: The process that was judged.
        started: The Unix time at which its trace began.
        size_bytes: The memory at the last snapshot.
        count: The blocks at the last snapshot; None for all files.
        share: The memory as a share of that of all files.
        estimate: The verdict, and the growth in bytes per second.
        start_up_seconds: The start-up that the verdict leaves out.
        seconds: The times of the readings since the trace began.
        sizes_bytes: The memory at these times.
        traceback: The lines that allocate most of what was added, oldest first, where logged.
        traceback_bytes: How much they added of late (`tracing/records.py`).
    """

    file: str
    pid: int
    started: float
    size_bytes: int
    count: int | None
    share: float
    estimate: Estimate
    start_up_seconds: float
    seconds: list[float]
    sizes_bytes: list[int]
    traceback: list[str] = []
    traceback_bytes: int = 0

    @property
    def conclusion(self) -> Conclusion:
        """Whether it leaks."""
        return self.estimate.conclusion


class TraceCost(Struct, frozen=True, kw_only=True):
    """What tracing cost the processes: of the most expensive snapshot, and the mean CPU time."""

    frames: int
    max_snapshot_seconds: float
    mean_cpu_seconds: float
    max_tracemalloc_bytes: int


class LogReport(Struct, frozen=True, kw_only=True):
    """What a log shows.

    Attributes:
        schema: The version of this format.
        conclusion: A leak if any file leaks; otherwise the verdict on all files together.
        reasons: Why.
        total: The memory of all files together, of the longest trace.
        files: Those in the lists of the last snapshot: the worst verdict and the largest growth
            first, those that are clean by size.
        cost: What tracing cost.
        snapshots: Those of the longest trace.
        seconds: Its length.
        processes: The traces that were read.
        processes_left_out: Shorter ones, for which there was no room.
        lines: The lines of the log.
        records: Those that have a record.
        records_cut_short: Those that begin a record and do not end it.
        files_not_listed: Files that were in a list before, but not in the last one.
    """

    schema: int = LOG_SCHEMA
    conclusion: Conclusion
    reasons: list[Reason]
    total: FileGrowth
    files: list[FileGrowth]
    cost: TraceCost
    snapshots: int
    seconds: float
    processes: int
    processes_left_out: int
    lines: int
    records: int
    records_cut_short: int
    files_not_listed: int


def log_report(log: TraceLog, name: str) -> LogReport:
    """Judge what was read.

    Args:
        log: What was read.
        name: What the log is called in a message.

    Raises:
        BadInput: There is nothing to judge.
    """
    traces = [trace for trace in log.traces.values() if trace.cost.snapshots]
    if not traces:
        raise BadInput(_nothing_to_judge(log, name))
    longest = max(traces, key=lambda trace: (trace.snapshots, trace.started))
    return _report(log, traces, longest)


def _report(log: TraceLog, traces: Sequence[ProcessTrace], longest: ProcessTrace) -> LogReport:
    total = _judged("", longest, longest.total)
    files = _ranked(_worst_of_each(traces))
    listed = {file for trace in traces for file in trace.files}
    return LogReport(
        conclusion=_conclusion(total, files),
        reasons=_reasons(total, files),
        total=total,
        files=files,
        cost=_cost(traces),
        snapshots=longest.snapshots,
        seconds=longest.seconds,
        processes=len(traces),
        processes_left_out=log.traces_left_out,
        lines=log.lines,
        records=log.records,
        records_cut_short=log.cut_short,
        files_not_listed=len(listed - {growth.file for growth in files}),
    )


def _nothing_to_judge(log: TraceLog, name: str) -> str:
    if not log.lines:
        return f"{name} is empty; let the service log for at least ten snapshots of trace_leak"
    if log.records or log.cut_short:
        return f"{name} has only parts of records; give the whole log, or more of it"
    lines = "its only line" if log.lines == 1 else f"its {log.lines:,} lines"
    return (
        f"{name} has no records of trace_leak in {lines}; log them as JSON, as logfmt or with "
        "their message ('leaklab logs --help' shows how)"
    )


def _worst_of_each(traces: Iterable[ProcessTrace]) -> Iterable[FileGrowth]:
    """Return each file in the process where it leaks, or else in the one with most snapshots."""
    worst: dict[str, tuple[bool, int, FileGrowth]] = {}
    for trace in traces:
        for file, series in trace.listed().items():
            growth = _judged(file, trace, series)
            rank = (growth.conclusion is Conclusion.LEAK, trace.snapshots, growth)
            if file not in worst or rank[:2] > worst[file][:2]:
                worst[file] = rank
    return [growth for *_, growth in worst.values()]


def _judged(file: str, trace: ProcessTrace, series: SizeSeries) -> FileGrowth:
    rows = series.rows()
    judged = judge_signal(SIGNAL, rows, UNLIMITED, DEFAULT_RULE)
    reason = judged.estimate.reason
    text = reason_text(reason, Per.SECOND, names_signal=False)
    traceback = _late_traceback(trace, file)
    return FileGrowth(
        file=file,
        pid=trace.pid,
        started=trace.started,
        size_bytes=series.last_size,
        count=series.last_count if file else None,
        share=series.last_size / max(trace.total.last_size, series.last_size, 1),
        estimate=msgspec.structs.replace(
            judged.estimate, reason=msgspec.structs.replace(reason, text=text)
        ),
        start_up_seconds=judged.start_up_seconds,
        seconds=list(rows[0]),
        sizes_bytes=[int(size) for size in rows[1]],
        traceback=traceback.lines if traceback else [],
        traceback_bytes=traceback.difference if traceback else 0,
    )


def _late_traceback(trace: ProcessTrace, file: str) -> TracebackRecord | None:
    """Return the place of a file that grew most of late; None if none was logged of late."""
    record = trace.tracebacks.get(file)
    # An older record may be of what the service loaded at its start.
    return record if record and 2 * record.snapshot >= trace.snapshots else None


def _ranked(files: Iterable[FileGrowth]) -> list[FileGrowth]:
    """Return the files in the order in which they deserve to be looked at."""

    def rank(growth: FileGrowth) -> tuple[int, float]:
        """Order leaks first, and within a conclusion the fastest or the largest first."""
        is_clean = growth.conclusion is Conclusion.CLEAN
        amount = growth.size_bytes if is_clean else growth.estimate.per_unit
        return -SEVERITY[growth.conclusion], -amount

    return sorted(files, key=rank)


def _conclusion(total: FileGrowth, files: Iterable[FileGrowth]) -> Conclusion:
    """Return the verdict on a log.

    What the total does not grow by, no file that is in no list grows by either.
    """
    leaks = any(growth.conclusion is Conclusion.LEAK for growth in files)
    return Conclusion.LEAK if leaks else total.conclusion


def _reasons(total: FileGrowth, files: Iterable[FileGrowth]) -> list[Reason]:
    leaking = [growth for growth in files if growth.conclusion is Conclusion.LEAK]
    names: Mapping[str, FileGrowth] = {growth.file: growth for growth in leaking}
    if not names:
        return [_named(total, "all files together")]
    return [_named(growth, file) for file, growth in names.items()]


def _named(growth: FileGrowth, name: str) -> Reason:
    reason = growth.estimate.reason
    kind = ReasonKind(reason.kind)
    return msgspec.structs.replace(reason, kind=kind, name=name, text=f"{name}: {reason.text}")


def _cost(traces: Iterable[ProcessTrace]) -> TraceCost:
    costs = [trace.cost for trace in traces]
    snapshots = sum(cost.snapshots for cost in costs)
    return TraceCost(
        frames=max(cost.frames for cost in costs),
        max_snapshot_seconds=max(cost.max_snapshot_seconds for cost in costs),
        mean_cpu_seconds=sum(cost.cpu_seconds for cost in costs) / snapshots,
        max_tracemalloc_bytes=max(cost.max_tracemalloc_bytes for cost in costs),
    )
