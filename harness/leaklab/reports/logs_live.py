"""The live table of a log that is followed, drawn with rich on standard error."""

from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from leaklab.reports.table import Table, plain

# The line of the cursor.
LINES_BELOW = 1


class LogScreen:
    """A table that is drawn again when there are new records; a context manager."""

    def __init__(self) -> None:
        """Prepare an empty screen."""
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def __enter__(self) -> "LogScreen":
        self._live.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, table: Table) -> None:
        """Draw a table, as much of it as the terminal has lines for."""
        lines = plain(table, self._console.width).splitlines()
        text = Text("\n".join(lines[: max(self._console.height - LINES_BELOW, 1)]))
        text.no_wrap = True
        self._live.update(text, refresh=True)
