"""Print a table: with rich on a terminal, as plain lines elsewhere."""

import shutil
from typing import IO

from leaklab.reports.table import Table, plain, printable_table, with_short_headers
from leaklab.reports.wrapping import DEFAULT_WIDTH, wrapped_notes


def terminal_width(out: IO[str]) -> int:
    """Return the width of the terminal behind a stream, or `DEFAULT_WIDTH` without one."""
    return shutil.get_terminal_size().columns if out.isatty() else DEFAULT_WIDTH


def print_table(table: Table, out: IO[str]) -> None:
    """Write a table to a stream, in colour only on a terminal (rich respects NO_COLOR).

    Control characters, which a catalogue or a program may contain, never reach the stream.
    """
    table = printable_table(table)
    if out.isatty():
        _write_rich(table, out)
    else:
        out.write(plain(table))


def _write_rich(table: Table, out: IO[str]) -> None:
    """Write a table to a terminal of any width, with the rows that need attention in red."""
    # Importing rich takes 40 ms, which a piped command does not spend.
    from rich.console import Console  # noqa: PLC0415  (40 ms)
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table as RichTable  # noqa: PLC0415

    console = Console(file=out, highlight=False)
    table = with_short_headers(table, console.width)
    drawn = RichTable(box=None, pad_edge=False, header_style="bold")
    for column in table.columns:
        if column in table.right:
            drawn.add_column(escape(column), justify="right", no_wrap=True)
        elif column in table.unbroken:
            drawn.add_column(escape(column), no_wrap=True)
        else:
            # On a narrow terminal, a name that goes on in a second line is better than half a name.
            drawn.add_column(escape(column), overflow="fold")
    for number, row in enumerate(table.rows):
        style = "red" if number in table.alarms else None
        drawn.add_row(*(escape(cell) for cell in row), style=style)
    console.print(drawn)
    for line in wrapped_notes(table.notes, console.width):
        console.print(escape(line), style="dim", soft_wrap=True)
