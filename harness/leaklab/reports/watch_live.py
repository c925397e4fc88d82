"""The live table of a watch, drawn with rich on standard error and removed when the watch ends."""

from collections.abc import Callable
from types import TracebackType

from rich.console import Console, Group
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
from leaklab.reports.wrapping import wrapped

# The share of one CPU that judging and drawing may take.
SCREEN_CPU_BUDGET = 0.02
# The table's header, and the line of the cursor.
LINES_BESIDE = 2
LIVE_COLUMNS = ("PID", "RES", "SHR", "VIRT", "%MEM", "growth/s", "RES so far", "COMMAND")
# A narrow terminal shows fewer columns; these are left out in this order.
OPTIONAL = ("VIRT", "SHR", "RES so far", "%MEM", "RES", "growth/s")
# Room for the "^C" that a terminal prints at the cursor. Without it, "^C" starts one more line.
ECHO_WIDTH = 2
TEXTS = ("RES so far", "COMMAND")


class Screen:
    """A table that is drawn again after each reading; a context manager."""

    def __init__(self, name: str, resource: Resource, machine_bytes: int) -> None:
        """Prepare to show the process tree of `name`, judged by `resource`."""
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
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, watch: Watch) -> None:
        """Draw the table, unless that would exceed the CPU budget of the screen."""
        if self._pace.due and watch.samples:
            with self._pace.charge():
                self._live.update(self._drawn(watch), refresh=True)

    def _drawn(self, watch: Watch) -> Group:
        width = self._console.width - ECHO_WIDTH
        heading = [part for line in self._heading(watch) for part in wrapped(line, width)]
        table = Table(box=None, pad_edge=False, header_style="bold")
        shown = max(self._console.height - len(heading) - LINES_BESIDE, 1)
        processes = [watched_process(p, self._machine_bytes) for p in watch.processes(shown)]
        columns, rows = narrowed(LIVE_COLUMNS, list(map(_row, processes)), OPTIONAL, width)
        for name in columns:
            table.add_column(name, justify="left" if name in TEXTS else "right", no_wrap=True)
        for row in rows:
            table.add_row(*map(Text, row))
        return Group(*(Text(line, style="italic") for line in heading), table)

    def _heading(self, watch: Watch) -> tuple[str, str]:
        verdict = watch.verdict(self._resource).conclusion
        pss = format_bytes(watch.now.pss_bytes or 0)
        state = f"{self._name}: PSS {pss} after {format_duration(watch.seconds)}, so far {verdict}"
        return state, "Ctrl-C ends the watch and prints the verdict"


def _row(process: WatchedProcess) -> tuple[str, ...]:
    bars = sparkline(process.last_rss_bytes)
    return (*cells(process), rate(process), bars, without_folder(process.command))
