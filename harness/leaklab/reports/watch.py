"""The final report of a watch: a table of its processes, with top's headers, and the verdict."""

from collections.abc import Sequence

from leaklab.features.watch.container import ContainerGrowth
from leaklab.features.watch.forecast import SECONDS, Forecast, Span, growth_rate
from leaklab.features.watch.report import WatchedProcess, WatchReport
from leaklab.model.scenario import Resource
from leaklab.model.text import counted, cut_to, without_folder
from leaklab.model.units import MIB, format_bytes, format_duration, format_growth
from leaklab.model.verdicts import Conclusion, Verdict
from leaklab.reports.reasons import with_reasons
from leaklab.reports.table import COLUMN_GAP, Table
from leaklab.reports.wrapping import DEFAULT_WIDTH
from leaklab.verdict.generations import MIN_GENERATIONS, Generations

PLAIN_COLUMNS = ("PID", "RES", "SHR", "VIRT", "%MEM", "PSS", "growth/s", "COMMAND")
NUMBERS = frozenset(PLAIN_COLUMNS[:-1])
# A narrow terminal shows fewer columns; these are left out in this order.
OPTIONAL_COLUMNS = ("VIRT", "SHR", "%MEM", "RES")
MIN_COMMAND_WIDTH = 8
MAX_COMMAND_NAME = 32
BARS = "▁▂▃▄▅▆▇█"

SEGMENTS = "the shared memory may include segments of other programs in /dev/shm"
ALLOCATOR = (
    "from outside, a cache that is still filling and an allocator that returns no memory look the "
    "same as a leak"
)
JOB = "from outside, a job that allocates memory until it ends looks the same as a leaking worker"


def table(report: WatchReport, width: int = DEFAULT_WIDTH) -> Table:
    """Build a row for each process and one for their sum; the notes are the verdict.

    Args:
        report: The report.
        width: The width of the table, in columns; a narrow one leaves out some of the numbers.
    """
    rows = [*map(_process_row, report.processes), _tree_row(report)]
    columns, rows = narrowed(PLAIN_COLUMNS, rows, OPTIONAL_COLUMNS, width)
    return Table(tuple(columns), rows, NUMBERS & set(columns), notes=notes(report))


def fitted(
    columns: Sequence[str], rows: Sequence[tuple[str, ...]], width: int
) -> list[tuple[str, ...]]:
    """Shorten the last cell of each row, so that the table is at most `width` columns wide.

    A last cell is not shortened to less than `MIN_COMMAND_WIDTH`; then the table is wider.
    """
    others = list(zip(columns, *rows, strict=True))[:-1]
    width_of_others = sum(max(map(len, column)) + COLUMN_GAP for column in others)
    room = max(MIN_COMMAND_WIDTH, width - width_of_others)
    return [(*row[:-1], cut_to(row[-1], room)) for row in rows]


def narrowed(
    columns: Sequence[str], rows: Sequence[tuple[str, ...]], optional: Sequence[str], width: int
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Fit a table to a width: leave out optional columns as needed, then shorten as `fitted` does.

    Args:
        columns: The headers.
        rows: One cell for each column.
        optional: The columns that may be left out, in this order.
        width: The width of the whole table.

    Returns:
        The remaining headers and rows.
    """
    kept = list(columns)
    for name in ("", *optional):
        kept = [column for column in kept if column != name]
        indices = [columns.index(column) for column in kept]
        shortened = fitted(kept, [tuple(row[i] for i in indices) for row in rows], width)
        widths = (max(map(len, column)) for column in zip(kept, *shortened, strict=True))
        if sum(widths) + COLUMN_GAP * (len(kept) - 1) <= width:
            break
    return kept, shortened


def notes(report: WatchReport) -> list[str]:
    """Return the notes below the table: the verdict, the growth, the forecast and caveats."""
    verdict = report.verdict
    others = [r for r, one in verdict.others.items() if one is Conclusion.LEAK]
    leaking = [*others, *([verdict.resource] if verdict.is_leak else [])]
    left_out, unreadable = report.processes_left_out, report.processes_unreadable
    lines = [
        with_reasons(verdict.conclusion, verdict.reasons),
        f"growth: {growth(verdict)}",
        forecast_text(report.forecast, verdict_on_memory(verdict)) if report.forecast else "",
        f"also leaking: {', '.join(others)}" if others else "",
        *filter(None, map(generations, report.generations)),
        container(report.container) if report.container else "",
        SEGMENTS if Resource.SHARED_MEMORY in leaking else "",
        ALLOCATOR if Resource.MEMORY in leaking else "",
        f"not shown: {counted(left_out, 'smaller process', 'smaller processes')}"
        if left_out
        else "",
        f"only root can read {unreadable:,} of the processes" if unreadable else "",
        f"{report.command}: {report.end_detail}" if report.end_detail else "",
    ]
    return [line for line in lines if line]


def growth(verdict: Verdict) -> str:
    """Format the growth with its 95 % interval, per second, hour or day as its speed requires."""
    resource = verdict.resource
    if verdict.per_unit is None or verdict.low is None or verdict.high is None:
        return "not known yet"
    amounts = (verdict.per_unit, verdict.low, verdict.high)
    # The interval has a rate of its own where the estimate is 0.
    speed = growth_rate(max(amounts, key=abs), MIB if resource is Resource.MEMORY else 1)
    rates = [format_growth(a * SECONDS[speed.span], resource) for a in amounts]
    if set(rates) == {"0"}:
        return "none"
    pieces = "" if resource is Resource.MEMORY else f" {resource}"
    text = f"{rates[0]}{pieces} {speed.per} (95 % interval: {rates[1]} to {rates[2]})"
    if speed.span is Span.SECOND:
        return text
    return f"{text}, which is {format_growth(verdict.per_unit, resource)}{pieces} a second"


def generations(group: Generations) -> str:
    """Return a note on processes that started and ended during the watch; it may be empty."""
    name = cut_to(without_folder(group.command), MAX_COMMAND_NAME)
    if group.conclusion is Conclusion.LEAK:
        return JOB
    if group.may_hide_leak:
        return ""  # the verdict says so
    if group.forked and group.count >= MIN_GENERATIONS and group.per_second is None:
        return f"processes of {name} ended too soon to be judged; lower --interval"
    if not group.grows or group.per_second is None:
        return ""
    speed = format_growth(group.per_second, Resource.MEMORY)
    manner = "not steadily" if group.forked else "like a job that allocates what it needs"
    return (
        f"{group.count:,} processes of {name} grew until they ended, by {speed} a second, {manner}"
    )


def container(group: ContainerGrowth) -> str:
    """Format the memory of the whole control group, with its growth."""
    now, grew = group.now, group.grew
    parts = [
        f"anonymous {amount(now.anon_bytes, grew.anon_bytes)}",
        f"page cache {amount(now.file_bytes, grew.file_bytes)}",
        f"shared memory and tmpfs {amount(now.shmem_bytes, grew.shmem_bytes)}",
    ]
    if group.dev_shm_bytes is not None:
        dev_shm = amount(group.dev_shm_bytes, group.dev_shm_grew_bytes or 0)
        parts.append(f"files in /dev/shm {dev_shm}")
    heading = "all processes in the container (its cgroup), with growth over the watch"
    return f"{heading}: {', '.join(parts)}"


def amount(now_bytes: int, grew_bytes: int) -> str:
    """Format an amount of memory, and by how much it grew."""
    sign = "+" if grew_bytes > 0 else ""
    return f"{format_bytes(now_bytes)} ({sign}{format_bytes(grew_bytes)})"


def verdict_on_memory(verdict: Verdict) -> Conclusion:
    """Return the conclusion on memory, also of a watch of another resource."""
    is_memory = verdict.resource is Resource.MEMORY
    return verdict.conclusion if is_memory else verdict.others[Resource.MEMORY]


def forecast_text(outlook: Forecast, conclusion: Conclusion) -> str:
    """Say when memory reaches its limit, if it grows as the conclusion on memory says."""
    text = _when_full(outlook)
    is_conditional = conclusion is Conclusion.UNDECIDED and outlook.seconds_to_limit is not None
    return f"if it is a leak, {text}" if is_conditional else text


def _when_full(forecast: Forecast) -> str:
    """Say when memory reaches its limit."""
    limit = f"the limit of {format_bytes(forecast.limit_bytes)} ({forecast.limit_of})"
    if forecast.held_bytes >= forecast.limit_bytes:
        return f"memory is already above {limit}"
    if forecast.seconds_to_limit is None:
        if forecast.soonest_seconds is None:
            return f"memory never reaches {limit} at this rate"
        soonest = format_duration(forecast.soonest_seconds)
        return f"memory does not reach {limit} within {soonest}, even at the highest likely rate"
    when = format_duration(forecast.seconds_to_limit)
    if forecast.soonest_seconds is None:
        return f"memory reaches {limit} in {when} at this rate"
    latest_seconds = forecast.latest_seconds
    latest = "never" if latest_seconds is None else format_duration(latest_seconds)
    soonest = format_duration(forecast.soonest_seconds)
    return f"memory reaches {limit} in {when} at this rate (95 % interval: {soonest} to {latest})"


def cells(process: WatchedProcess) -> tuple[str, ...]:
    """Format the first five columns of a process, as top does."""
    return (
        str(process.pid),
        format_bytes(process.rss_bytes),
        format_bytes(process.shared_bytes),
        format_bytes(process.vms_bytes),
        f"{process.memory_percent:.1f}",
    )


def rate(process: WatchedProcess) -> str:
    """Format the growth per second of a process; empty where it is not known yet."""
    if process.growth_per_second is None:
        return ""
    return format_growth(process.growth_per_second, Resource.MEMORY)


def sparkline(values: Sequence[float]) -> str:
    """Draw a bar for each value, scaled from the smallest to the largest; equal values are low."""
    low = min(values, default=0)
    span = max(values, default=0) - low
    steps = [(v - low) / span * (len(BARS) - 1) if span else 0 for v in values]
    return "".join(BARS[round(step)] for step in steps)


def _process_row(process: WatchedProcess) -> tuple[str, ...]:
    pss = "" if process.pss_bytes is None else format_bytes(process.pss_bytes)
    return (*cells(process), pss, rate(process), without_folder(process.command))


def _tree_row(report: WatchReport) -> tuple[str, ...]:
    """The sums. Only PSS can be added up, because it counts each shared page once."""
    pss = format_bytes(report.tree.pss_bytes or 0)
    forecast = report.forecast
    growth_bytes = forecast.growth_bytes / SECONDS[forecast.span] if forecast else 0.0
    per_second = format_growth(growth_bytes, Resource.MEMORY) if forecast else ""
    count = f"processes: {report.tree.processes or 0:,}"
    return ("tree", "", "", "", "", pss, per_second, count)
