"""From a measurement to a result: the verdict on a run is that of its worst process."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from leaklab.model.job import Job
from leaklab.model.measurement import (
    Controls,
    EndReason,
    Environment,
    Measurement,
    ProcessRecord,
    Role,
    TreeRecord,
)
from leaklab.model.result import Result
from leaklab.model.scenario import Criterion, Resource, Scope
from leaklab.model.signals import Signal
from leaklab.model.verdicts import SEVERITY, Conclusion, Reason, ReasonKind, Verdict
from leaklab.verdict.children import children_grow
from leaklab.verdict.length import RunLength
from leaklab.verdict.process import judge_process, judge_tree, rows_of, was_read
from leaklab.verdict.resources import DEFAULT_RESOURCE_LIMITS, resource_limits
from leaklab.verdict.unvouched import with_doubts
from leaklab.verdict.wording import with_text


def to_result(job: Job, measurement: Measurement, environment: Environment) -> Result:
    """Judge a measurement and make the record that is saved."""
    processes = [_judged(job, measurement, process) for process in measurement.processes]
    tree = _judged_tree(job, measurement)
    verdict = with_text(_of_run(job, measurement, processes, tree))
    peak, baseline = _largest(processes)
    return Result(
        **_settings_of(job),
        units_done=measurement.units_done,
        end_reason=measurement.end_reason,
        detail=measurement.detail,
        verdict=verdict,
        worst_process=_worst_process(processes),
        as_expected=_is_as_expected(job, verdict),
        peak_rss_bytes=peak,
        baseline_rss_bytes=baseline,
        tree_peak_pss_bytes=measurement.tree_peak_pss_bytes,
        tree_peak_pss_anon_bytes=_maximum(tree, Signal.PSS_ANON),
        tree_pss_longest_gap_seconds=measurement.tree_pss_longest_gap_seconds,
        cgroup_peak_bytes=measurement.cgroup_peak_bytes,
        processes=processes,
        tree=tree,
        controls=measurement.controls,
        environment=environment,
        output_tail=measurement.output_tail,
    )


def _settings_of(job: Job) -> dict[str, Any]:
    """Return the fields of a result that describe its job."""
    scenario = job.scenario
    return {
        "scenario": scenario.name,
        "variant": job.variant,
        "mode": job.mode,
        "workers": job.workers,
        "units": job.units,
        "unit": scenario.unit,
        "seed": job.seed,
        "options": dict(job.options),
        "repeat": job.repeat,
        "budget_seconds": job.budget_seconds,
        "python": job.python,
        "scope": scenario.scope,
        "vouched": scenario.is_vouched,
        "expected_growth": scenario.growth_of(job.variant),
        "expected_leak": scenario.leaks(job.variant),
        "judge": scenario.judge,
        "min_ratio": scenario.min_ratio,
    }


def _is_as_expected(job: Job, verdict: Verdict) -> bool | None:
    """Return whether a verdict agrees with the known truth; None where the truth is unknown."""
    leaks = job.scenario.leaks(job.variant)
    return None if leaks is None else verdict.conclusion is Conclusion.of(leaks=leaks)


def _judged(job: Job, measurement: Measurement, process: ProcessRecord) -> ProcessRecord:
    """Return a process with its own verdict, by its own work.

    Its peak is that of the units that were requested, even where the run went on.
    """
    limits = _limits_of(measurement.controls)
    length = RunLength(measurement.end_reason, process.units_done, job.scenario.units, limits)
    verdict = judge_process(process, job.scenario.resource, length)
    requested = job.units // job.workers if process.role is Role.WORKER else job.units
    peaks = [stop.peak_rss_bytes for stop in process.stops if stop.units >= requested]
    return msgspec.structs.replace(
        process,
        verdict=with_text(verdict),
        peak_rss_bytes=peaks[0] if peaks else process.peak_rss_bytes,
        whole_peak_rss_bytes=process.peak_rss_bytes,
    )


def _limits_of(controls: Controls) -> dict[Resource, float]:
    """Return the limits of a run; the defaults for an old result, which does not name them."""
    if not controls.memory_limit_bytes:
        return DEFAULT_RESOURCE_LIMITS
    by_controls = controls.memory_limit_bytes, controls.process_limit, controls.descriptor_limit
    return resource_limits(*by_controls)


def _judged_tree(job: Job, measurement: Measurement) -> TreeRecord | None:
    """Return the tree with its own verdict, by the work of all processes."""
    if measurement.tree is None:
        return None
    needed = job.scenario.units * job.workers
    length = RunLength(
        measurement.end_reason, measurement.units_done, needed, _limits_of(measurement.controls)
    )
    rows, replaced = rows_of(measurement.tree.samples), measurement.tree.replaced
    verdict = judge_tree(rows, job.scenario.resource, length, replaced)
    return msgspec.structs.replace(measurement.tree, verdict=with_text(verdict))


def _maximum(tree: TreeRecord | None, signal: Signal) -> int | None:
    """Return the highest reading of a signal; None where it was not read."""
    values = tree.samples.column(signal) if tree else []
    return max((value for value in values if value is not None), default=None)


def _worst_process(processes: Sequence[ProcessRecord]) -> int | None:
    """Return the index of the process with the worst verdict; None without processes.

    A leak is worse than an undecided verdict, which is worse than a clean one; of several the one
    with the largest growth is the worst. A process without readings of the resource comes last.
    """

    def severity(at: int) -> tuple[int, float]:
        """Return the rank of a process: its conclusion, then its growth per unit."""
        verdict = processes[at].verdict
        if verdict is None or not was_read(verdict):
            return -1, 0.0
        return SEVERITY[verdict.conclusion], verdict.per_unit or 0.0

    return max(range(len(processes)), key=severity, default=None)


def _largest(processes: Sequence[ProcessRecord]) -> tuple[int | None, int | None]:
    """Return peak and baseline of the process with the largest peak, in bytes."""
    peaks = [(p.peak_rss_bytes, p.baseline_rss_bytes) for p in processes]
    return max(peaks, default=(None, None))


def _of_run(
    job: Job, measurement: Measurement, processes: Sequence[ProcessRecord], tree: TreeRecord | None
) -> Verdict:
    """Return the verdict on the worst process, or on the tree where that is the scope."""
    resource = job.scenario.resource
    worst = _worst_process(processes)
    verdict = None if worst is None else processes[worst].verdict
    if worst is None or verdict is None:
        reason = Reason(kind=ReasonKind.NOTHING_MEASURED, end_reason=measurement.end_reason.value)
        return _undecided(resource, reason)
    if job.scenario.judge is Criterion.PEAK:
        return _undecided(resource, Reason(kind=ReasonKind.NEEDS_PAIR))
    of_tree = tree.verdict if tree else None
    others = _others([process.verdict for process in processes], of_tree)
    reasons = verdict.reasons
    if job.scenario.scope is Scope.TREE and of_tree:
        verdict, reasons = of_tree, _reasons_of("tree", of_tree.reasons)
    elif len(processes) > 1 and measurement.end_reason is EndReason.COMPLETED:
        reasons = _reasons_of(process_label(processes[worst]), reasons)
    if of_tree and _only_tree_leaks(resource, verdict, of_tree):
        verdict, reasons = of_tree, _reasons_of("tree", of_tree.reasons)
    others.pop(resource, None)
    reasons = [
        *reasons,
        *children_grow(job, measurement, processes, tree),
        *_budget(job, measurement, verdict),
    ]
    verdict = msgspec.structs.replace(verdict, reasons=reasons, others=others)
    return (
        verdict
        if job.scenario.is_vouched
        else with_doubts(job, measurement, processes[worst], verdict)
    )


def _only_tree_leaks(resource: Resource, verdict: Verdict, of_tree: Verdict) -> bool:
    """Return whether shared memory without a file grows: memfds, which only the cgroup counts."""
    shared = resource is Resource.SHARED_MEMORY
    return shared and of_tree.is_leak and not verdict.is_leak


def _undecided(resource: Resource, reason: Reason) -> Verdict:
    return Verdict(
        conclusion=Conclusion.UNDECIDED, growth=None, resource=resource, reasons=[reason]
    )


def _reasons_of(process: str, reasons: Iterable[Reason]) -> list[Reason]:
    """Return reasons with the name of the process that they are about."""
    return [msgspec.structs.replace(reason, process=process) for reason in reasons]


def _budget(job: Job, measurement: Measurement, verdict: Verdict) -> list[Reason]:
    """Return what would decide a run that went on as far as its budget and limits allowed."""
    if (
        verdict.is_decided
        or job.budget_seconds is None
        or measurement.end_reason is not EndReason.COMPLETED
    ):
        return []
    if measurement.units_done < job.units:
        return []
    kind = (
        ReasonKind.LIMITED_BY_OPTION if measurement.stopped_by_option else ReasonKind.WORKLOAD_ENDED
    )
    return [Reason(kind=kind, done=measurement.units_done, option=measurement.stopped_by_option)]


def _others(
    verdicts: Iterable[Verdict | None], of_tree: Verdict | None
) -> dict[Resource, Conclusion]:
    """Return the worst conclusion on each resource that is not the scenario's.

    The tree, which is read rarely, only adds leaks of counted resources: from outside, uncollected
    garbage and an allocator's free pages look like a leak of memory.
    """
    conclusions: dict[Resource, list[Conclusion]] = {}
    for verdict in verdicts:
        for resource, conclusion in verdict.others.items() if verdict else ():
            conclusions.setdefault(resource, []).append(conclusion)
    worst = {
        r: max(of_resource, key=SEVERITY.__getitem__) for r, of_resource in conclusions.items()
    }
    for resource, conclusion in of_tree.others.items() if of_tree else ():
        if conclusion is Conclusion.LEAK and resource is not Resource.MEMORY:
            worst[resource] = conclusion
    return worst


def process_label(process: ProcessRecord) -> str:
    """Return the name of a process of a run: `parent`, `worker 2`."""
    return f"worker {process.number}" if process.role is Role.WORKER else str(process.role)
