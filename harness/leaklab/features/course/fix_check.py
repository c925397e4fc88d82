"""The check of a learner's fix.

1. Its text is Python, and contains nothing that a fix does not need (`allowed_code`).
2. It does its job: the functional contract holds for a seed and a size that are drawn now, after as
   much work.
3. It does not leak: the verdict on a measured run, in each mode.
4. It does the work: the lab's count of the calls and results in that run is the same as that of the
   reference, which runs with the same seed and as many units (`records`).

The quick check, for each time that the file is saved, has the first two steps and an inline run
without the reference.
"""

import ast
import contextlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.plan import DEFAULT_BUDGET_SECONDS, require_installed
from leaklab.features.course.allowed_code import refusals
from leaklab.features.course.check_plan import CheckPlan, contract_units, most_work
from leaklab.features.course.diagnosis import PROGRAM_FILE
from leaklab.features.course.exercises import Exercise
from leaklab.features.course.fix_report import (
    FixReport,
    ModeReport,
    leak_problems,
    quick_problems,
)
from leaklab.features.course.records import WorkRecord, differences, take_record
from leaklab.features.course.staging import Stage, staged, workers_of
from leaklab.model.errors import LabError, NotMeasured, Skipped, one_line
from leaklab.model.job import Job
from leaklab.model.measurement import EndReason
from leaklab.model.result import Result
from leaklab.model.scenario import Criterion, Mode
from leaklab.runs.environment import describe_environment
from leaklab.runs.executor import ProcessExecutor
from leaklab.runs.failures import run_error
from leaklab.runs.listener import Listener
from leaklab.verdict.run import to_result

# The CPU time up to which a quick check goes on beyond the declared units for a surer verdict.
QUICK_BUDGET_SECONDS = 0.7
SEEDS = range(1000, 1_000_000)


@dataclass(frozen=True)
class LearnersProgram:
    """A program to check.

    Attributes:
        catalogue: The catalogue of the exercise.
        exercise: The exercise.
        source: The text of the program.
        path: Its path, as the learner knows it.
    """

    catalogue: Catalogue
    exercise: Exercise
    source: str
    path: Path


class RunFailedError(Exception):
    """A run of the learner's program failed; the message says how."""


def check_fix(program: LearnersProgram, plan: CheckPlan, listener: Listener) -> FixReport:
    """Check a learner's fix.

    Raises:
        LabError: Something other than the program is at fault.
    """
    if problems := text_problems(program):
        return FixReport(problems=problems)
    chance = random.SystemRandom()
    seed = chance.choice(SEEDS)
    runner = _Runner(program, plan, listener, seed)
    with staged(program.catalogue, program.exercise, program.source, program.path) as stage:
        try:
            units = contract_units(stage.scenario.units, plan)
            runner.require_contract(stage, chance.choice(units))
            modes = list(until_problem(runner.in_mode(stage, mode) for mode in plan.modes))
            longer = contract_units(most_work(modes), plan)
            if longer.stop > units.stop and not modes[-1].problems:
                runner.require_contract(stage, chance.choice(longer))
        except RunFailedError as error:
            return FixReport(problems=[stage.presentable(str(error))])
    return FixReport(modes=modes)


def until_problem(reports: Iterable[ModeReport]) -> Iterator[ModeReport]:
    """Yield the reports up to the first one with a problem: more runs would tell the same."""
    for report in reports:
        yield report
        if report.problems:
            return


def text_problems(program: LearnersProgram) -> list[str]:
    """Return what is wrong with the text of a program, one sentence each."""
    exercise = program.exercise
    try:
        compile(program.source, PROGRAM_FILE, "exec", ast.PyCF_ONLY_AST)
        refused = refusals(program.source, (exercise.program, exercise.reference))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = f"{PROGRAM_FILE}:{line}: " if line else f"{PROGRAM_FILE}: "
        return [f"{where}this is not Python: {getattr(error, 'msg', None) or error}"]
    # A hand-out lacks the reference, which may contain more than the exercise.
    shown = refused if exercise.is_graded else ()
    return [f"{PROGRAM_FILE}:{refusal.line}: {refusal.reason}" for refusal in shown]


class _Runner:
    """Makes the runs of one check, all with the same seed."""

    def __init__(
        self, program: LearnersProgram, plan: CheckPlan, listener: Listener, seed: int
    ) -> None:
        self._program = program
        self._plan = plan
        self._listener = listener
        self._seed = seed
        self._number = 0

    def require_contract(self, stage: Stage, units: int) -> None:
        """Run the contract.

        Raises:
            RunFailedError: The program breaks it.
        """
        job = stage.job(Mode.INLINE, units, self._seed)
        with ProcessExecutor(stage.catalogue, self._plan.limits) as executor:
            measurement = executor.check(job)
        if measurement.end_reason is EndReason.NOT_STARTED:
            raise NotMeasured(measurement.detail)
        if measurement.end_reason is not EndReason.COMPLETED:
            why = one_line(measurement.detail or measurement.end_reason)
            raise RunFailedError(f"it does not do its job: {why}")

    def in_mode(self, stage: Stage, mode: Mode) -> ModeReport:
        """Measure the program in a mode, and the reference beside it.

        Raises:
            RunFailedError: The learner's program failed.
        """
        own, record = self._own(stage, mode)
        whole = self._plan.with_reference and self._program.exercise.is_graded
        shows_before = whole and mode is self._plan.modes[0]
        needs_before = shows_before or own.judge is Criterion.PEAK
        before = self._before(mode, own.units) if needs_before else None
        if not whole:
            reference, problems = own, quick_problems(own, before)
        else:
            reference, differing = self._beside(mode, own, record)
            problems = [*leak_problems(own, before), *differing]
        return ModeReport(mode=mode, own=own, reference=reference, before=before, problems=problems)

    def _own(self, stage: Stage, mode: Mode) -> tuple[Result, WorkRecord]:
        scenario = stage.scenario
        quick = not self._plan.with_reference
        budget = QUICK_BUDGET_SECONDS if quick else DEFAULT_BUDGET_SECONDS
        job = stage.job(mode, scenario.units * workers_of(mode), self._seed, budget)
        try:
            return self._run(stage, job)
        except Skipped:
            raise
        except LabError as error:
            raise RunFailedError(f"{mode}: it failed: {one_line(str(error))}") from error

    def _beside(self, mode: Mode, own: Result, record: WorkRecord) -> tuple[Result, list[str]]:
        """Run the reference as long as the learner's program; return how their work differs."""
        with self._original(self._program.exercise.reference) as stage:
            job = stage.job(mode, own.units_done, self._seed)
            result, reference = self._run(stage, job)
            compares = not own.end_reason.stopped
            problems = differences(record, reference, None) if compares else []
            if problems:
                _, again = self._run(stage, job)
                problems = differences(record, reference, again)
        return result, problems

    def _before(self, mode: Mode, units: int) -> Result:
        with self._original(self._program.exercise.program) as stage:
            return self._run(stage, stage.job(mode, units, self._seed))[0]

    @contextlib.contextmanager
    def _original(self, source: str) -> Iterator[Stage]:
        program = self._program
        with staged(program.catalogue, program.exercise, source, program.path) as stage:
            yield stage

    def _run(self, stage: Stage, job: Job) -> tuple[Result, WorkRecord]:
        """Make one run; return its result and the lab's count of its work.

        Raises:
            LabError: The run failed, or its count is missing.
        """
        require_installed(job)
        self._number += 1
        self._listener.run_started(job, self._number, self._number)
        try:
            with ProcessExecutor(stage.catalogue, self._plan.limits) as executor:
                measurement = executor.execute(
                    job, lambda units: self._listener.progressed(job, units)
                )
            result = to_result(job, measurement, describe_environment(stage.catalogue.root))
            if error := run_error(job, result):
                raise error
            if result.end_reason.stopped:
                return result, WorkRecord()
            return result, take_record(stage.records, stage.token, job.units // job.workers)
        finally:
            self._listener.run_ended(job)
