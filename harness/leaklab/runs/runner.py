"""The loop of a session: each run of the plan is made, judged, saved and reported.

Runs are made in threads, even one at a time. Only the main thread receives Ctrl-C, and it does
nothing except wait for the others.
"""

import functools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from leaklab.catalogue.plan import require_installed
from leaklab.model.errors import Cancelled, Exit, LabError, NotMeasured, NotSaved, Skipped, one_line
from leaklab.model.job import Job
from leaklab.model.measurement import Environment, Measurement
from leaklab.model.result import Result
from leaklab.runs.environment import describe_environment, with_interpreter
from leaklab.runs.failures import run_error
from leaklab.runs.listener import Listener, SerialListener
from leaklab.runs.sessions import Session
from leaklab.verdict.pairs import judge_pairs
from leaklab.verdict.preload import preload_estimators
from leaklab.verdict.run import to_result


class Executor(Protocol):
    """The interface for making a run: by real processes, or by a simulated law in a test."""

    def execute(self, job: Job, progress: Callable[[int], None]) -> Measurement:
        """Make one run and return what was measured. Several threads may call this at a time.

        Args:
            job: The run.
            progress: Is called with the units done so far.

        Raises:
            Cancelled: `cancel` was called.
            LabError: The run cannot be made.
        """

    def cancel(self) -> None:
        """End every run soon, those under way and later ones, by raising `Cancelled` in them."""


@dataclass(frozen=True)
class Failure:
    """A job that could not be run, or failed while it ran, and its error."""

    job: Job
    error: LabError

    @property
    def reason(self) -> str:
        """The error's message on one line, without the label of the run."""
        return one_line(str(self.error)).removeprefix(f"{self.job.label}: ")


@dataclass(frozen=True)
class Outcome:
    """The results and failures of a session, in the order of the plan.

    A run that failed while it ran is in both lists. Its result has what was measured until then.
    """

    results: list[Result]
    failures: list[Failure]

    @property
    def exit(self) -> Exit:
        """The exit code: that of the most severe error, otherwise the worst one of the results.

        A skipped run does not count as an error. A session in which all runs were skipped has
        measured nothing.
        """
        errors = [f.error.exit for f in self.failures if not isinstance(f.error, Skipped)]
        if errors or not self.results:
            return max(errors, default=Exit.NOT_MEASURED)
        codes = {result.exit for result in self.results}
        worst_first = (Exit.DIFFERS, Exit.NOT_MEASURED, Exit.AS_EXPECTED)
        return next(code for code in worst_first if code in codes)


def failure_reasons(outcome: Outcome) -> dict[str, str]:
    """Return the reasons why jobs of a session could not be run, or failed, by the jobs' labels."""
    return {failure.job.label: failure.reason for failure in outcome.failures}


def run_jobs(  # noqa: PLR0913  (all six make a session)
    jobs: Sequence[Job],
    executor: Executor,
    session: Session,
    listener: Listener,
    root: Path,
    *,
    at_once: int = 1,
) -> Outcome:
    """Make the runs that have no saved result yet; each is judged and saved when it ends.

    A run that cannot be made, or fails, is reported to the listener and does not end the session.
    A result that cannot be saved ends it: no further run begins, and the runs under way go on to
    their ends, because the results saved of them need not be made again.

    Args:
        jobs: The plan.
        executor: Makes the runs.
        session: The folder that results are saved in.
        listener: Receives one event after the other.
        root: The folder of the catalogue.
        at_once: How many runs are made at a time.

    Returns:
        The results, those saved before included, and the failures.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed. The runs under way were cancelled and have ended.
    """
    runs = _Runs(executor, session, SerialListener(listener), describe_environment(root))
    for place, result in session.saved.items():
        runs.add_saved(place, jobs[place], result)
    if remaining := [place for place in range(len(jobs)) if place not in session.saved]:
        preload_estimators()
        _make_all(runs, jobs, remaining, at_once)
    return runs.outcome()


def _make_all(runs: "_Runs", jobs: Sequence[Job], places: Sequence[int], at_once: int) -> None:
    """Make the runs at these places of the plan; an exception cancels those under way."""
    with ThreadPoolExecutor(at_once) as pool:
        try:
            futures = [pool.submit(runs.make, place, jobs[place], len(jobs)) for place in places]
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except BaseException:
            runs.cancel()
            raise


class _Runs:
    """The runs of a session; its methods may be called from several threads."""

    def __init__(
        self, executor: Executor, session: Session, listener: Listener, environment: Environment
    ) -> None:
        self._executor = executor
        self._session = session
        self._listener = listener
        self._environment = environment
        self._saving = threading.Lock()
        self._ended = threading.Event()
        self._results: dict[int, Result] = {}
        self._failures: dict[int, Failure] = {}

    def add_saved(self, place: int, job: Job, result: Result) -> None:
        """Add a result that was saved before, and its failure if it has one.

        Results of older versions of leaklab lack the criterion of their pair; the job has it.
        """
        judge, min_ratio = job.scenario.judge, job.scenario.min_ratio
        self._results[place] = msgspec.structs.replace(result, judge=judge, min_ratio=min_ratio)
        if error := run_error(job, result):
            self._fail(place, job, error)

    def make(self, place: int, job: Job, of: int) -> None:
        """Make the run at a place in the plan, unless the session has ended."""
        if self._ended.is_set():
            return
        self._listener.run_started(job, place + 1, of)
        try:
            result = self._make(place, job)
            if error := run_error(job, result):
                self._fail(place, job, error)
            else:
                self._listener.judged(result)
        except LabError as error:
            self._fail(place, job, error)
        except Exception as error:  # noqa: BLE001  (one run never ends the others)
            fault = f"{job.label}: unexpected {type(error).__name__}: {one_line(str(error))}"
            failure = NotMeasured(f"{fault}; this is a bug in leaklab")
            failure.__cause__ = error
            self._fail(place, job, failure)
        finally:
            self._listener.run_ended(job)

    def _make(self, place: int, job: Job) -> Result:
        """Make one run, judge it, and save it."""
        require_installed(job)
        progress = functools.partial(self._listener.progressed, job)
        measurement = self._executor.execute(job, progress)
        result = to_result(job, measurement, with_interpreter(self._environment, job.python))
        self._results[place] = result
        with self._saving:
            self._session.save(result)
        return result

    def _fail(self, place: int, job: Job, error: LabError) -> None:
        self._failures[place] = Failure(job, error)
        if not isinstance(error, Cancelled):
            self._listener.failed(job, error)
        if isinstance(error, NotSaved):
            self._ended.set()

    def cancel(self) -> None:
        """Begin no further run, and end those under way."""
        self._ended.set()
        self._executor.cancel()

    def outcome(self) -> Outcome:
        """Return the results and failures, with pairs judged."""
        results = [self._results[place] for place in sorted(self._results)]
        failures = [self._failures[place] for place in sorted(self._failures)]
        return Outcome(judge_pairs(results), failures)
