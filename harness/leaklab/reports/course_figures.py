"""The figures of the course: how a program grows, and how a fix compares with the reference."""

from collections.abc import Iterator, Mapping, Sequence

from leaklab.features.course.exercises import Exercise
from leaklab.features.course.fix_report import FixReport, ModeReport
from leaklab.features.course.observing import Glance, ProcessRow
from leaklab.model.measurement import Life
from leaklab.model.result import Result
from leaklab.model.signals import Samples, Signal
from leaklab.model.text import counted
from leaklab.model.units import format_bytes
from leaklab.reports.course import NOTED
from leaklab.reports.runs import growth_text
from leaklab.reports.table import Table
from leaklab.verdict.run import process_label

# The columns of a table of growth, in the words of top, lsof and /proc.
GROWTH_COLUMNS = {
    "RSS": Signal.RSS,
    "files": Signal.DESCRIPTORS,
    "sockets": Signal.SOCKETS,
    "threads": Signal.THREADS,
    "children": Signal.PROCESSES,
    "shm": Signal.TMPFS,
}
MAX_ROWS = 10
PROCESSES = "replaced processes"
BAR_WIDTH = 40


def growth_tables(result: Result) -> Iterator[Table]:
    """Return a table for each process, or one for the whole tree where that is judged."""
    if result.scope == "tree" and result.tree:
        yield growth_table("all processes", result.unit, result.tree.samples)
        if result.tree.replaced:
            yield replaced_table(result.tree.replaced)
        return
    for process in result.processes:
        if process.samples.units:
            yield growth_table(process_label(process), result.unit, process.samples)


def growth_table(name: str, unit: str, samples: Samples) -> Table:
    """Return a row for each doubling of the work, with every resource."""
    columns = {title: samples.column(signal) for title, signal in GROWTH_COLUMNS.items()}
    columns = {title: column for title, column in columns.items() if any(column)}
    rows = [
        (f"{samples.units[row]:,}", *(_cell(t, column, row) for t, column in columns.items()))
        for row in doublings(samples.units)
    ]
    heading = f"units ({name})"
    notes = [f"a unit of work is: {unit}"]
    return Table((heading, *columns), rows, right=frozenset((heading, *columns)), notes=notes)


def replaced_table(lives: Sequence[Life]) -> Table:
    """Return a row for each process that ended during the run: its memory at its start and end."""
    rows = []
    for life in lives[-MAX_ROWS:]:
        (done, memory) = life.rows
        first, last = int(memory[0]), int(memory[-1])
        rows.append(
            (f"{done[0]:,.0f}", f"{done[-1]:,.0f}", format_bytes(first), format_bytes(last))
        )
    columns = ("from unit", "to unit", "memory at first", "at last")
    notes = [f"the last {len(rows)} of {counted(len(lives), 'replaced process', PROCESSES)}"]
    return Table(columns, rows, right=frozenset(columns), notes=notes)


def doublings(units: Sequence[int]) -> list[int]:
    """Return the rows at which the work has doubled, the last ones, in order."""
    rows: list[int] = []
    for row in range(len(units) - 1, -1, -1):
        if not rows or units[row] * 2 <= units[rows[-1]]:
            rows.append(row)
    return rows[:MAX_ROWS][::-1]


def _cell(title: str, column: Sequence[int | None], row: int) -> str:
    value = next((column[i] for i in range(row, -1, -1) if column[i] is not None), None)
    if value is None:
        return "-"
    return format_bytes(value) if GROWTH_COLUMNS[title].in_bytes else f"{value:,}"


def simplify_table(results: Sequence[Result]) -> Table:
    """Return a row for each run, with the growth per unit of what the scenario is about."""
    rows = [
        (str(r.mode), f"{r.workers}", f"{r.units_done:,}", growth_text(r.verdict)) for r in results
    ]
    columns = ("mode", "processes", "units", "growth/unit")
    notes = [
        f"a unit of work is: {results[0].unit}",
        "the growth is that of the resource that grows most, by the lab's estimate",
        "profile the smallest run that still shows it, with --units",
    ]
    return Table(columns, rows, right=frozenset(columns[1:]), notes=notes)


def fix_text(report: FixReport, exercise: Exercise, *, passes: bool) -> str:
    """Return what a check found, with a bar for before, yours and the reference."""
    lines: list[str] = []
    programs = [p for mode in report.modes for p in _programs(mode).values()]
    largest = max(map(_growth, programs), default=0.0)
    for mode in report.modes:
        lines += _mode_lines(mode, largest)
    lines += [f"  {problem}" for problem in report.all_problems]
    if passes:
        lines.append(f"Passed: {exercise.title}.")
    elif report.passes and not exercise.is_graded:
        lines.append(f"It does its job and does not leak. {NOTED}")
    elif report.passes and not exercise.leaks:
        lines.append("It does not leak. Was there anything to fix? Answer first, and 'reset' it.")
    elif report.passes:
        lines.append("Good so far: 'leaklab learn check' judges it in every mode.")
    else:
        lines.append("Not yet.")
    return "\n".join(lines) + "\n"


def _programs(report: ModeReport) -> dict[str, Result]:
    """Return the results of a mode by the names of the programs."""
    programs = {"before": report.before, "yours": report.own}
    if report.reference is not report.own:
        programs["reference"] = report.reference
    return {name: result for name, result in programs.items() if result}


def _mode_lines(report: ModeReport, largest: float) -> list[str]:
    """Return a bar for each program that was measured in a mode; the largest growth is full."""
    return [
        f"{report.mode:<12} {name:<9} {_bar(result, largest):<{BAR_WIDTH}} {_growth_words(result)}"
        for name, result in _programs(report).items()
    ]


def _bar(result: Result, largest: float) -> str:
    return "#" * round(BAR_WIDTH * _growth(result) / largest) if largest else ""


def _growth(result: Result) -> float:
    """Return the growth per unit; 0 where a clean run only varies."""
    return 0.0 if growth_text(result.verdict) == "0" else max(result.verdict.per_unit or 0.0, 0.0)


def _growth_words(result: Result) -> str:
    text = growth_text(result.verdict)
    return "keeps nothing" if text == "0" else f"{text} per {result.unit}"


def top_table(first: Mapping[int, ProcessRow], last: Glance) -> Table:
    """Return a row for each process as top shows it, and a row below it with what it gained.

    Args:
        first: The first row of each process, by its pid.
        last: The processes now.
    """
    rows = []
    for row in last.rows:
        rows.append(_top_row(row))
        gained = _gained_row(first[row.pid], row)
        if any(gained):
            rows.append(gained)
    columns = ("PID", "VIRT", "RES", "SHR", "%MEM", "files", "sockets", "threads", "COMMAND")
    note = f"after {last.seconds:.0f} s; +: what a process gained since the first look"
    return Table(columns, rows, right=frozenset(columns[:-1]), notes=[note])


def _top_row(row: ProcessRow) -> tuple[str, ...]:
    return (
        f"{row.pid}",
        format_bytes(row.virt_bytes),
        format_bytes(row.res_bytes),
        format_bytes(row.shr_bytes),
        f"{row.memory_share:.1%}",
        f"{row.files:,}",
        f"{row.sockets:,}",
        f"{row.threads:,}",
        row.name,
    )


def _gained_row(first: ProcessRow, row: ProcessRow) -> tuple[str, ...]:
    """Return what a process gained, below each column; empty where it gained nothing."""
    memory = row.res_bytes - first.res_bytes
    counts = (
        row.files - first.files,
        row.sockets - first.sockets,
        row.threads - first.threads,
    )
    res = f"+{format_bytes(memory)}" if memory > 0 else ""
    return ("", "", res, "", "", *(f"+{n:,}" if n > 0 else "" for n in counts), "")
