"""From a trace to a result: every measured process judged, the worst one the run's."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from leaklab.model.errors import BadInput, LabError, NotMeasured
from leaklab.model.job import Job
from leaklab.model.measurement import Ended, Environment, ProcessRecord, Role, Trace, TreeRecord
from leaklab.model.result import Result
from leaklab.model.scenario import Judge, Resource, Scenario, Scope, Variant
from leaklab.model.signals import Signal
from leaklab.model.verdicts import Verdict
from leaklab.verdict.pairs import compare, judge_pair
from leaklab.verdict.process import Work, judge, judge_tree, rows_of, was_read

WHAT_FAILED = {
    Ended.DIED: "the measured process died: ",
    Ended.NOT_STARTED: "the measured process died: ",
    Ended.WORKER_DIED: "a worker died: ",
}


def to_result(job: Job, trace: Trace, environment: Environment) -> Result:
    """Judge a trace and make the record that is saved."""
    processes = [_judged(job, trace.ended, process) for process in trace.processes]
    tree = _judged_tree(job, trace)
    verdict = _of_run(job, trace, processes, tree)
    peak, baseline = _largest(processes)
    return Result(
        **_asked(job),
        units_done=trace.units_done,
        ended=trace.ended,
        detail=trace.detail,
        verdict=verdict,
        worst=_worst(processes),
        agrees=verdict.leak is job.scenario.leaks(job.variant),
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
        "expected_growth": scenario.growth_of(job.variant),
        "expected_leak": scenario.leaks(job.variant),
    }


def judge_peaks(scenario: Scenario, one: Result, other: Result) -> tuple[Result, Result]:
    """Both variants of a scenario that is judged by its peaks, each with the pair's verdict."""
    pair = judge_pair(compare(one, other), scenario).pair
    if pair is None:
        return one, other
    reason = f"the buggy peak is {pair.ratio:.2f} times the fixed one; {pair.min_ratio:g} is a leak"

    def judged(result: Result) -> Result:
        leak = pair.leak and result.variant is Variant.BUGGY
        verdict = msgspec.structs.replace(result.verdict, leak=leak, reasons=[reason])
        agrees = leak is scenario.leaks(result.variant)
        return msgspec.structs.replace(result, verdict=verdict, agrees=agrees)

    return judged(one), judged(other)


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
        what = WHAT_FAILED.get(trace.ended, "")
        said = trace.output_tail.strip().splitlines()[-1:]
        words = f"; its last words: {said[0]}" if said else ""
        error = NotMeasured(f"{job.label}: {what}{trace.detail}{words}")
    error.add_note(trace.output_tail)
    raise error


def _judged(job: Job, ended: Ended, process: ProcessRecord) -> ProcessRecord:
    """A process with its own verdict, by the work that it did itself."""
    work = Work(ended=ended, done=process.units_done, needed=job.scenario.units)
    verdict = judge(process, job.scenario.resource, work)
    return msgspec.structs.replace(process, verdict=verdict)


def _judged_tree(job: Job, trace: Trace) -> TreeRecord | None:
    """The tree with its own verdict, by the work of all."""
    if trace.tree is None:
        return None
    needed = job.scenario.units * job.workers
    work = Work(ended=trace.ended, done=trace.units_done, needed=needed)
    verdict = judge_tree(rows_of(trace.tree.samples), job.scenario.resource, work)
    return msgspec.structs.replace(trace.tree, verdict=verdict)


def _highest(tree: TreeRecord | None, signal: Signal) -> int | None:
    """The most that was read of one signal."""
    values = tree.samples.column(signal) if tree else []
    return max((value for value in values if value is not None), default=None)


def _worst(processes: Sequence[ProcessRecord]) -> int | None:
    """Where in the list the worst verdict is: a leak, the largest first; else one undecided; else
    the largest growth. Who does not read the resource comes last: others do it for him."""

    def badness(at: int) -> tuple[int, float]:
        verdict = processes[at].verdict
        if verdict is None or not was_read(verdict):
            return -1, 0.0
        return {True: 2, None: 1, False: 0}[verdict.leak], verdict.per_unit or 0.0

    return max(range(len(processes)), key=badness, default=None)


def _largest(processes: Sequence[ProcessRecord]) -> tuple[int | None, int | None]:
    """Peak and baseline of the process with the largest peak."""
    found = [(p.peak_rss_bytes, p.baseline_rss_bytes) for p in processes]
    return max(found, default=(None, None))


def _of_run(
    job: Job, trace: Trace, processes: Sequence[ProcessRecord], tree: TreeRecord | None
) -> Verdict:
    """The verdict of the worst process, or of the tree where that is the scenario's scope."""
    resource = job.scenario.resource
    worst = _worst(processes)
    verdict = None if worst is None else processes[worst].verdict
    if worst is None or verdict is None:
        reason = f"{trace.ended}: nothing was measured"
        return Verdict(leak=None, growth=None, resource=resource, reasons=[reason])
    if job.scenario.judge is Judge.PEAK:
        words = ["needs its pair: run both variants, with the same seed and units"]
        return Verdict(leak=None, growth=None, resource=resource, reasons=words)
    of_tree = tree.verdict if tree else None
    others = _others([process.verdict for process in processes], of_tree)
    reasons = verdict.reasons
    if job.scenario.scope is Scope.TREE and of_tree:
        verdict, reasons = of_tree, [f"tree: {reason}" for reason in of_tree.reasons]
    elif len(processes) > 1 and trace.ended is Ended.COMPLETED:
        reasons = [f"{name_of(processes[worst])}: {reason}" for reason in reasons]
    others.pop(resource, None)
    reasons = [*reasons, *_budget(job, trace, verdict)]
    return msgspec.structs.replace(verdict, reasons=reasons, others=others)


def _budget(job: Job, trace: Trace, verdict: Verdict) -> list[str]:
    """What would decide a run that went on as far as it might."""
    if verdict.leak is not None or job.budget_seconds is None or trace.ended is not Ended.COMPLETED:
        return []
    if trace.units_done < job.units:
        return []
    done = f"{trace.units_done:,} units"
    if trace.held_back_by:
        return [f"twice the {done} would not be within {trace.held_back_by}: raise it"]
    return [f"it ended after {done}: give --units, or make the workload yield more"]


def _others(
    verdicts: Iterable[Verdict | None], of_tree: Verdict | None
) -> dict[Resource, bool | None]:
    """Of each resource that is not the scenario's: whether any process leaks it, or the tree.

    What is read of the tree now and then only adds a leak, and only of what can be counted: from
    outside, garbage in waiting and an allocator's free pages look like one of memory.
    """
    found: dict[Resource, list[bool | None]] = {}
    for verdict in verdicts:
        for resource, leak in verdict.others.items() if verdict else ():
            found.setdefault(resource, []).append(leak)
    leaks = {r: True in said or (None if None in said else False) for r, said in found.items()}
    for resource, leak in of_tree.others.items() if of_tree else ():
        if leak and resource is not Resource.MEMORY:
            leaks[resource] = True
    return leaks


def name_of(process: ProcessRecord) -> str:
    """How people name a process of a run: `parent`, `worker 2`."""
    return f"worker {process.number}" if process.role is Role.WORKER else str(process.role)
