"""Runs that were too short for a verdict.

With less work a cache that is still filling looks like a leak, and a rare leak is invisible. The
only verdict on such a run is a leak by extreme growth, which no program without a leak shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from leaklab.model.measurement import EndReason, ProcessRecord
from leaklab.model.scenario import Growth, Resource
from leaklab.model.signals import Signal
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind
from leaklab.verdict.growth import SeriesVerdict, judge_extreme, undecided
from leaklab.verdict.octaves import Rows
from leaklab.verdict.resources import (
    DEFAULT_RESOURCE_LIMITS,
    EXTREME_SHARE,
    NOISE_FLOOR,
    SIGNALS_OF,
    SIGNALS_OF_TREE,
)
from leaklab.verdict.signals import explained_rise

NEVER_EXTREME = {Signal.BLOCKS, Signal.PSS}

NOT_READ_VERDICT = undecided(ReasonKind.NOT_READ)


@dataclass(frozen=True)
class RunLength:
    """How far a run went.

    Attributes:
        end_reason: How it ended.
        done: The units of work that it did.
        needed: The units that a verdict needs, as its scenario declares.
        limits: The limit of each resource, in bytes or pieces.
    """

    end_reason: EndReason
    done: int
    needed: int
    limits: Mapping[Resource, float] = field(default_factory=lambda: DEFAULT_RESOURCE_LIMITS)


def too_short(
    length: RunLength,
    rows: Mapping[Signal, Rows],
    resource: Resource,
    process: ProcessRecord | None = None,
) -> SeriesVerdict | None:
    """Return the verdict on a run that was too short; None if it was long enough.

    Args:
        length: How far the run went.
        rows: The readings by signal.
        resource: The judged resource.
        process: The process that was read; None for a tree.

    Returns:
        A leak where the growth is extreme, else an undecided verdict.
    """
    if length.done >= length.needed and length.end_reason is EndReason.COMPLETED:
        return None
    if signal := extreme_signal(rows, resource, length.limits):
        return _extreme(length, signal, rows[signal], process)
    kind = (
        ReasonKind.TOO_SHORT if length.end_reason is EndReason.COMPLETED else ReasonKind.ENDED_EARLY
    )
    reason = Reason(
        kind=kind, end_reason=length.end_reason.value, done=length.done, needed=length.needed
    )
    return SeriesVerdict(Conclusion.UNDECIDED, None, reason)


def _extreme(
    length: RunLength, signal: Signal, rows: Rows, process: ProcessRecord | None
) -> SeriesVerdict:
    """Return a leak by extreme growth, unless the allocators explain the growth."""
    units, values = rows
    rise = values[-1] - values[0]
    if process and (excused := explained_rise(process, signal, rows)):
        reason = msgspec.structs.replace(excused.reason, signal=signal, to_the_end=False)
        return SeriesVerdict(Conclusion.UNDECIDED, None, reason)
    reason = Reason(
        kind=ReasonKind.EXTREME,
        signal=signal,
        rate=rise / (units[-1] - units[0]),
        done=length.done,
        needed=length.needed,
    )
    return SeriesVerdict(Conclusion.LEAK, Growth.UNBOUNDED, reason)


def extreme_signal(
    rows: Mapping[Signal, Rows], resource: Resource, limits: Mapping[Resource, float]
) -> Signal | None:
    """Return a signal that grows to a large share of its limit; None if none does.

    For memory it is neither the number of blocks, which have no size of their own, nor PSS, which
    includes the pages of files.
    """
    signals = {*SIGNALS_OF[resource], *SIGNALS_OF_TREE[resource]} - NEVER_EXTREME
    for signal in NOISE_FLOOR:
        limited = Resource.MEMORY if signal.in_bytes else resource
        amount = EXTREME_SHARE * limits[limited]
        if signal in signals & rows.keys() and judge_extreme(*rows[signal], amount):
            return signal
    return None


def verdicts_that_stand(
    verdicts: Mapping[Resource, SeriesVerdict],
    judged: tuple[Resource, SeriesVerdict],
    rows: Mapping[Signal, Rows],
    length: RunLength,
) -> dict[Resource, SeriesVerdict]:
    """Return the verdicts on a run that was too short or was stopped.

    Extreme growth stays a leak. Any leak stays one where a limit stopped the run after the work
    that a verdict needs. All other verdicts become undecided.

    Args:
        verdicts: The verdicts by resource, as if the run had been long enough.
        judged: The resource that decides, and the verdict on it (`too_short`).
        rows: The readings by signal.
        length: How far the run went.
    """
    if length.end_reason.stopped and length.done >= length.needed:
        kept = {r: _not_clean(verdict, length) for r, verdict in verdicts.items()}
        return (
            dict([judged])
            | kept
            | (dict([judged]) if judged[1].conclusion is Conclusion.LEAK else {})
        )
    extreme = {r: extreme_signal(rows, r, length.limits) for r in verdicts}
    standing = {
        r: _extreme(length, signal, rows[signal], None) if signal else NOT_READ_VERDICT
        for r, signal in extreme.items()
    }
    return standing | dict([judged])


def _not_clean(verdict: SeriesVerdict, length: RunLength) -> SeriesVerdict:
    """Make a clean verdict undecided, because the run reached a limit by something else."""
    if verdict.conclusion is not Conclusion.CLEAN:
        return verdict
    reason = Reason(
        kind=ReasonKind.STOPPED_THOUGH_LEVEL, end_reason=length.end_reason.value, done=length.done
    )
    return SeriesVerdict(Conclusion.UNDECIDED, None, reason)


def is_extreme(
    rows: Mapping[Signal, Rows], resource: Resource, limits: Mapping[Resource, float]
) -> bool:
    """Return whether a resource grows steadily to a large share of its limit."""
    return extreme_signal(rows, resource, limits) is not None
