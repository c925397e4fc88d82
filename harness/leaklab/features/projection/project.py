"""A variant run at several sizes, and what its peaks say of a size that nobody wants to run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.plan import PlanRequest, plan, require_installed
from leaklab.features.projection.fitting import MIN_SIZES, fit
from leaklab.features.projection.laws import Crossing, Law, Laws, Point, Prediction
from leaklab.model.errors import BadInput, NotMeasured
from leaklab.model.job import Job
from leaklab.model.measurement import EndReason, Measurement
from leaklab.model.scenario import Mode, Option, Scope, Variant
from leaklab.model.signals import Signal
from leaklab.runs.failures import run_error
from leaklab.runs.runner import Executor

# The table of a dict doubles, a list grows by an eighth. Where a whole number of such steps, or
# nearly one, lies between a size and the next (4.09 growths of a list between two in the golden
# ratio), all sizes meet the stairs at about one place, and stairs pass for a line. Eight sizes in
# this ratio are spread over the steps of both: no gap is wider than 1.6 times the mean one.
RATIO = 1.636
MAX_TIMES_DECLARED = 4
MIN_UNITS = 8

# What is to be raised where a limit ended a run; the others cannot be raised here.
RAISE = {
    EndReason.MEMORY_LIMIT: ", or raise --memory-limit",
    EndReason.TIME_LIMIT: ", or raise --time-limit",
}


@dataclass(frozen=True)
class Sizes:
    """How many sizes are run, and the largest; None for so many times the declared units."""

    count: int
    largest_units: int | None = None


@dataclass(frozen=True)
class ProjectionTarget:
    """What is asked of the laws: the size to project to, and the memory that a process may take,
    its interpreter included."""

    units: int
    limit_bytes: int


@dataclass(frozen=True)
class VariantProjection:
    """One variant: its peaks by size, the laws that fit them, and what follows.

    Peaks, and so `prediction`, are above `baseline_bytes`, which the process has before its
    program is imported; the limit is met by both together. Those of a tree (`scope`) are the most
    that all its processes hold together (PSS without files, at unit boundaries), with nothing taken
    off. `rivals` are the laws that cannot be ruled out beside the likeliest, which is the first in
    `laws`.
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
    meeting: Crossing
    plausible: tuple[Law, ...]
    laws: Laws


def sizes_of(declared_units: int, sizes: Sizes) -> tuple[int, ...]:
    """The sizes to run, the largest first.

    Raises:
        BadInput: there are too few between the least and the largest.
    """
    largest = sizes.largest_units or MAX_TIMES_DECLARED * declared_units
    ratio = min(RATIO, max(largest / MIN_UNITS, 1) ** (1 / (sizes.count - 1)))
    found = {round(largest / ratio**step) for step in range(sizes.count)}
    if len(found) < MIN_SIZES:
        raise BadInput(
            f"{largest} units are too few to see a law in {sizes.count} sizes of at least "
            f"{MIN_UNITS}; raise --largest"
        )
    return tuple(sorted(found, reverse=True))


def plan_sizes(
    catalogue: Catalogue, request: PlanRequest, sizes: Sizes, target_units: int
) -> list[list[Job]]:
    """The runs to make, inline, for each variant of the one scenario that is asked for.

    Raises:
        LabError: as `plan`; or too few sizes, or the target is below them all.
    """
    (name,) = request.names
    inline = replace(request, modes=(Mode.INLINE,), repeat=1)
    units = sizes_of(catalogue.load(name).units, sizes)
    _require_units(name, target_units, units[-1])
    plans = [plan(catalogue, replace(inline, units=n)) for n in units]
    return [list(jobs) for jobs in zip(*plans, strict=True)]


def _require_units(name: str, target_units: int, smallest_units: int) -> None:
    if target_units < smallest_units:
        words = f"{target_units:,} units are fewer than the smallest size run, {smallest_units:,}"
        raise BadInput(f"{words}; 'leaklab run {name} --units {target_units}' measures them")


def project_variants(
    jobs: Sequence[Job], executor: Executor, target: ProjectionTarget, tell: Callable[[str], None]
) -> VariantProjection:
    """Run one variant at every size, the largest first: if any comes to a limit, it is that one.

    Args:
        jobs: one for each size.
        executor: makes the runs.
        target: what is asked.
        tell: is told which run is under way, for progress.

    Raises:
        LabError: a run could not be made, broke off, or was stopped.
    """
    found = []
    for number, job in enumerate(jobs, 1):
        words = f"{job.scenario.name}/{job.variant}, {job.units:,} units"
        tell(f"{words} (size {number} of {len(jobs)})")
        found.append(_run(job, executor))
    points = tuple(sorted((point for point, _ in found), key=lambda point: point.units))
    return _projected(jobs[0], target, points, max(baseline for _, baseline in found))


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
        meeting=laws.crossing(target.limit_bytes - baseline),
        plausible=tuple(dict.fromkeys(f.law for f in laws.plausible if f.law is not laws.best.law)),
        laws=laws,
    )


def _run(job: Job, executor: Executor) -> tuple[Point, int]:
    """One run's size and peak, and its baseline in bytes."""
    require_installed(job)
    trace = executor.execute(job, lambda _: None)
    if error := run_error(job, trace):
        raise error
    _raise_if_stopped(job, trace)
    if job.scenario.scope is Scope.TREE:
        return Point(job.units, _peak_of_tree(job, trace)), 0
    peak, baseline = max((p.peak_rss_bytes, p.baseline_rss_bytes) for p in trace.processes)
    return Point(job.units, peak), baseline


def _peak_of_tree(job: Job, trace: Measurement) -> int:
    """As `Result.peak_bytes`.

    Raises:
        NotMeasured: the tree was not read.
    """
    read = trace.tree.samples.column(Signal.PSS_ANON) if trace.tree else []
    peak = max((value for value in read if value is not None), default=trace.tree_peak_pss_bytes)
    if peak is None:
        raise NotMeasured(f"{job.label}: the memory of its processes was not read; run it again")
    return peak


def _raise_if_stopped(job: Job, trace: Measurement) -> None:
    """Stop where a limit ended a run: its peak is not that of its size.

    Raises:
        NotMeasured: saying at what size, and what to do.
    """
    if trace.end_reason is EndReason.COMPLETED:
        return
    detail = f" ({trace.detail})" if trace.detail else ""
    done = f"{trace.units_done:,} of {job.units:,} units"
    remedy = f"give a --largest below {job.units}{RAISE.get(trace.end_reason, '')}"
    raise NotMeasured(f"{job.label}: {trace.end_reason} after {done}{detail}: {remedy}")
