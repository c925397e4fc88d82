"""Verdicts on scenarios that are not vouched for: a cache that is still filling looks like a leak.

The declared units of such a scenario may be too few. A leak is reported only after the whole budget
is used, together with what would look the same. Where a container that states its maximum size has
grown and is not full, the verdict is undecided until it is.
"""

from collections.abc import Sequence

import msgspec

from leaklab.model.job import Job
from leaklab.model.measurement import Container, EndReason, Measurement, ProcessRecord
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind, Verdict
from leaklab.verdict.growth import CONFIRM_TIMES

# The option to raise where a run was stopped.
LIMIT_OPTION = {
    EndReason.MEMORY_LIMIT: "--memory-limit",
    EndReason.TIME_LIMIT: "--time-limit",
    EndReason.PROCESS_LIMIT: "--process-limit",
    EndReason.DESCRIPTOR_LIMIT: "--descriptor-limit",
}

# The advised budget as a multiple of the present one.
MORE_BUDGET = 4


def with_doubts(
    job: Job, measurement: Measurement, process: ProcessRecord, verdict: Verdict
) -> Verdict:
    """Return a verdict with what it cannot exclude.

    Args:
        job: A run of a scenario that is not vouched for.
        measurement: The measurement of the run.
        process: The process that the verdict is about.
        verdict: The verdict by the numbers alone.
    """
    if not verdict.is_leak:
        return verdict
    is_extreme = verdict.reasons[0].kind is ReasonKind.EXTREME
    if filling := filling_containers(process.bounded):
        reasons = [_fills(job, measurement, process, container) for container in filling]
        return _undecided(verdict, reasons)
    reason = _may_be_filling(job, measurement, process, verdict)
    if measurement.held_back_by or measurement.end_reason.stopped or is_extreme:
        return msgspec.structs.replace(verdict, reasons=[*verdict.reasons, reason])
    return _undecided(verdict, [reason])


def filling_containers(readings: Sequence[Container]) -> list[tuple[Container, float]]:
    """Return the containers that are not full and are growing, with their entries per unit.

    Args:
        readings: The containers at each stop, in order. One that was read once counts as empty at
            the beginning of the work.
    """
    last = max((reading.units for reading in readings), default=0)
    filling = []
    for container in readings:
        if container.units != last:
            continue
        before = [b for b in readings if b.name == container.name and b.units < last]
        entries, units = (before[-1].entries, before[-1].units) if before else (0, 0)
        if entries < container.entries < container.maximum:
            filling.append((container, (container.entries - entries) / (last - units)))
    return filling


def _fills(
    job: Job, measurement: Measurement, process: ProcessRecord, filling: tuple[Container, float]
) -> Reason:
    container, rate = filling
    units = container.units + (container.maximum - container.entries) / rate
    # The container must be full throughout the last two octaves.
    budget = (process.cpu_seconds or 0.0) * CONFIRM_TIMES * units / max(measurement.units_done, 1)
    return Reason(
        kind=ReasonKind.FILLS,
        name=container.name,
        count=container.entries,
        maximum=container.maximum,
        needed=round(units),
        option=measurement.held_back_by or "--budget",
        seconds=max(2 * budget, 2 * (job.budget_seconds or 0.0)),
    )


def _may_be_filling(
    job: Job, measurement: Measurement, process: ProcessRecord, verdict: Verdict
) -> Reason:
    in_bytes = verdict.signal is not None and verdict.signal.in_bytes
    grown = round((verdict.per_unit or 0.0) * process.units_done)
    budget = job.budget_seconds
    return Reason(
        kind=ReasonKind.MAY_BE_FILLING if in_bytes else ReasonKind.MAY_BE_A_POOL,
        done=process.units_done,
        held_bytes=grown if in_bytes else None,
        count=None if in_bytes else grown,
        option=measurement.held_back_by or LIMIT_OPTION.get(measurement.end_reason, ""),
        seconds=MORE_BUDGET * budget if budget else None,
    )


def _undecided(verdict: Verdict, reasons: list[Reason]) -> Verdict:
    return msgspec.structs.replace(
        verdict,
        conclusion=Conclusion.UNDECIDED,
        growth=None,
        reasons=[*reasons, *verdict.reasons],
    )
