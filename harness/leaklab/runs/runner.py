"""The loop of a session: run one, judge it, save it, tell; and so on to the end of the plan.

Runs are made in threads, one at a time as well as several, so that Ctrl-C, which only the main
thread hears, finds it waiting.
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
from leaklab.model.errors import Cancelled, Exit, LabError, NotSaved, Skipped, one_line
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
    """Whatever can make a run: real processes, or a toy law in a test."""

    def execute(self, job: Job, progress: Callable[[int], None]) -> Measurement:
        """Make one run and hand back what was measured; several threads may call it at a time.

        Raises:
            Cancelled: `cancel` was called.
            LabError: the run cannot be made.
        """

    def cancel(self) -> None:
        """Make every run end soon, those under way and those to come, by raising `Cancelled`."""


@dataclass(frozen=True)
class Failure:
    """A job whose run could not be made, or broke off, and why."""

    job: Job
    error: LabError

    @property
    def reason(self) -> str:
        """The error's line, without the name of the run."""
        return one_line(str(self.error)).removeprefix(f"{self.job.label}: ")


@dataclass(frozen=True)
class Outcome:
    """What a session came to, in the plan's order. A run that broke off is in both lists: its
    result has what was measured until then."""

    results: list[Result]
    failures: list[Failure]

    @property
    def exit(self) -> Exit:
        """The exit code: that of the gravest error, else whether every verdict is as known; of a
        program of which nothing is known, whether it leaks.

        A skipped run hides nothing; where nothing else was asked for, nothing was measured.
        """
        grave = [f.error.exit for f in self.failures if not isinstance(f.error, Skipped)]
        if grave or not self.results:
            return max(grave, default=Exit.NOT_MEASURED)
        said = {result.exit for result in self.results}
        worst = (Exit.DIFFERS, Exit.NOT_MEASURED, Exit.AS_EXPECTED)
        return next(code for code in worst if code in said)


def failure_reasons(outcome: Outcome) -> dict[str, str]:
    """By the labels of its jobs, why runs of a session could not be made, or broke off."""
    return {failure.job.label: failure.reason for failure in outcome.failures}


def run_jobs(  # noqa: PLR0913  (these six are a session)
    jobs: Sequence[Job],
    executor: Executor,
    session: Session,
    listener: Listener,
    root: Path,
    *,
    at_once: int = 1,
) -> Outcome:
    """Make the runs that the session does not hold yet; each is judged and saved as it ends.

    A run that cannot be made, or breaks off, is told to the listener and does not end the session.
    Only a result that cannot be saved does: no further run begins, and those under way go on to
    their ends, for what is saved of them need not be made again.

    Args:
        jobs: the plan.
        executor: makes the runs.
        session: where they are saved.
        listener: is told of one moment after the other.
        root: the catalogue's.
        at_once: how many runs are made at a time.

    Raises:
        KeyboardInterrupt: Ctrl-C; the runs under way were cancelled and have ended.
    """
    runs = _Runs(executor, session, SerialListener(listener), describe_environment(root))
    for place, result in session.saved.items():
        runs.count(place, jobs[place], result)
    if left := [place for place in range(len(jobs)) if place not in session.saved]:
        preload_estimators()
        _make_all(runs, jobs, left, at_once)
    return runs.outcome()


def _make_all(runs: "_Runs", jobs: Sequence[Job], places: Sequence[int], at_once: int) -> None:
    """Make the runs at these places of the plan; where that is broken off, none is left behind."""
    with ThreadPoolExecutor(at_once) as pool:
        try:
            futures = [pool.submit(runs.make, place, jobs[place], len(jobs)) for place in places]
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except BaseException:
            runs.give_up()
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
        self._over = threading.Event()
        self._results: dict[int, Result] = {}
        self._failures: dict[int, Failure] = {}

    def count(self, place: int, job: Job, result: Result) -> None:
        """Count a result that was made before; if it broke off, as a failure, too. Those of older
        leaklabs do not say how a pair is judged."""
        judge, min_ratio = job.scenario.judge, job.scenario.min_ratio
        self._results[place] = msgspec.structs.replace(result, judge=judge, min_ratio=min_ratio)
        if error := run_error(job, result):
            self._fail(place, job, error)

    def make(self, place: int, job: Job, of: int) -> None:
        """Make the run at a place in the plan, unless the session is over."""
        if self._over.is_set():
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
        finally:
            self._listener.run_ended(job)

    def _make(self, place: int, job: Job) -> Result:
        """Run one, judge it, and save it."""
        require_installed(job)
        trace = self._executor.execute(job, functools.partial(self._listener.progressed, job))
        result = to_result(job, trace, with_interpreter(self._environment, job.python))
        self._results[place] = result
        with self._saving:
            self._session.save(result)
        return result

    def _fail(self, place: int, job: Job, error: LabError) -> None:
        self._failures[place] = Failure(job, error)
        if not isinstance(error, Cancelled):
            self._listener.failed(job, error)
        if isinstance(error, NotSaved):
            self._over.set()

    def give_up(self) -> None:
        """Begin no further run, and end those under way."""
        self._over.set()
        self._executor.cancel()

    def outcome(self) -> Outcome:
        """What they came to."""
        results = [self._results[place] for place in sorted(self._results)]
        failures = [self._failures[place] for place in sorted(self._failures)]
        return Outcome(judge_pairs(results), failures)
