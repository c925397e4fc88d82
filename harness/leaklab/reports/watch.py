"""A watch as tables: what it found, and in top's words what each process holds."""

from collections.abc import Sequence

from leaklab.features.watch.container import ContainerGrowth
from leaklab.features.watch.forecast import SECONDS, Forecast, growth_rate
from leaklab.features.watch.report import WatchedProcess, WatchReport
from leaklab.model.scenario import Resource
from leaklab.model.text import cut_to, without_folder
from leaklab.model.units import MIB, format_bytes, format_duration, format_growth
from leaklab.model.verdicts import Conclusion, Verdict
from leaklab.reports.reasons import with_reasons
from leaklab.reports.table import Table
from leaklab.reports.wrapping import DEFAULT_WIDTH
from leaklab.verdict.generations import MIN_GENERATIONS, Generations

PLAIN_COLUMNS = ("PID", "RES", "SHR", "VIRT", "%MEM", "PSS", "growth/s", "COMMAND")
NUMBERS = frozenset(PLAIN_COLUMNS[:-1])
SPACE = 2
MIN_COMMAND_WIDTH = 8
MAX_COMMAND_NAME = 32
BARS = "▁▂▃▄▅▆▇█"

SEGMENTS = "segments of other programs in /dev/shm may be among the shared memory"
ALLOCATOR = (
    "from outside a leak cannot be told from a cache that is still filling, nor from an allocator "
    "that gives nothing back"
)
JOB = "from outside a worker cannot be told from a job that takes what it needs until it is done"


def table(seen: WatchReport) -> Table:
    """What a watch found: the processes, their sum, and the verdict below."""
    rows = fitted(
        PLAIN_COLUMNS, [*map(_process_row, seen.processes), _tree_row(seen)], DEFAULT_WIDTH
    )
    return Table(PLAIN_COLUMNS, rows, NUMBERS, notes=notes(seen))


def fitted(
    columns: Sequence[str], rows: Sequence[tuple[str, ...]], width: int
) -> list[tuple[str, ...]]:
    """Rows whose last cells are cut so that a table of them is not wider, if it can be."""
    others = list(zip(columns, *rows, strict=True))[:-1]
    taken = sum(max(map(len, column)) + SPACE for column in others)
    room = max(MIN_COMMAND_WIDTH, width - taken)
    return [(*row[:-1], cut_to(row[-1], room)) for row in rows]


def narrowed(
    columns: Sequence[str], rows: Sequence[tuple[str, ...]], spare: Sequence[str], width: int
) -> tuple[list[str], list[tuple[str, ...]]]:
    """As `fitted`, without as many of the spare columns, first ones first, as there is no room for.

    Args:
        columns: the headers.
        rows: a cell for each of them.
        spare: the columns that may go.
        width: of the whole table.
    """
    kept = list(columns)
    for name in ("", *spare):
        kept = [column for column in kept if column != name]
        places = [columns.index(column) for column in kept]
        cut = fitted(kept, [tuple(row[i] for i in places) for row in rows], width)
        widths = (max(map(len, column)) for column in zip(kept, *cut, strict=True))
        if sum(widths) + SPACE * (len(kept) - 1) <= width:
            break
    return kept, cut


def notes(seen: WatchReport) -> list[str]:
    """What is said below the table."""
    verdict = seen.verdict
    others = [r for r, one in verdict.others.items() if one is Conclusion.LEAK]
    leaking = [*others, *([verdict.resource] if verdict.is_leak else [])]
    left_out, unreadable = seen.processes_left_out, seen.processes_unreadable
    lines = [
        with_reasons(verdict.conclusion, verdict.reasons),
        f"growth: {growth(verdict)}",
        projection(seen.projection) if seen.projection else "",
        f"also leaking: {', '.join(others)}" if others else "",
        *filter(None, map(generations, seen.generations)),
        container(seen.container) if seen.container else "",
        SEGMENTS if Resource.SHARED_MEMORY in leaking else "",
        ALLOCATOR if Resource.MEMORY in leaking else "",
        f"{left_out:,} smaller processes are not shown" if left_out else "",
        f"{unreadable:,} processes may only be read as root" if unreadable else "",
        f"{seen.command}: {seen.end_detail}" if seen.end_detail else "",
    ]
    return [line for line in lines if line]


def growth(verdict: Verdict) -> str:
    """The growth with its interval, over the span of its speed class."""
    resource = verdict.resource
    if verdict.per_unit is None or verdict.low is None or verdict.high is None:
        return "not known yet"
    amounts = (verdict.per_unit, verdict.low, verdict.high)
    # Where nothing grows, its interval still says something.
    speed = growth_rate(max(amounts, key=abs), MIB if resource is Resource.MEMORY else 1)
    words = [format_growth(a * SECONDS[speed.span], resource) for a in amounts]
    if set(words) == {"0"}:
        return "none"
    what = "" if resource is Resource.MEMORY else f" {resource}"
    return f"{words[0]}{what} {speed.per} (95 % interval: {words[1]} to {words[2]})"


def generations(found: Generations) -> str:
    """What the verdict does not say of processes that came and went; mostly nothing."""
    name = cut_to(without_folder(found.command), MAX_COMMAND_NAME)
    if found.conclusion is Conclusion.LEAK:
        return JOB
    if found.forked and found.count >= MIN_GENERATIONS and found.per_second is None:
        return f"processes of {name} lived too short to be judged: lower --interval"
    if not found.grows or found.per_second is None:
        return ""
    speed = format_growth(found.per_second, Resource.MEMORY)
    why = "not steadily" if found.forked else "as a job does that takes what it needs"
    many = f"{found.count:,} processes of {name}"
    return f"{many} grew to the end of their lives, by {speed} a second, but {why}"


def container(found: ContainerGrowth) -> str:
    """What the whole control group holds, with its growth."""
    now, grew = found.now, found.grew
    words = [
        f"anonymous {amount(now.anon_bytes, grew.anon_bytes)}",
        f"page cache {amount(now.file_bytes, grew.file_bytes)}",
        f"shared memory and tmpfs {amount(now.shmem_bytes, grew.shmem_bytes)}",
    ]
    if found.dev_shm_bytes is not None:
        dev_shm = amount(found.dev_shm_bytes, found.dev_shm_grew_bytes or 0)
        words.append(f"files in /dev/shm {dev_shm}")
    return f"the whole container (its cgroup), with growth over the watch: {', '.join(words)}"


def amount(held_bytes: int, grew_bytes: int) -> str:
    """What is held, and by how much it grew."""
    sign = "+" if grew_bytes > 0 else ""
    return f"{format_bytes(held_bytes)} ({sign}{format_bytes(grew_bytes)})"


def projection(found: Forecast) -> str:
    """When memory comes to its limit."""
    limit = f"the limit of {format_bytes(found.limit_bytes)} ({found.limit_of})"
    if found.held_bytes >= found.limit_bytes:
        return f"memory is beyond {limit} already"
    if found.seconds_to_limit is None:
        if found.soonest_seconds is None:
            return f"memory never reaches {limit} at this rate"
        soonest = format_duration(found.soonest_seconds)
        return f"memory does not reach {limit} within {soonest}, at the most that it may grow"
    when = format_duration(found.seconds_to_limit)
    if found.soonest_seconds is None:
        return f"memory reaches {limit} in {when} at this rate"
    late = found.latest_seconds
    latest = "never" if late is None else format_duration(late)
    soonest = format_duration(found.soonest_seconds)
    return f"memory reaches {limit} in {when} at this rate (95 % interval: {soonest} to {latest})"


def cells(process: WatchedProcess) -> tuple[str, ...]:
    """The first five columns of a process, in top's words."""
    return (
        str(process.pid),
        format_bytes(process.rss_bytes),
        format_bytes(process.shared_bytes),
        format_bytes(process.vms_bytes),
        f"{process.memory_percent:.1f}",
    )


def rate(process: WatchedProcess) -> str:
    """Its growth per second; empty where it is not known yet."""
    if process.growth_per_second is None:
        return ""
    return format_growth(process.growth_per_second, Resource.MEMORY)


def sparkline(values: Sequence[float]) -> str:
    """A bar for each value, from the smallest to the largest; all alike are low."""
    low = min(values, default=0)
    span = max(values, default=0) - low
    steps = [(v - low) / span * (len(BARS) - 1) if span else 0 for v in values]
    return "".join(BARS[round(step)] for step in steps)


def _process_row(process: WatchedProcess) -> tuple[str, ...]:
    pss = "" if process.pss_bytes is None else format_bytes(process.pss_bytes)
    return (*cells(process), pss, rate(process), without_folder(process.command))


def _tree_row(seen: WatchReport) -> tuple[str, ...]:
    """The sums. Only PSS counts a shared page once; so the others are left out."""
    pss = format_bytes(seen.tree.pss_bytes or 0)
    found = seen.projection
    amount = found.speed_bytes / SECONDS[found.speed_class] if found else 0.0
    per_second = format_growth(amount, Resource.MEMORY) if found else ""
    count = f"{seen.tree.processes or 0:,} in all"
    return ("tree", "", "", "", "", pss, per_second, count)
