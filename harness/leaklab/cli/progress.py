"""Progress on a terminal: one line on stderr that says which run is made and how far it is."""

import sys
from types import TracebackType

from leaklab.cli import ending, streams
from leaklab.errors import LabError
from leaklab.listener import Listener
from leaklab.model import Job


class Quiet(Listener):
    """What a pipe hears: only the lines of runs that failed."""

    def failed(self, job: Job, error: LabError) -> None:
        """Say why, in one line; with --debug, the program's own traceback before it."""
        del job
        streams.say(ending.told(error))

    def tell(self, words: str) -> None:
        """Say what is being done now."""

    def __enter__(self) -> "Quiet":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class Lively(Quiet):
    """What a terminal sees: a bar that is gone when the work is done."""

    def __init__(self) -> None:
        """Import rich only here: a pipe does not pay for it."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> "Lively":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, words: str) -> None:
        """Put words before the bar."""
        self._progress.update(self._task, description=words)

    def run_started(self, job: Job, number: int, of: int) -> None:
        """Name the run, and begin its bar."""
        words = f"[{number}/{of}] {job.label}"
        self._progress.update(self._task, description=words, completed=0, total=job.units)

    def progressed(self, job: Job, units_done: int) -> None:
        """Move the bar."""
        del job
        self._progress.update(self._task, completed=units_done)

    def failed(self, job: Job, error: LabError) -> None:
        """Say why, above the bar."""
        del job
        told = ending.told(error)
        self._progress.console.print(told, markup=False, soft_wrap=True, end="")


def choose() -> Quiet:
    """Lively on a terminal, quiet elsewhere."""
    return Lively() if sys.stderr.isatty() else Quiet()
