"""A table of text, and its two plain forms: aligned lines and Markdown.

`terminal` prints it with rich.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from leaklab.model.errors import printable_lines
from leaklab.reports.wrapping import DEFAULT_WIDTH, wrapped_notes

COLUMN_GAP = 2
MIN_HEADER_WIDTH = 9


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes:
        columns: The headers.
        rows: One cell for each column.
        right: The columns that are aligned to the right because they contain numbers.
        alarms: The indices of the rows that need attention.
        notes: The text below the table. A line within a note that is indented by two spaces is an
            item of a list.
        shortened: Columns with headers that may be shortened where the table would not fit.
        unbroken: Columns of text that are never split into several lines.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: frozenset[str] = frozenset()
    alarms: frozenset[int] = frozenset()
    notes: list[str] = field(default_factory=list)
    shortened: frozenset[str] = frozenset()
    unbroken: frozenset[str] = frozenset()


def printable_table(table: Table) -> Table:
    """Return a table with `?` in place of each control character."""
    columns = tuple(map(printable_lines, table.columns))
    rows = [tuple(map(printable_lines, row)) for row in table.rows]
    notes = [printable_lines(note) for note in table.notes]
    return replace(table, columns=columns, rows=rows, notes=notes)


def plain(table: Table, width: int = DEFAULT_WIDTH) -> str:
    """Format a table as aligned lines, with its notes below, wrapped to `width`."""
    table = with_short_headers(table, width)
    widths = _widths(table)

    def cell(line: tuple[str, ...], i: int) -> str:
        """Return a cell of a line, filled with spaces to the width of its column."""
        is_number = table.columns[i] in table.right
        return line[i].rjust(widths[i]) if is_number else line[i].ljust(widths[i])

    gap = " " * COLUMN_GAP
    lines = [table.columns, *table.rows]
    text = [gap.join(cell(line, i) for i in range(len(widths))).rstrip() for line in lines]
    return "\n".join([*text, *wrapped_notes(table.notes, width)]) + "\n"


def markdown(table: Table) -> str:
    """Format a table as Markdown, with nothing shortened and each note as a paragraph."""
    rule = ["---:" if c in table.right else "---" for c in table.columns]
    lines = [table.columns, tuple(rule), *table.rows]
    text = ["| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines]
    notes = [note.replace("\n  ", "\n* ") for note in table.notes]
    return "\n".join([*text, *(f"\n{note}" for note in notes)]) + "\n"


def with_short_headers(table: Table, width: int) -> Table:
    """Shorten the headers that may be shortened, as little as a table of this width needs.

    The table may still be wider than `width`. Headers that would become equal stay different.
    """
    if not table.shortened:
        return table
    longest = max(map(len, table.shortened))
    for limit in range(longest, MIN_HEADER_WIDTH - 1, -1):
        shorter = _with_headers(table, limit)
        if sum(_widths(shorter)) + COLUMN_GAP * (len(shorter.columns) - 1) <= width:
            return shorter
    return _with_headers(table, MIN_HEADER_WIDTH)


def shorten_middle(text: str, max_length: int) -> str:
    """Shorten text to at most `max_length` characters; its beginning and its end stay."""
    if len(text) <= max_length:
        return text
    kept = max_length - 1
    return f"{text[: kept // 2]}…{text[len(text) - (kept - kept // 2) :]}"


def _with_headers(table: Table, max_length: int) -> Table:
    columns: list[str] = []
    right = set(table.right - table.shortened)
    for column in table.columns:
        short = shorten_middle(column, max_length) if column in table.shortened else column
        # `right` names columns by their headers, so a shortened one must not equal another.
        if column in table.shortened and short in columns:
            short = f"{shorten_middle(column, max_length - 2)}#2"
        columns.append(short)
        if column in table.right:
            right.add(short)
    return replace(table, columns=tuple(columns), right=frozenset(right), shortened=frozenset())


def _widths(table: Table) -> list[int]:
    lines = [table.columns, *table.rows]
    return [max(len(line[i]) for line in lines) for i in range(len(table.columns))]
