"""The live table of a watch, with rich: on standard error, gone when the watch is over."""

from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from leaklab.features.watch.loop import Watch
from leaklab.features.watch.report import WatchedProcess, watched_process
from leaklab.model.scenario import Resource
from leaklab.model.text import without_folder
from leaklab.model.units import format_bytes, format_duration
from leaklab.observer.cpu_budget import CpuBudget
from leaklab.reports.watch import cells, narrowed, rate, sparkline

# Of one CPU the part that judging and drawing may take.
SCREEN_CPU_BUDGET = 0.02
# The title, the header, and a line that the cursor stands on.
LINES_BESIDE = 4
LIVE_COLUMNS = ("PID", "RES", "SHR", "VIRT", "%MEM", "growth/s", "RES so far", "COMMAND")
# On a narrow terminal these go, the first one first.
SPARE = ("VIRT", "SHR", "RES so far", "%MEM", "RES", "growth/s")
# For the ^C that a terminal shows where the cursor stands: on a new line, it would be one too many.
ECHO = 2
TEXTS = ("RES so far", "COMMAND")


class Screen:
    """A table that is drawn again after each look; a context manager."""

    def __init__(self, name: str, resource: Resource, machine_bytes: int) -> None:
        """Prepare to show the tree of `name`."""
        self._name = name
        self._resource = resource
        self._machine_bytes = machine_bytes
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._pace = CpuBudget(SCREEN_CPU_BUDGET)

    def __enter__(self) -> Callable[[Watch], None]:
        self._live.start()
        return self.show

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, watch: Watch) -> None:
        """Draw it, unless that would take more of a CPU than it may."""
        if self._pace.due and watch.samples:
            with self._pace.charge():
                self._live.update(self._drawn(watch), refresh=True)

    def _drawn(self, watch: Watch) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
        table.title = Text(self._title(watch), no_wrap=True, overflow="ellipsis")
        largest = watch.processes(max(self._console.height - LINES_BESIDE, 1))
        found = [_row(watched_process(process, self._machine_bytes)) for process in largest]
        columns, rows = narrowed(LIVE_COLUMNS, found, SPARE, self._console.width - ECHO)
        for name in columns:
            table.add_column(name, justify="left" if name in TEXTS else "right", no_wrap=True)
        for row in rows:
            table.add_row(*map(Text, row))
        return table

    def _title(self, watch: Watch) -> str:
        verdict = watch.verdict(self._resource).conclusion
        pss = format_bytes(watch.now.pss_bytes or 0)
        over = format_duration(watch.seconds)
        return f"{self._name}: PSS {pss}, {over}, so far {verdict}; Ctrl-C ends the watch"


def _row(process: WatchedProcess) -> tuple[str, ...]:
    bars = sparkline(process.last_rss_bytes)
    return (*cells(process), rate(process), bars, without_folder(process.command))
