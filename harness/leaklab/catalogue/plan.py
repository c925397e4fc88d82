"""The plan: the runs that a request comes to, and what this machine lacks for them."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.interpreters import interpreter_of
from leaklab.catalogue.options import resolve_options
from leaklab.model.errors import BadInput, Skipped
from leaklab.model.job import Job
from leaklab.model.scenario import Mode, Scenario, Variant

DEFAULT_WORKERS = 2

# Of the CPU time of one process; most runs take one or two seconds for what they declare.
DEFAULT_BUDGET_SECONDS = 20.0


@dataclass(frozen=True)
class PlanRequest:
    """What was asked for; None stands for all, or for the scenario's own default.

    `modes` empty: every mode that a scenario declares. `units` is a run's total, which the workers
    of a pool share; without it, each worker does what the scenario declares that a verdict needs,
    and then goes on as long as its verdict is not certain and the budget is not spent. Without a
    budget, the length is fixed. `python` is the path of another interpreter than the lab's own.
    """

    names: Sequence[str] = ()
    variant: Variant | None = None
    modes: Sequence[Mode] = (Mode.INLINE,)
    workers: int | None = None
    units: int | None = None
    seed: int = 1
    options: Sequence[str] = ()
    repeat: int = 1
    budget_seconds: float | None = DEFAULT_BUDGET_SECONDS
    python: str | None = None


def plan(catalogue: Catalogue, request: PlanRequest) -> list[Job]:
    """The runs that a request comes to, in order.

    Raises:
        BadInput: a scenario, variant, mode or option that does not exist, more workers than units,
            or nothing to run.
    """
    if request.workers and not any(mode.is_pool for mode in request.modes or Mode):
        raise BadInput("--workers is for pools: add --mode fork, spawn, forkserver or multiprocess")
    jobs = [
        _job(scenario, variant, mode, repeat, request)
        for scenario in catalogue.load_all(request.names)
        for mode in _modes(scenario, request)
        for repeat in range(1, request.repeat + 1)
        for variant in _variants(scenario, request)
    ]
    if not jobs:
        raise BadInput("nothing here has that variant and mode; 'leaklab list' names what there is")
    return jobs


def require_installed(job: Job) -> None:
    """Stop before a run that this machine, or the job's interpreter, lacks something for.

    Raises:
        Skipped: naming what to install.
    """
    packages = ("multiprocess",) if job.mode is Mode.MULTIPROCESS else ()
    if lacking := missing_requirement(job.scenario, job.python, packages):
        raise Skipped(f"{job.scenario.name}: skipped, {lacking}")


def missing_requirement(
    scenario: Scenario, python: str | None = None, packages: Sequence[str] = ()
) -> str:
    """What this machine lacks for a scenario, in words; empty if nothing.

    Args:
        scenario: the scenario, with its own requirements.
        python: the interpreter that is to run it, None for the lab's own.
        packages: what is needed beside them.
    """
    for program in scenario.requires.programs:
        if shutil.which(program) is None:
            return f"the program {program!r} is not installed: install it and try again"
    interpreter = interpreter_of(python)
    for package in (*scenario.requires.packages, *packages):
        if not interpreter.has(package):
            where = f" for {interpreter.path}" if python else ""
            return f"the package {package!r} is not installed{where}: install it with pip"
    return ""


def _job(
    scenario: Scenario, variant: Variant, mode: Mode, repeat: int, request: PlanRequest
) -> Job:
    workers = (request.workers or DEFAULT_WORKERS) if mode.is_pool else 1
    units = request.units or scenario.units * workers
    if workers > units:
        raise BadInput(
            f"{scenario.name}: {workers} workers cannot share {units} units; raise --units, or "
            "lower --workers"
        )
    return Job(
        scenario=scenario,
        variant=variant,
        mode=mode,
        units=units,
        seed=request.seed,
        options=resolve_options(scenario, request.options),
        workers=workers,
        repeat=repeat,
        budget_seconds=None if request.units else request.budget_seconds,
        python=request.python,
    )


def _modes(scenario: Scenario, request: PlanRequest) -> Sequence[Mode]:
    """Those asked for that it declares; one that is named together with a scenario must be."""
    if not request.modes:
        return scenario.modes
    for mode in request.modes:
        if request.names and mode not in scenario.modes:
            has = ", ".join(scenario.modes)
            raise BadInput(f"{scenario.name} does not run in mode {mode}; it has: {has}")
    return [mode for mode in request.modes if mode in scenario.modes]


def _variants(scenario: Scenario, request: PlanRequest) -> Sequence[Variant]:
    if request.variant is None:
        return scenario.variants
    if request.variant in scenario.variants:
        return (request.variant,)
    if request.names:
        has = ", ".join(scenario.variants)
        raise BadInput(f"{scenario.name} has no variant {request.variant}; it has: {has}")
    return ()
