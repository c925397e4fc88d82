"""From a trace to a result: every measured process judged, the worst one the run's."""

from collections.abc import Sequence

import msgspec

from leaklab.errors import BadInput, LabError, NotMeasured
from leaklab.model import Job, Judge, Resource
from leaklab.record import Ended, Environment, ProcessRecord, Result, Role, Trace, Verdict
from leaklab.verdict import Work, judge

WHAT_FAILED = {
    Ended.DIED: "the measured process died: ",
    Ended.NOT_STARTED: "the measured process died: ",
    Ended.WORKER_DIED: "a worker died: ",
}


def to_result(job: Job, trace: Trace, environment: Environment) -> Result:
    """Judge a trace and make the record that is saved."""
    processes, verdict = _judgement(job, trace)
    peak, baseline = _largest(processes)
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
        worst=_worst(processes),
        agrees=verdict.leak is job.scenario.leaks(job.variant),
        peak_rss_bytes=peak,
        baseline_rss_bytes=baseline,
        tree_peak_pss_bytes=trace.tree_peak_pss_bytes,
        tree_pss_longest_gap_seconds=trace.tree_pss_longest_gap_seconds,
        cgroup_peak_bytes=trace.cgroup_peak_bytes,
        processes=processes,
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
        what = WHAT_FAILED.get(trace.ended, "")
        said = trace.output_tail.strip().splitlines()[-1:]
        words = f"; its last words: {said[0]}" if said else ""
        error = NotMeasured(f"{job.label}: {what}{trace.detail}{words}")
    error.add_note(trace.output_tail)
    raise error


def _judgement(job: Job, trace: Trace) -> tuple[list[ProcessRecord], Verdict]:
    processes = [_judged(job, trace.ended, process) for process in trace.processes]
    return processes, _of_run(job, trace, processes)


def _judged(job: Job, ended: Ended, process: ProcessRecord) -> ProcessRecord:
    """A process with its own verdict, by the work that it did itself."""
    work = Work(ended=ended, done=process.units_done, needed=job.scenario.units)
    verdict = judge(process, job.scenario.resource, work)
    return msgspec.structs.replace(process, verdict=verdict)


def _worst(processes: Sequence[ProcessRecord]) -> int | None:
    """Where in the list the worst verdict is: a leak, the largest first; else one undecided; else
    the largest growth."""

    def badness(at: int) -> tuple[int, float]:
        verdict = processes[at].verdict
        leak = verdict.leak if verdict else None
        amount = verdict.per_unit if verdict else None
        return {True: 2, None: 1, False: 0}[leak], amount or 0.0

    return max(range(len(processes)), key=badness, default=None)


def _largest(processes: Sequence[ProcessRecord]) -> tuple[int | None, int | None]:
    """Peak and baseline of the process with the largest peak."""
    found = [(p.peak_rss_bytes, p.baseline_rss_bytes) for p in processes]
    return max(found, default=(None, None))


def _of_run(job: Job, trace: Trace, processes: Sequence[ProcessRecord]) -> Verdict:
    resource = job.scenario.resource
    worst = _worst(processes)
    verdict = None if worst is None else processes[worst].verdict
    if worst is None or verdict is None:
        reason = f"{trace.ended}: nothing was measured"
        return Verdict(leak=None, growth=None, resource=resource, reasons=[reason])
    if job.scenario.judge is Judge.PEAK:
        words = ["needs its pair: 'leaklab compare' judges the peaks of the two"]
        return Verdict(leak=None, growth=None, resource=resource, reasons=words)
    if len(processes) == 1 or trace.ended is not Ended.COMPLETED:
        return verdict
    whose = name_of(processes[worst])
    reasons = [f"{whose}: {reason}" for reason in verdict.reasons]
    return msgspec.structs.replace(verdict, reasons=reasons, others=_others(processes))


def _others(processes: Sequence[ProcessRecord]) -> dict[Resource, bool | None]:
    """Of each resource that is not the scenario's: whether any process leaks it."""
    found: dict[Resource, list[bool | None]] = {}
    for process in processes:
        for resource, leak in process.verdict.others.items() if process.verdict else ():
            found.setdefault(resource, []).append(leak)
    return {r: True in said or (None if None in said else False) for r, said in found.items()}


def name_of(process: ProcessRecord) -> str:
    """How people name a process of a run: `parent`, `worker 2`."""
    return f"worker {process.number}" if process.role is Role.WORKER else str(process.role)
