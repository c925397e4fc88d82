"""The report of a log: a table of the modules with a chart of each, and the verdict."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from leaklab.features.logs.report import FileGrowth, LogReport
from leaklab.features.watch.forecast import SECONDS, Span, growth_rate
from leaklab.model.scenario import Resource
from leaklab.model.units import format_bytes, format_duration, format_growth
from leaklab.model.verdicts import Conclusion
from leaklab.reports.table import Table, shorten_middle
from leaklab.reports.watch import BARS

KIB = 1024
CHART_WIDTH = 12
MAX_NAME = 24
MAX_CALLERS = 3
MAX_NAMED_REASONS = 3
# A module with less of the traced memory is not what a reader suspects first.
MIN_BIG_SHARE = 0.1
# What a path has before the name that a reader knows: that of an installed package, or Python's.
LIBRARY = re.compile(r".*/(?:site-packages|dist-packages|python3\.\d+t?)/(.+)")
ALL_FILES = "all together"


def log_table(report: LogReport, rows: int) -> Table:
    """Build a row for each module and one for all of them; the notes are the verdict.

    Args:
        report: What a log shows.
        rows: How many modules are shown.
    """
    shown = report.files[:rows]
    names = short_names(growth.file for growth in report.files)
    span = shared_span([*shown, report.total])
    per = f"growth/{span}"
    lines = [_row(g, names[g.file], report.seconds, span) for g in shown]
    return Table(
        columns=("module", "size", "share", per, "over time", "verdict"),
        rows=[*lines, _row(report.total, ALL_FILES, report.seconds, span)],
        right=frozenset({"size", "share", per}),
        alarms=frozenset(i for i, g in enumerate(shown) if g.conclusion is Conclusion.LEAK),
        notes=[*_verdict(report, names), *_about(report, names, len(report.files) - len(shown))],
    )


def short_names(files: Iterable[str]) -> dict[str, str]:
    """Return the name of each file: its path in its package, or its folder and its name.

    Files that would have the same name keep their paths.
    """
    short = {file: _short(file) for file in files}
    times = Counter(short.values())
    return {file: name if times[name] == 1 else file for file, name in short.items()}


def _short(file: str) -> str:
    library = LIBRARY.fullmatch(file)
    return library[1] if library else "/".join(file.split("/")[-2:])


def shared_span(growths: Sequence[FileGrowth]) -> Span:
    """Return the time for which the fastest growth of all can be read best."""
    fastest = max((abs(growth.estimate.per_unit) for growth in growths), default=0.0)
    return growth_rate(fastest, KIB).span


def growth_in(growth: FileGrowth, span: Span) -> str:
    """Format the growth of a module in a time; `0` where its interval includes it."""
    estimate = growth.estimate
    per_second = 0.0 if estimate.low <= 0 <= estimate.high else estimate.per_unit
    return format_growth(per_second * SECONDS[span], Resource.MEMORY)


def chart(growth: FileGrowth, seconds: float) -> str:
    """Draw the sizes of a module over a time, from zero to its largest; a blank is unknown."""
    largest = max(growth.sizes_bytes, default=0)
    columns: dict[int, int] = {}
    for at, size in zip(growth.seconds, growth.sizes_bytes, strict=True):
        column = min(int(at / seconds * CHART_WIDTH), CHART_WIDTH - 1) if seconds > 0 else 0
        columns[column] = max(size, columns.get(column, 0))
    heights = {at: size / largest if largest else 0.0 for at, size in columns.items()}
    bars = {at: BARS[round(height * (len(BARS) - 1))] for at, height in heights.items()}
    return "".join(bars.get(column, " ") for column in range(CHART_WIDTH))


def _row(growth: FileGrowth, name: str, seconds: float, span: Span) -> tuple[str, ...]:
    return (
        shorten_middle(name, MAX_NAME),
        format_bytes(growth.size_bytes),
        f"{growth.share:.0%}",
        growth_in(growth, span),
        chart(growth, seconds),
        str(growth.conclusion),
    )


def _verdict(report: LogReport, names: Mapping[str, str]) -> list[str]:
    """Return the verdict with its reasons, and what is large and innocent."""
    leaking = [growth for growth in report.files if growth.conclusion is Conclusion.LEAK]
    reasons = [_leak(growth, names) for growth in leaking[:MAX_NAMED_REASONS]]
    if not leaking:
        rising = [g for g in report.files if g.conclusion is Conclusion.UNDECIDED]
        reasons = [
            f"{names.get(growth.file, ALL_FILES)}: {growth.estimate.reason.text}"
            for growth in [report.total, *rising[:MAX_NAMED_REASONS]]
        ]
    big = [
        f"{names[growth.file]} ({format_bytes(growth.size_bytes)}, {growth.share:.0%})"
        for growth in report.files
        if growth.conclusion is Conclusion.CLEAN and growth.share >= MIN_BIG_SHARE
    ]
    hidden = report.conclusion is Conclusion.LEAK and not leaking
    return [
        "\n  ".join([f"{report.conclusion}:", *reasons]),
        f"big but constant: {', '.join(big)}" if big else "",
        "the lists of the log do not have what grows: raise `top` of trace_leak" if hidden else "",
    ]


def _leak(growth: FileGrowth, names: Mapping[str, str]) -> str:
    estimate = growth.estimate
    span = growth_rate(estimate.per_unit, KIB)
    low, high = (
        format_growth(end * SECONDS[span.span], Resource.MEMORY)
        for end in (estimate.low, estimate.high)
    )
    rate = format_growth(span.amount, Resource.MEMORY)
    text = f"{names[growth.file]}: {estimate.reason.text}"
    text = f"{text}: {rate} {span.per} (95 % interval: {low} to {high})"
    return f"{text}; {_place(growth)}" if growth.traceback else text


def _place(growth: FileGrowth) -> str:
    """Say which line allocates most of what was added, and who calls it."""
    line, *callers = [_short(line) for line in reversed(growth.traceback)]
    # A caller in another file says more than the lines above it in the same one.
    called = f", called from {', '.join(callers[:MAX_CALLERS])}" if callers else ""
    amount = format_bytes(growth.traceback_bytes)
    return f"of late {amount} more at {line}{called}"


def _about(report: LogReport, names: Mapping[str, str], hidden: int) -> list[str]:
    """Return what was read, what was left out, and what tracing cost."""
    cost = report.cost
    cut, lost = report.records_cut_short, report.processes_left_out
    of = f", the longest of {report.processes:,} traces" if report.processes > 1 else ""
    lasted = f"{cost.max_snapshot_seconds:.2g}"
    frames = f"{cost.frames} frame{'s' * (cost.frames != 1)}"
    memory = format_bytes(cost.max_tracemalloc_bytes)
    lines = [
        f"{report.snapshots:,} snapshots in {format_duration(report.seconds)}{of}",
        "each process is judged by itself; a module is shown in the one where it leaks, or else "
        "in the one with most snapshots"
        if of
        else "",
        f"modules not shown: {hidden:,} (--rows {len(names)} shows all)" if hidden > 0 else "",
        f"modules in no list of the last snapshot, so not judged: {report.files_not_listed:,}"
        if report.files_not_listed
        else "",
        f"traces left out, with fewer snapshots: {lost:,}" if lost else "",
        f"records left out, cut short: {cut:,}" if cut else "",
        f"cost of a snapshot: {cost.mean_cpu_seconds:.2g} s of CPU time, done within {lasted} s",
        f"cost of tracing with {frames}: {memory} of memory, and slower allocations",
    ]
    return [line for line in lines if line]
