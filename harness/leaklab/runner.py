"""The plan, and its execution: plan, run one, judge, save, tell."""

import functools
import importlib
import importlib.metadata
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from leaklab.catalogue import Catalogue
from leaklab.environment import describe_environment
from leaklab.errors import BadInput, Exit, LabError, NotMeasured, NotSaved, Skipped
from leaklab.listener import Listener
from leaklab.model import Job, Judge, Mode, Scenario, Scope, Variant
from leaklab.options import resolve_options
from leaklab.record import Ended, Environment, Result, Trace, Verdict
from leaklab.store import Session
from leaklab.verdict import Work, judge

# What can be run yet, of all that a scenario may declare.
MODES = (Mode.INLINE,)
SCOPES = (Scope.PROCESS,)


class Executor(Protocol):
    """Whatever can make a run: real processes, or a toy law in a test."""

    def execute(self, job: Job, progress: Callable[[int], None]) -> Trace:
        """Make one run and hand back what was measured."""


@dataclass(frozen=True)
class Request:
    """What was asked for; None stands for all, or for the scenario's own default."""

    names: Sequence[str] = ()
    variant: Variant | None = None
    mode: Mode = Mode.INLINE
    units: int | None = None
    seed: int = 1
    options: Sequence[str] = ()
    repeat: int = 1


@dataclass(frozen=True)
class Outcome:
    """What a session came to: the results, and the errors of runs that gave none."""

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


def plan(catalogue: Catalogue, request: Request) -> list[Job]:
    """The runs that a request comes to, in order.

    Raises:
        BadInput: a scenario, variant, mode or option that does not exist, or nothing to run.
        NotMeasured: a mode or scope that is declared, and cannot be run yet.
    """
    jobs = [
        Job(
            scenario=scenario,
            variant=variant,
            mode=request.mode,
            units=request.units or scenario.units,
            seed=request.seed,
            options=resolve_options(scenario, request.options),
            repeat=repeat,
        )
        for scenario in catalogue.load_all(request.names)
        if request.names or request.mode in scenario.modes
        for repeat in range(1, request.repeat + 1)
        for variant in _variants(scenario, request)
    ]
    if not jobs:
        raise BadInput("nothing here has that variant and mode; 'leaklab list' names what there is")
    return jobs


def run(
    jobs: Sequence[Job], executor: Executor, session: Session, listener: Listener, root: Path
) -> Outcome:
    """Make the runs one after another; each is judged and saved as it ends.

    A run that cannot be made, or breaks off, is told to the listener and does not end the
    session. Only a result that cannot be saved does.
    """
    # The estimators take 0.8 s to import: meanwhile, the first run is made.
    threading.Thread(target=importlib.import_module, args=["scipy.stats"], daemon=True).start()
    environment = describe_environment(root)
    outcome = Outcome([], [])
    for number, job in enumerate(jobs, start=1):
        listener.run_started(job, number, len(jobs))
        try:
            refuse_missing(job.scenario)
            trace = executor.execute(job, functools.partial(listener.progressed, job))
            result = to_result(job, trace, environment)
            outcome.results.append(result)
            session.save(result)
            refuse_failure(job, trace)
        except LabError as error:
            outcome.errors.append(error)
            listener.failed(job, error)
            if isinstance(error, NotSaved):
                break
        else:
            listener.judged(result)
    return outcome


def to_result(job: Job, trace: Trace, environment: Environment) -> Result:
    """Judge a trace and make the record that is saved."""
    verdict = _verdict(job, trace)
    largest = max(trace.processes, key=lambda p: p.peak_rss_bytes, default=None)
    return Result(
        scenario=job.scenario.name,
        variant=job.variant,
        mode=job.mode,
        workers=job.workers,
        units=job.units,
        units_done=trace.units_done,
        unit=job.scenario.unit,
        seed=job.seed,
        options=dict(job.options),
        repeat=job.repeat,
        ended=trace.ended,
        detail=trace.detail,
        expected_growth=job.scenario.growth_of(job.variant),
        verdict=verdict,
        agrees=verdict.leak is job.scenario.leaks(job.variant),
        peak_rss_bytes=largest.peak_rss_bytes if largest else None,
        baseline_rss_bytes=largest.baseline_rss_bytes if largest else None,
        tree_peak_pss_bytes=trace.tree_peak_pss_bytes,
        tree_pss_longest_gap_seconds=trace.tree_pss_longest_gap_seconds,
        processes=trace.processes,
        controls=trace.controls,
        environment=environment,
        output_tail=trace.output_tail,
    )


def refuse_failure(job: Job, trace: Trace) -> None:
    """Stop at a run that broke off by itself; nothing where it ended or was stopped.

    Raises:
        BadInput: the scenario's code failed; its own traceback is the error's note.
        NotMeasured: the process died; what it printed last is the note.
    """
    if not trace.ended.failed:
        return
    if trace.ended is Ended.PROGRAM_FAILED:
        error: LabError = BadInput(f"{job.label}: {trace.detail}")
    else:
        said = trace.output_tail.strip().splitlines()[-1:]
        words = f"; its last words: {said[0]}" if said else ""
        error = NotMeasured(f"{job.label}: the measured process died: {trace.detail}{words}")
    error.add_note(trace.output_tail)
    raise error


def refuse_missing(scenario: Scenario) -> None:
    """Stop before a run that this machine lacks something for.

    Raises:
        Skipped: naming what to install.
    """
    if lacking := missing_of(scenario):
        raise Skipped(f"{scenario.name}: skipped, {lacking}")


def missing_of(scenario: Scenario) -> str:
    """What this machine lacks for a scenario, in words; empty where nothing is."""
    for program in scenario.requires.programs:
        if shutil.which(program) is None:
            return f"the program {program!r} is not installed: install it and try again"
    for package in scenario.requires.packages:
        try:
            importlib.metadata.distribution(package)
        except (importlib.metadata.PackageNotFoundError, ValueError):
            return f"the package {package!r} is not installed: install it with pip"
    return ""


def _verdict(job: Job, trace: Trace) -> Verdict:
    resource = job.scenario.resource
    if not trace.processes:
        reason = f"{trace.ended}: nothing was measured"
        return Verdict(leak=None, growth=None, resource=resource, reasons=[reason])
    if job.scenario.judge is Judge.PEAK:
        words = ["needs its pair: 'leaklab compare' judges the peaks of the two"]
        return Verdict(leak=None, growth=None, resource=resource, reasons=words)
    work = Work(ended=trace.ended, done=trace.units_done, needed=job.scenario.units)
    return judge(trace.processes[0], resource, work)


def _variants(scenario: Scenario, request: Request) -> Sequence[Variant]:
    if request.mode not in scenario.modes:
        modes = ", ".join(scenario.modes)
        raise BadInput(f"{scenario.name} does not run in mode {request.mode}; it has: {modes}")
    _refuse_unbuilt(scenario, request.mode)
    if request.variant is None:
        return scenario.variants
    if request.variant in scenario.variants:
        return (request.variant,)
    if request.names:
        has = ", ".join(scenario.variants)
        raise BadInput(f"{scenario.name} has no variant {request.variant}; it has: {has}")
    return ()


def _refuse_unbuilt(scenario: Scenario, mode: Mode) -> None:
    """Stop at what may be declared already, and can only be run by a later version."""
    if mode not in MODES:
        words = f"{scenario.name} runs {', '.join(MODES)} only in this version"
        raise NotMeasured(f"{words}, not in mode {mode}; leave --mode away")
    if scenario.scope not in SCOPES:
        words = f"{scenario.name} has processes of its own (scope = {scenario.scope!s})"
        raise NotMeasured(f"{words}, which this version cannot measure; name other scenarios")
