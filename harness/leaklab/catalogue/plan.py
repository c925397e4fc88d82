"""The plan: the runs for a request, and the requirements that are not installed."""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.interpreters import interpreter_of
from leaklab.catalogue.options import resolve_options
from leaklab.model.errors import BadInput, Skipped
from leaklab.model.job import Job
from leaklab.model.scenario import Mode, Scenario, Variant

DEFAULT_WORKERS = 2

# CPU time of one process. Most runs take one or two seconds for their declared units.
DEFAULT_BUDGET_SECONDS = 20.0


@dataclass(frozen=True)
class PlanRequest:
    """A request for runs.

    Attributes:
        names: The scenarios; empty for all.
        variant: The variant; None for all.
        modes: The modes; empty for every mode that a scenario declares.
        workers: The workers of a pool; None for the default.
        units: The units of a whole run, which the workers of a pool share. With None, each worker
            does the units that its scenario declares, and goes on until its verdict is certain or
            the budget is spent.
        seed: The seed of all random choices.
        options: Changes of the form `name=value`.
        repeat: How often each run is made.
        budget_seconds: The CPU time up to which a run goes on; None fixes the length.
        python: The path of another interpreter; None for leaklab's own.
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
    """Return the runs for a request, in order.

    Raises:
        BadInput: A scenario, variant, mode or option does not exist, there are more workers than
            units, or there is nothing to run.
    """
    return plan_scenarios(catalogue.load_all(request.names), request)


def plan_scenarios(scenarios: Iterable[Scenario], request: PlanRequest) -> list[Job]:
    """Return the runs of scenarios for the rest of a request, in order.

    Raises:
        BadInput: As for `plan`.
    """
    if request.workers and not any(mode.is_pool for mode in request.modes or Mode):
        raise BadInput("--workers is for pools: add --mode fork, spawn, forkserver or multiprocess")
    jobs = [
        _job(scenario, variant, mode, repeat, request)
        for scenario in scenarios
        for mode in _modes(scenario, request)
        for repeat in range(1, request.repeat + 1)
        for variant in _variants(scenario, request)
    ]
    if not jobs:
        raise BadInput("no scenario has that variant and mode; 'leaklab list' shows all scenarios")
    return jobs


def require_installed(job: Job) -> None:
    """Require everything that a job needs on this machine and in its interpreter.

    Raises:
        Skipped: Something is not installed; the message says what to install.
    """
    packages = ("multiprocess",) if job.mode is Mode.MULTIPROCESS else ()
    if missing := missing_requirement(job.scenario, job.python, packages):
        raise Skipped(f"{job.scenario.name}: skipped, {missing}")


def missing_requirement(
    scenario: Scenario, python: str | None = None, packages: Sequence[str] = ()
) -> str:
    """Return what is not installed and how to install it; empty if nothing is missing.

    Args:
        scenario: The scenario, with its requirements.
        python: The path of the interpreter that runs it; None for leaklab's own.
        packages: Packages that are needed in addition.
    """
    requires = scenario.requires
    for program in requires.programs:
        if shutil.which(program) is None:
            how = f"with {requires.install}" if requires.install else "and try again"
            return f"the program {program!r} is not installed: install it {how}"
    own, interpreter = interpreter_of(None), interpreter_of(python)
    needed = [(interpreter, package) for package in (*requires.packages, *packages)]
    needed += [(own, package) for package in requires.service_packages]
    for user, package in needed:
        if not user.has(package):
            where = f" for {user.path}" if python else ""
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
    """Return the requested modes that a scenario declares; all of them if it is named."""
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
