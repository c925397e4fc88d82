"""The figures of a catalogue: every variant and mode of its scenarios, measured or cached."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.features.commits.figure_cache import FigureCache, key_of
from leaklab.features.commits.figures import Tracked, figures_of
from leaklab.model.errors import BadInput, LabError, NotMeasured, NotSaved, Skipped
from leaklab.model.job import Job, Limits
from leaklab.model.measurement import EndReason
from leaklab.model.result import Result
from leaklab.model.scenario import Mode, Scenario
from leaklab.runs.runner import Outcome
from leaklab.verdict.pairs import label


@dataclass(frozen=True)
class TrackingRequest:
    """The scenarios of a catalogue to measure; no `modes` stands for all that each one has."""

    catalogue: Catalogue
    names: Sequence[str]
    limits: Limits
    modes: Sequence[Mode] = ()


@dataclass
class _Plan:
    """Jobs to run by scenario, their cache keys, and results that need no run."""

    jobs: dict[str, list[Job]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    known: Tracked = field(default_factory=Tracked)


def track(
    request: TrackingRequest, cache: FigureCache, run: Callable[[Sequence[Job]], Outcome]
) -> Tracked:
    """Return the figures of the requested scenarios, and measure those that are not cached.

    Args:
        request: What to measure. A scenario that the catalogue lacks is absent under its own name.
            A scenario in a form that this leaklab does not read is unread.
        cache: The figures of earlier runs; new ones are added to it.
        run: Makes the runs of a plan.

    Raises:
        NotSaved: The results could not be saved.
    """
    planned = _planned(request, cache)
    outcome = run([job for of_one in planned.jobs.values() for job in of_one])
    for failure in outcome.failures:
        if isinstance(failure.error, NotSaved):
            raise failure.error
    errors = {failure.job.label: failure.error for failure in outcome.failures}
    tracked = planned.known
    for name, of_one in planned.jobs.items():
        measured = _tracked(of_one, outcome.results, errors, request.limits)
        if len(measured.figures) == len(of_one):
            cache.put(planned.keys[name], measured)
        tracked |= measured
    return tracked


def _planned(request: TrackingRequest, cache: FigureCache) -> _Plan:
    planned = _Plan()
    for name in request.names:
        try:
            scenario = request.catalogue.load(name)
        except BadInput as error:
            exists = request.catalogue.folder(name).is_dir()
            reason = {name: str(error)}
            planned.known |= Tracked(unread=reason) if exists else Tracked(absent=reason)
            continue
        try:
            jobs = _jobs(request, scenario)
        except (BadInput, NotMeasured) as error:
            planned.known |= Tracked(absent={name: str(error)})
            continue
        try:
            key = planned.keys[name] = key_of(request.catalogue, jobs, request.limits)
        except OSError as error:
            planned.known |= Tracked(failed={name: f"{name} cannot be read: {error}"})
            continue
        if (known := cache.get(key)) is not None:
            planned.known |= known
        else:
            planned.jobs[name] = jobs
    return planned


def _jobs(request: TrackingRequest, scenario: Scenario) -> list[Job]:
    modes = [mode for mode in scenario.modes if not request.modes or mode in request.modes]
    if not modes:
        has = ", ".join(scenario.modes)
        raise BadInput(f"{scenario.name} has none of these modes; it has: {has}")
    fixed_length = PlanRequest(names=(scenario.name,), modes=modes, budget_seconds=None)
    return plan(request.catalogue, fixed_length)


def _tracked(
    jobs: Sequence[Job],
    results: Sequence[Result],
    errors: dict[str, LabError],
    limits: Limits,
) -> Tracked:
    """Return the figures of one scenario's runs.

    A run that was stopped by its time limit has no figures, because it would have done more units
    on a less busy machine.
    """
    labels = {job.label for job in jobs}
    own = {name: error for name, error in errors.items() if name in labels}
    made = {label(r): r for r in results if label(r) in labels and label(r) not in own}
    timed_out = {name: r for name, r in made.items() if r.end_reason is EndReason.TIME_LIMIT}
    failed = {name: str(error) for name, error in own.items() if not isinstance(error, Skipped)}
    return Tracked(
        figures={
            name: figures_of(made[name], limits) for name in sorted(made.keys() - timed_out.keys())
        },
        absent={name: str(error) for name, error in own.items() if isinstance(error, Skipped)},
        failed=failed
        | {name: f"{name}: {r.end_reason}, {r.detail}" for name, r in timed_out.items()},
    )
