"""Reports: saved results as tables. A report reads results, and nothing else.

A table is made once (`runs.py`, `listing.py`, `itself.py`) and written twice: by rich on a terminal
(`terminal.py`), as plain lines elsewhere. `write` chooses.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO


@dataclass(frozen=True)
class Table:
    """Cells as text. `right` names the columns that are numbers; `alarms` the rows to notice."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: frozenset[str] = frozenset()
    alarms: frozenset[int] = frozenset()
    notes: list[str] = field(default_factory=list)


def write(table: Table, out: IO[str]) -> None:
    """Write a table to a stream, in colour only on a terminal (rich heeds NO_COLOR)."""
    if out.isatty():
        from leaklab.reports import terminal  # noqa: PLC0415  (rich: 40 ms)

        terminal.write(table, out)
    else:
        out.write(plain(table))


def plain(table: Table) -> str:
    """The table as aligned plain lines, the notes below it."""
    lines = [table.columns, *table.rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.columns))]

    def cell(line: tuple[str, ...], i: int) -> str:
        is_number = table.columns[i] in table.right
        return line[i].rjust(widths[i]) if is_number else line[i].ljust(widths[i])

    text = ["  ".join(cell(line, i) for i in range(len(widths))).rstrip() for line in lines]
    return "\n".join([*text, *table.notes]) + "\n"


def markdown(table: Table) -> str:
    """The table as Markdown, for documents that a command writes."""
    rule = ["---:" if c in table.right else "---" for c in table.columns]
    lines = [table.columns, tuple(rule), *table.rows]
    text = ["| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines]
    return "\n".join([*text, *(f"\n{note}" for note in table.notes)]) + "\n"
