"""The session: run, judge, save, tell, and so on to the end of the plan.

Runs are made in threads, one at a time as well as several, so that Ctrl-C, which only the main
thread hears, finds it waiting.
"""

import functools
import importlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from leaklab.catalogue.plan import refuse_missing
from leaklab.model.errors import Cancelled, Exit, LabError, NotSaved, Skipped
from leaklab.model.job import Job
from leaklab.model.measurement import Environment, Trace
from leaklab.model.result import Result
from leaklab.model.scenario import Judge, Scenario
from leaklab.runs.environment import describe_environment, run_by
from leaklab.runs.listener import InTurn, Listener
from leaklab.runs.sessions import Session
from leaklab.verdict.run import judge_peaks, refuse_failure, to_result


class Executor(Protocol):
    """Whatever can make a run: real processes, or a toy law in a test."""

    def execute(self, job: Job, progress: Callable[[int], None]) -> Trace:
        """Make one run and hand back what was measured; several threads may call it at a time.

        Raises:
            Cancelled: `cancel` was called.
            LabError: the run cannot be made.
        """

    def cancel(self) -> None:
        """Make every run end soon, those under way and those to come, by raising `Cancelled`."""


@dataclass(frozen=True)
class Outcome:
    """What a session came to, in the plan's order: the results, and the errors of runs that gave
    none or broke off."""

    results: list[Result]
    errors: list[LabError]

    @property
    def exit(self) -> Exit:
        """The exit code: the gravest error's, else whether every verdict is as known.

        What was skipped hides nothing; where nothing else was asked for, nothing was measured.
        """
        grave = [error.exit for error in self.errors if not isinstance(error, Skipped)]
        if grave or not self.results:
            return max(grave, default=Exit.NOT_MEASURED)
        return Exit.AS_EXPECTED if all(r.agrees for r in self.results) else Exit.DIFFERS


def run(  # noqa: PLR0913  (these six are a session)
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
    runs = _Runs(executor, session, InTurn(listener), describe_environment(root))
    for place, result in session.made.items():
        runs.count(place, jobs[place], result)
    if left := [place for place in range(len(jobs)) if place not in session.made]:
        # The estimators take 0.8 s to import: meanwhile, the first runs are made.
        threading.Thread(target=importlib.import_module, args=["scipy.stats"], daemon=True).start()
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


def _pair_of(result: Result) -> tuple[object, ...]:
    """What two runs have in common that are a pair."""
    return result.scenario, result.mode, result.repeat, result.seed, result.units


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
        self._paths: dict[int, Path | None] = {}
        self._errors: dict[int, LabError] = {}

    def count(self, place: int, job: Job, result: Result) -> None:
        """Count a result that was made before, whose failure is an error all the same."""
        self._results[place] = result
        self._paths[place] = self._session.paths.get(place)
        kept = Trace(ended=result.ended, detail=result.detail, output_tail=result.output_tail)
        try:
            refuse_failure(job, kept)
        except LabError as error:
            self._fail(place, job, error)
        if job.scenario.judge is Judge.PEAK and result.verdict.leak is None:
            self._judge_pair(place, job.scenario)

    def make(self, place: int, job: Job, of: int) -> None:
        """Make the run at a place in the plan, unless the session is over."""
        if self._over.is_set():
            return
        self._listener.run_started(job, place + 1, of)
        try:
            self._listener.judged(self._make(place, job))
        except LabError as error:
            self._fail(place, job, error)
        finally:
            self._listener.run_ended(job)

    def _make(self, place: int, job: Job) -> Result:
        refuse_missing(job)
        trace = self._executor.execute(job, functools.partial(self._listener.progressed, job))
        result = to_result(job, trace, run_by(self._environment, job.python))
        with self._saving:
            # Not before: whoever makes the other of a pair asks for the path, too.
            self._results[place] = result
            self._paths[place] = self._session.save(result)
            if job.scenario.judge is Judge.PEAK:
                self._judge_pair(place, job.scenario)
        refuse_failure(job, trace)
        return self._results[place]

    def _judge_pair(self, place: int, scenario: Scenario) -> None:
        """Judge the run by its peak, and the other variant's with it, once both are made."""
        one = self._results[place]
        for at, other in self._results.items():
            if _pair_of(one) == _pair_of(other) and one.variant is not other.variant:
                if not (one.peak_bytes and other.peak_bytes):
                    return
                for where, judged in zip(
                    (place, at), judge_peaks(scenario, one, other), strict=True
                ):
                    self._results[where] = judged
                    self._session.save(judged, self._paths.get(where))
                return

    def _fail(self, place: int, job: Job, error: LabError) -> None:
        self._errors[place] = error
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
        return Outcome(results, [self._errors[place] for place in sorted(self._errors)])
