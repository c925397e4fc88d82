"""A table, made once: as plain lines, or as Markdown; `terminal` writes it with rich."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """Cells as text. `right` names the columns that are numbers; `alarms` the rows to notice."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: frozenset[str] = frozenset()
    alarms: frozenset[int] = frozenset()
    notes: list[str] = field(default_factory=list)


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
