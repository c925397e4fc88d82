"""The projection of a variant: it is run at several sizes, and its peaks predict a larger one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.plan import PlanRequest, plan, require_installed
from leaklab.features.projection.fitting import MIN_SIZES, fit
from leaklab.features.projection.laws import Crossing, Law, Laws, Point, Prediction
from leaklab.model.errors import BadInput, NotMeasured
from leaklab.model.job import Job
from leaklab.model.measurement import EndReason, Measurement
from leaklab.model.scenario import Mode, Option, Resource, Scenario, Scope, Variant
from leaklab.model.signals import Signal
from leaklab.runs.failures import run_error
from leaklab.runs.runner import Executor

# The ratio of one size to the next. The table of a dict doubles, and a list grows by an eighth. A
# ratio that is nearly a whole number of such steps (the golden ratio is 4.09 steps of a list) would
# put all sizes at the same place of a step, and the steps would look like a line. In this ratio,
# eight sizes are spread over the steps of both: the widest gap is 1.6 times the mean gap.
RATIO = 1.636
MAX_TIMES_DECLARED = 4
MIN_UNITS = 8

# The advice by the limit that ended a run. `leaklab project` has no option for the other limits.
RAISE = {
    EndReason.MEMORY_LIMIT: ", or raise --memory-limit",
    EndReason.TIME_LIMIT: ", or raise --time-limit",
}


@dataclass(frozen=True)
class Sizes:
    """The number of sizes to run, and the largest one.

    None stands for `MAX_TIMES_DECLARED` times the declared units.
    """

    count: int
    largest_units: int | None = None


@dataclass(frozen=True)
class ProjectionTarget:
    """The size to project to, and the memory limit of a process including its interpreter."""

    units: int
    limit_bytes: int


@dataclass(frozen=True)
class VariantProjection:
    """One variant: its peaks by size, the laws that fit them, and their prediction.

    Peaks and `prediction` are above `baseline_bytes`, the RSS of the process before it imports its
    program. The limit applies to the sum of both. With the scope of a tree, a peak is the maximum
    PSS without files of all processes together, at unit boundaries, and nothing is subtracted.
    `crossing` is where the limit is reached. `plausible` are the laws that cannot be ruled out
    beside the likeliest one, which is the first in `laws`.
    """

    scenario: str
    variant: Variant
    scope: Scope
    unit: str
    seed: int
    options: dict[str, Option]
    target: ProjectionTarget
    baseline_bytes: int
    points: tuple[Point, ...]
    prediction: Prediction
    crossing: Crossing
    plausible: tuple[Law, ...]
    laws: Laws


def sizes_of(declared_units: int, sizes: Sizes) -> tuple[int, ...]:
    """Return the sizes to run, the largest first.

    Raises:
        BadInput: There are too few sizes between the smallest and the largest one.
    """
    largest = sizes.largest_units or MAX_TIMES_DECLARED * declared_units
    ratio = min(RATIO, max(largest / MIN_UNITS, 1) ** (1 / (sizes.count - 1)))
    units = {round(largest / ratio**step) for step in range(sizes.count)}
    if len(units) < MIN_SIZES:
        raise BadInput(
            f"{largest} units are too few to fit a law to {sizes.count} sizes of at least "
            f"{MIN_UNITS}; raise --largest"
        )
    return tuple(sorted(units, reverse=True))


def plan_sizes(
    catalogue: Catalogue, request: PlanRequest, sizes: Sizes, target_units: int
) -> list[list[Job]]:
    """Plan the inline runs at all sizes, for each variant of the one scenario in the request.

    Raises:
        LabError: The request cannot be planned, there are too few sizes, or the target is smaller
            than all of them.
    """
    (name,) = request.names
    inline = replace(request, modes=(Mode.INLINE,), repeat=1)
    scenario = catalogue.load(name)
    _require_memory(scenario)
    units = sizes_of(scenario.units, sizes)
    _require_units(name, target_units, units[-1])
    plans = [plan(catalogue, replace(inline, units=n)) for n in units]
    return [list(jobs) for jobs in zip(*plans, strict=True)]


def _require_memory(scenario: Scenario) -> None:
    if scenario.resource is not Resource.MEMORY:
        what = f"{scenario.name} is about {scenario.resource}, and only memory is projected"
        raise BadInput(f"{what}; 'leaklab run {scenario.name}' shows its growth per unit")


def _require_units(name: str, target_units: int, smallest_units: int) -> None:
    if target_units < smallest_units:
        problem = f"{target_units:,} units are fewer than the smallest size run, {smallest_units:,}"
        raise BadInput(f"{problem}; 'leaklab run {name} --units {target_units}' measures them")


def project_variants(
    jobs: Sequence[Job],
    executor: Executor,
    target: ProjectionTarget,
    on_progress: Callable[[str], None],
) -> VariantProjection:
    """Run one variant at every size, and project it to the target.

    The largest size runs first, because it is the first to exceed a limit.

    Args:
        jobs: One for each size.
        executor: Makes the runs.
        target: The size to project to, and the limit.
        on_progress: Is called with a line that names the run under way.

    Raises:
        LabError: A run could not be made, failed, or was stopped by a limit.
    """
    measured = []
    for number, job in enumerate(jobs, 1):
        run = f"{job.scenario.name}/{job.variant}, {job.units:,} units"
        on_progress(f"{run} (size {number} of {len(jobs)})")
        measured.append(_run(job, executor))
    points = tuple(sorted((point for point, _ in measured), key=lambda point: point.units))
    return _projected(jobs[0], target, points, max(baseline for _, baseline in measured))


def _projected(
    job: Job, target: ProjectionTarget, points: tuple[Point, ...], baseline: int
) -> VariantProjection:
    laws = fit(points)
    return VariantProjection(
        scenario=job.scenario.name,
        variant=job.variant,
        scope=job.scenario.scope,
        unit=job.scenario.unit,
        seed=job.seed,
        options=dict(job.options),
        target=target,
        baseline_bytes=baseline,
        points=points,
        prediction=laws.predict(target.units),
        crossing=laws.crossing(target.limit_bytes - baseline),
        plausible=tuple(dict.fromkeys(f.law for f in laws.plausible if f.law is not laws.best.law)),
        laws=laws,
    )


def _run(job: Job, executor: Executor) -> tuple[Point, int]:
    """Make one run; return its size with the peak, and its baseline in bytes."""
    require_installed(job)
    measurement = executor.execute(job, lambda _: None)
    if error := run_error(job, measurement):
        raise error
    _raise_if_stopped(job, measurement)
    if job.scenario.scope is Scope.TREE:
        return Point(job.units, _peak_of_tree(job, measurement)), 0
    peak, baseline = max((p.peak_rss_bytes, p.baseline_rss_bytes) for p in measurement.processes)
    return Point(job.units, peak), baseline


def _peak_of_tree(job: Job, measurement: Measurement) -> int:
    """Return the peak of a tree in bytes, by the definition of `Result.peak_bytes`.

    Raises:
        NotMeasured: The memory of the tree was not read.
    """
    read = measurement.tree.samples.column(Signal.PSS_ANON) if measurement.tree else []
    peak = max(
        (value for value in read if value is not None), default=measurement.tree_peak_pss_bytes
    )
    if peak is None:
        raise NotMeasured(f"{job.label}: the memory of its processes was not read; run it again")
    return peak


def _raise_if_stopped(job: Job, measurement: Measurement) -> None:
    """Check that a run completed; the peak of a stopped one is not that of its size.

    Raises:
        NotMeasured: A limit stopped the run; the message names the size and an option.
    """
    if measurement.end_reason is EndReason.COMPLETED:
        return
    detail = f" ({measurement.detail})" if measurement.detail else ""
    done = f"{measurement.units_done:,} of {job.units:,} units"
    remedy = f"give a --largest below {job.units}{RAISE.get(measurement.end_reason, '')}"
    raise NotMeasured(f"{job.label}: {measurement.end_reason} after {done}{detail}: {remedy}")
