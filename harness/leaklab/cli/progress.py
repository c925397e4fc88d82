"""Progress on standard error: bars on a terminal, elsewhere one line for each run that ends."""

import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from leaklab.cli import exit_codes, streams
from leaklab.model.errors import LabError
from leaklab.model.job import Job
from leaklab.model.result import Result
from leaklab.model.scenario import Criterion
from leaklab.model.text import counted
from leaklab.model.units import format_duration
from leaklab.runs.listener import Listener

if TYPE_CHECKING:
    from rich.progress import TaskID


@dataclass
class _Run:
    """A run under way: its name and place in the plan, when it began, and whether it failed."""

    name: str
    began: float
    failed: bool = False


class PlainProgress(Listener):
    """Writes one line for each run: its verdict and how long it took, or why it failed."""

    def __init__(self) -> None:
        # By the identity of the job: a plan may contain equal jobs.
        self._runs: dict[int, _Run] = {}
        # By what a job and its result have in common.
        self._conclusions: dict[tuple[str, int], str] = {}

    def run_started(self, job: Job, number: int, of: int) -> None:
        """Remember when the run began."""
        self._runs[id(job)] = _Run(f"[{number}/{of}] {job.label}", time.monotonic())

    def judged(self, result: Result) -> None:
        """Remember the verdict until the run ends."""
        label = f"{result.scenario}/{result.variant}/{result.mode}"
        # A pair that is judged by its peaks has a verdict when both variants have run.
        is_half = result.judge is Criterion.PEAK
        conclusion = "measured" if is_half else str(result.verdict.conclusion)
        self._conclusions[label, result.repeat] = conclusion

    def failed(self, job: Job, error: LabError) -> None:
        """Write the reason on one line; with --debug, the program's traceback before it."""
        if run := self._runs.get(id(job)):
            run.failed = True
        streams.write_stderr(exit_codes.message(error))

    def run_ended(self, job: Job) -> None:
        """Write the line of a run that did not fail."""
        run = self._runs.pop(id(job))
        conclusion = self._conclusions.pop((job.label, job.repeat), "")
        if conclusion and not run.failed:
            seconds = format_duration(time.monotonic() - run.began)
            streams.write_stderr(f"{run.name}: {conclusion}, {seconds}\n")

    def show_step(self, text: str) -> None:
        """Show what is being done now; only a terminal does."""

    def __enter__(self) -> "PlainProgress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class LiveProgress(PlainProgress):
    """Shows a bar for the session and one for each run under way; all are removed at the end."""

    def __init__(self) -> None:
        """Prepare the bars; they appear when the context is entered."""
        from rich.console import Console  # noqa: PLC0415  (a pipe does not pay for rich)
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        super().__init__()
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=16),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._whole = self._progress.add_task("", total=None)
        # By the identity of the job: a plan may contain equal jobs.
        self._bars: dict[int, TaskID] = {}

    def __enter__(self) -> "LiveProgress":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show_step(self, text: str) -> None:
        """Show the words before the session's bar."""
        self._progress.update(self._whole, description=text)

    def run_started(self, job: Job, number: int, of: int) -> None:
        """Add a bar for the run, with its name."""
        self._progress.update(self._whole, description=counted(of, "run"), total=of)
        text = f"[{number}/{of}] {job.label}"
        self._bars[id(job)] = self._progress.add_task(text, total=job.units)

    def progressed(self, job: Job, units_done: int) -> None:
        """Advance the run's bar."""
        self._progress.update(self._bars[id(job)], completed=units_done)

    def judged(self, result: Result) -> None:
        """Write nothing: the table at the end has the verdict."""

    def run_ended(self, job: Job) -> None:
        """Remove the run's bar, and advance the session's."""
        self._progress.remove_task(self._bars.pop(id(job)))
        self._progress.advance(self._whole)

    def failed(self, job: Job, error: LabError) -> None:
        """Write the reason above the bars."""
        del job
        line = exit_codes.message(error)
        self._progress.console.print(line, markup=False, soft_wrap=True, end="")


def open_progress() -> PlainProgress:
    """Return bars if standard error is a terminal, else lines."""
    return LiveProgress() if sys.stderr.isatty() else PlainProgress()
