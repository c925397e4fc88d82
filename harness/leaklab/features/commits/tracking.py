"""The figures of a catalogue: every variant and mode of its scenarios, measured by this leaklab."""

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
    """What is to be measured: scenarios of a catalogue, in some modes or in all that they have."""

    catalogue: Catalogue
    names: Sequence[str]
    limits: Limits
    modes: Sequence[Mode] = ()


@dataclass
class _Plan:
    """The runs to make, by scenario, and what needs none."""

    jobs: dict[str, list[Job]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    known: Tracked = field(default_factory=Tracked)


def track(
    survey: TrackingRequest, remembered: FigureCache, make: Callable[[Sequence[Job]], Outcome]
) -> Tracked:
    """The figures of what was asked for; what is remembered is not measured again.

    Args:
        survey: what to measure. A scenario that the catalogue lacks is absent under its own name,
            one whose form this leaklab does not read is unread.
        remembered: the figures of earlier runs; these are added to them.
        make: makes the runs of a plan.

    Raises:
        NotSaved: the results could not be saved.
    """
    planned = _planned(survey, remembered)
    outcome = make([job for of_one in planned.jobs.values() for job in of_one])
    for failure in outcome.failures:
        if isinstance(failure.error, NotSaved):
            raise failure.error
    errors = {failure.job.label: failure.error for failure in outcome.failures}
    found = planned.known
    for name, of_one in planned.jobs.items():
        tracked = _tracked(of_one, outcome.results, errors, survey.limits)
        if len(tracked.figures) == len(of_one):
            remembered.put(planned.keys[name], tracked)
        found |= tracked
    return found


def _planned(survey: TrackingRequest, remembered: FigureCache) -> _Plan:
    planned = _Plan()
    for name in survey.names:
        try:
            scenario = survey.catalogue.load(name)
        except BadInput as error:
            is_there = survey.catalogue.folder(name).is_dir()
            reason = {name: str(error)}
            planned.known |= Tracked(unread=reason) if is_there else Tracked(absent=reason)
            continue
        try:
            jobs = _jobs(survey, scenario)
        except (BadInput, NotMeasured) as error:
            planned.known |= Tracked(absent={name: str(error)})
            continue
        try:
            key = planned.keys[name] = key_of(survey.catalogue, jobs, survey.limits)
        except OSError as error:
            planned.known |= Tracked(failed={name: f"{name} cannot be read: {error}"})
            continue
        if (known := remembered.get(key)) is not None:
            planned.known |= known
        else:
            planned.jobs[name] = jobs
    return planned


def _jobs(survey: TrackingRequest, scenario: Scenario) -> list[Job]:
    modes = [mode for mode in scenario.modes if not survey.modes or mode in survey.modes]
    if not modes:
        has = ", ".join(scenario.modes)
        raise BadInput(f"{scenario.name} has none of these modes; it has: {has}")
    fixed_length = PlanRequest(names=(scenario.name,), modes=modes, budget_seconds=None)
    return plan(survey.catalogue, fixed_length)


def _tracked(
    jobs: Sequence[Job],
    results: Sequence[Result],
    errors: dict[str, LabError],
    limits: Limits,
) -> Tracked:
    """What became of the runs of one scenario; one whose time was up has no figures, for on a
    machine less busy it had come further."""
    labels = {job.label for job in jobs}
    own = {name: error for name, error in errors.items() if name in labels}
    made = {label(r): r for r in results if label(r) in labels and label(r) not in own}
    late = {name: r for name, r in made.items() if r.end_reason is EndReason.TIME_LIMIT}
    failed = {name: str(error) for name, error in own.items() if not isinstance(error, Skipped)}
    return Tracked(
        figures={
            name: figures_of(made[name], limits) for name in sorted(made.keys() - late.keys())
        },
        absent={name: str(error) for name, error in own.items() if isinstance(error, Skipped)},
        failed=failed | {name: f"{name}: {r.end_reason}, {r.detail}" for name, r in late.items()},
    )
