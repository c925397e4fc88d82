"""Tables on a terminal, with rich."""

from typing import IO

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from leaklab.reports import Table


def write(table: Table, out: IO[str]) -> None:
    """Write a table to a terminal, with the rows to notice in red."""
    console = Console(file=out, highlight=False)
    drawn = RichTable(box=None, pad_edge=False, header_style="bold")
    for column in table.columns:
        drawn.add_column(column, justify="right" if column in table.right else "left")
    for number, row in enumerate(table.rows):
        style = "red" if number in table.alarms else None
        drawn.add_row(*(escape(cell) for cell in row), style=style)
    console.print(drawn)
    for note in table.notes:
        console.print(escape(note), style="dim", soft_wrap=True)
