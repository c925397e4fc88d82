"""Verdicts on work whose length nobody vouches for: what is still filling looks like a leak there.

A leak is believed only after the whole budget, and says what would look the same. Where a container
that states a maximum of its own was seen to grow, and is not full, nothing is decided before it is.
"""

from collections.abc import Sequence

import msgspec

from leaklab.model.job import Job
from leaklab.model.measurement import Container, EndReason, Measurement, ProcessRecord
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind, Verdict
from leaklab.verdict.growth import CONFIRM_TIMES

# What is to be raised where a run was stopped.
LIMIT_OPTION = {
    EndReason.MEMORY_LIMIT: "--memory-limit",
    EndReason.TIME_LIMIT: "--time-limit",
    EndReason.PROCESS_LIMIT: "--process-limit",
    EndReason.DESCRIPTOR_LIMIT: "--descriptor-limit",
}

# A budget so many times as large is what is advised.
MORE_BUDGET = 4


def doubted(job: Job, trace: Measurement, process: ProcessRecord, verdict: Verdict) -> Verdict:
    """A verdict, with what it cannot exclude.

    Args:
        job: the run, whose units nobody vouches for.
        trace: how it ended.
        process: the process that the verdict is about.
        verdict: as the numbers have it.
    """
    if not verdict.is_leak:
        return verdict
    is_extreme = verdict.reasons[0].kind is ReasonKind.EXTREME
    if filling := filling_of(process.bounded):
        reasons = [_fills(job, trace, process, one) for one in filling]
        return _undecided(verdict, reasons)
    reason = _may_be_filling(job, trace, process, verdict)
    if trace.stopped_by_option or trace.end_reason.stopped or is_extreme:
        return msgspec.structs.replace(verdict, reasons=[*verdict.reasons, reason])
    return _undecided(verdict, [reason])


def filling_of(found: Sequence[Container]) -> list[tuple[Container, float]]:
    """The containers that are not full and have grown since they were last looked at, and their
    entries per unit; those that were looked at once, from the beginning of the work."""
    last = max((one.units for one in found), default=0)
    filling = []
    for one in found:
        if one.units != last:
            continue
        before = [b for b in found if b.name == one.name and b.units < last]
        entries, units = (before[-1].entries, before[-1].units) if before else (0, 0)
        if entries < one.entries < one.maximum:
            filling.append((one, (one.entries - entries) / (last - units)))
    return filling


def _fills(
    job: Job, trace: Measurement, process: ProcessRecord, filling: tuple[Container, float]
) -> Reason:
    container, rate = filling
    units = container.units + (container.maximum - container.entries) / rate
    # It must be full for the last two octaves.
    budget = (process.cpu_seconds or 0.0) * CONFIRM_TIMES * units / max(trace.units_done, 1)
    return Reason(
        kind=ReasonKind.FILLS,
        name=container.name,
        count=container.entries,
        maximum=container.maximum,
        needed=round(units),
        option=trace.stopped_by_option or "--budget",
        seconds=max(2 * budget, 2 * (job.budget_seconds or 0.0)),
    )


def _may_be_filling(
    job: Job, trace: Measurement, process: ProcessRecord, verdict: Verdict
) -> Reason:
    in_bytes = verdict.signal is not None and verdict.signal.in_bytes
    grown = round((verdict.per_unit or 0.0) * process.units_done)
    budget = job.budget_seconds
    return Reason(
        kind=ReasonKind.MAY_BE_FILLING if in_bytes else ReasonKind.MAY_BE_A_POOL,
        done=process.units_done,
        held_bytes=grown if in_bytes else None,
        count=None if in_bytes else grown,
        option=trace.stopped_by_option or LIMIT_OPTION.get(trace.end_reason, ""),
        seconds=MORE_BUDGET * budget if budget else None,
    )


def _undecided(verdict: Verdict, reasons: list[Reason]) -> Verdict:
    return msgspec.structs.replace(
        verdict,
        conclusion=Conclusion.UNDECIDED,
        growth=None,
        reasons=[*reasons, *verdict.reasons],
    )
