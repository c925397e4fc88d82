"""From a trace to a result: every measured process judged, the worst one the run's."""

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
from leaklab.verdict.unvouched import doubted
from leaklab.verdict.wording import with_text


def to_result(job: Job, trace: Measurement, environment: Environment) -> Result:
    """Judge a trace and make the record that is saved."""
    processes = [_judged(job, trace, process) for process in trace.processes]
    tree = _judged_tree(job, trace)
    verdict = with_text(_of_run(job, trace, processes, tree))
    peak, baseline = _largest(processes)
    return Result(
        **_asked(job),
        units_done=trace.units_done,
        end_reason=trace.end_reason,
        detail=trace.detail,
        verdict=verdict,
        worst_process=_worst_process(processes),
        as_expected=_is_as_expected(job, verdict),
        peak_rss_bytes=peak,
        baseline_rss_bytes=baseline,
        tree_peak_pss_bytes=trace.tree_peak_pss_bytes,
        tree_peak_pss_anon_bytes=_highest(tree, Signal.PSS_ANON),
        tree_pss_longest_gap_seconds=trace.tree_pss_longest_gap_seconds,
        cgroup_peak_bytes=trace.cgroup_peak_bytes,
        processes=processes,
        tree=tree,
        controls=trace.controls,
        environment=environment,
        output_tail=trace.output_tail,
    )


def _asked(job: Job) -> dict[str, Any]:
    """What a result says of its job."""
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
    """Whether a verdict is what is known of the program; None where nothing is."""
    leaks = job.scenario.leaks(job.variant)
    return None if leaks is None else verdict.conclusion is Conclusion.of(leaks=leaks)


def _judged(job: Job, trace: Measurement, process: ProcessRecord) -> ProcessRecord:
    """A process with its own verdict, by the work that it did itself; its peak is that of the units
    that were asked for, however far the run went on."""
    limits = _held_to(trace.controls)
    work = RunLength(trace.end_reason, process.units_done, job.scenario.units, limits)
    verdict = judge_process(process, job.scenario.resource, work)
    asked = job.units // job.workers if process.role is Role.WORKER else job.units
    peaks = [stop.peak_rss_bytes for stop in process.stops if stop.units >= asked]
    return msgspec.structs.replace(
        process,
        verdict=with_text(verdict),
        peak_rss_bytes=peaks[0] if peaks else process.peak_rss_bytes,
        whole_peak_rss_bytes=process.peak_rss_bytes,
    )


def _held_to(controls: Controls) -> dict[Resource, float]:
    """How much a run might have of each resource; the defaults where its result does not say."""
    if not controls.memory_limit_bytes:
        return DEFAULT_RESOURCE_LIMITS
    by_controls = controls.memory_limit_bytes, controls.process_limit, controls.descriptor_limit
    return resource_limits(*by_controls)


def _judged_tree(job: Job, trace: Measurement) -> TreeRecord | None:
    """The tree with its own verdict, by the work of all."""
    if trace.tree is None:
        return None
    needed = job.scenario.units * job.workers
    work = RunLength(trace.end_reason, trace.units_done, needed, _held_to(trace.controls))
    verdict = judge_tree(rows_of(trace.tree.samples), job.scenario.resource, work)
    return msgspec.structs.replace(trace.tree, verdict=with_text(verdict))


def _highest(tree: TreeRecord | None, signal: Signal) -> int | None:
    """The most that was read of one signal."""
    values = tree.samples.column(signal) if tree else []
    return max((value for value in values if value is not None), default=None)


def _worst_process(processes: Sequence[ProcessRecord]) -> int | None:
    """Where in the list the worst verdict is: a leak, the largest first; else one undecided; else
    the largest growth. Who does not read the resource comes last: others do it for him."""

    def badness(at: int) -> tuple[int, float]:
        verdict = processes[at].verdict
        if verdict is None or not was_read(verdict):
            return -1, 0.0
        return SEVERITY[verdict.conclusion], verdict.per_unit or 0.0

    return max(range(len(processes)), key=badness, default=None)


def _largest(processes: Sequence[ProcessRecord]) -> tuple[int | None, int | None]:
    """Peak and baseline of the process with the largest peak."""
    found = [(p.peak_rss_bytes, p.baseline_rss_bytes) for p in processes]
    return max(found, default=(None, None))


def _of_run(
    job: Job, trace: Measurement, processes: Sequence[ProcessRecord], tree: TreeRecord | None
) -> Verdict:
    """The verdict of the worst process, or of the tree where that is the scenario's scope."""
    resource = job.scenario.resource
    worst = _worst_process(processes)
    verdict = None if worst is None else processes[worst].verdict
    if worst is None or verdict is None:
        reason = Reason(kind=ReasonKind.NOTHING_MEASURED, end_reason=trace.end_reason.value)
        return _undecided(resource, reason)
    if job.scenario.judge is Criterion.PEAK:
        return _undecided(resource, Reason(kind=ReasonKind.NEEDS_PAIR))
    of_tree = tree.verdict if tree else None
    others = _others([process.verdict for process in processes], of_tree)
    reasons = verdict.reasons
    if job.scenario.scope is Scope.TREE and of_tree:
        verdict, reasons = of_tree, _said_of("tree", of_tree.reasons)
    elif len(processes) > 1 and trace.end_reason is EndReason.COMPLETED:
        reasons = _said_of(process_label(processes[worst]), reasons)
    if of_tree and _only_tree_leaks(resource, verdict, of_tree):
        verdict, reasons = of_tree, _said_of("tree", of_tree.reasons)
    others.pop(resource, None)
    reasons = [*reasons, *children_grow(job, trace, processes, tree), *_budget(job, trace, verdict)]
    verdict = msgspec.structs.replace(verdict, reasons=reasons, others=others)
    return verdict if job.scenario.is_vouched else doubted(job, trace, processes[worst], verdict)


def _only_tree_leaks(resource: Resource, verdict: Verdict, of_tree: Verdict) -> bool:
    """Whether shared memory grows that is in no file: memfds, of which the cgroup alone knows."""
    shared = resource is Resource.SHARED_MEMORY
    return shared and of_tree.is_leak and not verdict.is_leak


def _undecided(resource: Resource, reason: Reason) -> Verdict:
    return Verdict(
        conclusion=Conclusion.UNDECIDED, growth=None, resource=resource, reasons=[reason]
    )


def _said_of(process: str, reasons: Iterable[Reason]) -> list[Reason]:
    """Reasons with the name of the process that they are about."""
    return [msgspec.structs.replace(reason, process=process) for reason in reasons]


def _budget(job: Job, trace: Measurement, verdict: Verdict) -> list[Reason]:
    """What would decide a run that went on as far as it might."""
    if (
        verdict.is_decided
        or job.budget_seconds is None
        or trace.end_reason is not EndReason.COMPLETED
    ):
        return []
    if trace.units_done < job.units:
        return []
    kind = ReasonKind.HELD_BACK if trace.stopped_by_option else ReasonKind.WORKLOAD_ENDED
    return [Reason(kind=kind, done=trace.units_done, option=trace.stopped_by_option)]


def _others(
    verdicts: Iterable[Verdict | None], of_tree: Verdict | None
) -> dict[Resource, Conclusion]:
    """Of each resource that is not the scenario's: whether any process leaks it, or the tree.

    What is read of the tree now and then only adds a leak, and only of what can be counted: from
    outside, garbage in waiting and an allocator's free pages look like one of memory.
    """
    found: dict[Resource, list[Conclusion]] = {}
    for verdict in verdicts:
        for resource, conclusion in verdict.others.items() if verdict else ():
            found.setdefault(resource, []).append(conclusion)
    worst = {resource: max(said, key=SEVERITY.__getitem__) for resource, said in found.items()}
    for resource, conclusion in of_tree.others.items() if of_tree else ():
        if conclusion is Conclusion.LEAK and resource is not Resource.MEMORY:
            worst[resource] = conclusion
    return worst


def process_label(process: ProcessRecord) -> str:
    """How people name a process of a run: `parent`, `worker 2`."""
    return f"worker {process.number}" if process.role is Role.WORKER else str(process.role)
