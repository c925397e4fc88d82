"""A long page: through a pager on a terminal, as plain text elsewhere."""

import io
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import click

from leaklab.model.errors import printable_lines
from leaklab.reports.terminal import terminal_width
from leaklab.reports.wrapping import MAX_WIDTH

# less ends at once if the page fits, shows colours, and leaves the page on the screen.
LESS_OPTIONS = "FRX"
DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


class Paging(Enum):
    """When a page goes to a pager."""

    WHERE_LONG = "where long"
    NEVER = "never"


@dataclass(frozen=True)
class Page:
    """Plain lines, then a unified diff, then Markdown; each may be empty."""

    lines: Sequence[str] = ()
    diff: str = ""
    lesson: str = ""

    def __add__(self, other: "Page") -> "Page":
        """Return both pages in one."""
        between = [""] if self.lines and other.lines else []
        lines = [*self.lines, *between, *other.lines]
        return Page(lines, self.diff + other.diff, self.lesson + other.lesson)

    @property
    def text(self) -> str:
        """The page as plain text."""
        parts = ["".join(f"{line}\n" for line in self.lines), self.diff, self.lesson]
        return "\n".join(part for part in parts if part)


def show_page(page: Page, paging: Paging = Paging.WHERE_LONG) -> None:
    """Write a page to standard output.

    On a terminal Markdown is rendered, and a page that is longer than the screen goes to the
    program in PAGER, or to `less`, unless `paging` is NEVER. With NO_COLOR there are no colours.
    Control characters of a catalogue never reach the terminal.
    """
    page = Page(
        [printable_lines(line) for line in page.lines],
        printable_lines(page.diff),
        printable_lines(page.lesson),
    )
    if not sys.stdout.isatty():
        sys.stdout.write(page.text)
        return
    text = _rendered(page)
    is_short = text.count("\n") < shutil.get_terminal_size().lines
    if is_short or paging is Paging.NEVER:
        sys.stdout.write(text)
    else:
        os.environ.setdefault("LESS", LESS_OPTIONS)
        # None lets click find out whether the pager shows colours.
        click.echo_via_pager(text, color=False if os.environ.get("NO_COLOR") else None)


def page_width() -> int:
    """Return the width of a page: that of the terminal, `MAX_WIDTH` at the most."""
    return min(terminal_width(sys.stdout), MAX_WIDTH)


def _rendered(page: Page) -> str:
    from rich.console import Console  # noqa: PLC0415  (a pipe does not pay for rich)
    from rich.markdown import Markdown  # noqa: PLC0415

    width = page_width()
    console = Console(file=io.StringIO(), force_terminal=True, width=width, highlight=False)
    for line in page.lines:
        console.print(line, markup=False)
    console.print()
    for line in page.diff.splitlines():
        console.print(line, markup=False, style=DIFF_STYLES.get(line[:1]), soft_wrap=True)
    if page.lesson:
        console.print()
        console.print(Markdown(page.lesson))
    return str(console.file.getvalue())  # type: ignore[attr-defined]  # the StringIO above
