"""Progress on a terminal: on stderr a line for the session and one for each run under way."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from leaklab.cli import exit_codes, streams
from leaklab.model.errors import LabError
from leaklab.model.job import Job
from leaklab.runs.listener import Listener

if TYPE_CHECKING:
    from rich.progress import TaskID


class PlainProgress(Listener):
    """What a pipe hears: only the lines of runs that failed."""

    def failed(self, job: Job, error: LabError) -> None:
        """Say why, in one line; with --debug, the program's own traceback before it."""
        del job
        streams.write_stderr(exit_codes.message(error))

    def tell(self, words: str) -> None:
        """Say what is being done now."""

    def __enter__(self) -> "PlainProgress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class LiveProgress(PlainProgress):
    """What a terminal sees: a bar for the whole with the time it takes, below it a bar for each
    run under way; all are gone when the work is done."""

    def __init__(self) -> None:
        """Nothing is shown before it is entered."""
        from rich.console import Console  # noqa: PLC0415  (a pipe does not pay for rich)
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=16),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._whole = self._progress.add_task("", total=None)
        self._bars: dict[
            int, TaskID
        ] = {}  # by the identity of the job, for one may be planned twice

    def __enter__(self) -> "LiveProgress":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, words: str) -> None:
        """Put words before the bar of the whole."""
        self._progress.update(self._whole, description=words)

    def run_started(self, job: Job, number: int, of: int) -> None:
        """Begin the run's bar, with its name."""
        self._progress.update(self._whole, description=f"{of} runs", total=of)
        words = f"[{number}/{of}] {job.label}"
        self._bars[id(job)] = self._progress.add_task(words, total=job.units)

    def progressed(self, job: Job, units_done: int) -> None:
        """Move the run's bar."""
        self._progress.update(self._bars[id(job)], completed=units_done)

    def run_ended(self, job: Job) -> None:
        """Take the run's bar away, and move that of the whole."""
        self._progress.remove_task(self._bars.pop(id(job)))
        self._progress.advance(self._whole)

    def failed(self, job: Job, error: LabError) -> None:
        """Say why, above the bars."""
        del job
        told = exit_codes.message(error)
        self._progress.console.print(told, markup=False, soft_wrap=True, end="")


def open_progress() -> PlainProgress:
    """Lively on a terminal, quiet elsewhere."""
    return LiveProgress() if sys.stderr.isatty() else PlainProgress()
