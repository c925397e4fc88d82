"""Where a table goes: with rich on a terminal, as plain lines elsewhere."""

from typing import IO

from leaklab.reports.table import Table, plain


def print_table(table: Table, out: IO[str]) -> None:
    """Write a table to a stream, in colour only on a terminal (rich heeds NO_COLOR)."""
    if out.isatty():
        _write_rich(table, out)
    else:
        out.write(plain(table))


def _write_rich(table: Table, out: IO[str]) -> None:
    """Write a table to a terminal, with the rows to notice in red."""
    from rich.console import Console  # noqa: PLC0415  (40 ms, which a pipe does not pay for)
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table as RichTable  # noqa: PLC0415

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
