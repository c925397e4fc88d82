"""Runs that were too short for a verdict: with less work done, a cache that is still filling looks
like a leak, and a rare leak like none. Only what nothing innocent shows is said of them."""

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
from leaklab.verdict.signals import excuse

NEVER_EXTREME = {Signal.BLOCKS, Signal.PSS}

NOT_READ_VERDICT = undecided(ReasonKind.NOT_READ)


@dataclass(frozen=True)
class RunLength:
    """How a run ended, the units it did, and the units its scenario declares a verdict to need.
    `limits` is what the run may have of each resource.
    """

    end_reason: EndReason
    done: int
    needed: int
    limits: Mapping[Resource, float] = field(default_factory=lambda: DEFAULT_RESOURCE_LIMITS)


def too_short(
    work: RunLength,
    rows: Mapping[Signal, Rows],
    resource: Resource,
    process: ProcessRecord | None = None,
) -> SeriesVerdict | None:
    """Why a run was too short for a verdict, or that it leaks all the same; None if it was long
    enough.

    Args:
        work: what was done, and what a verdict needs.
        rows: what was read, by signal.
        resource: the one that is judged.
        process: whose rows they are; None for a tree.
    """
    if work.done >= work.needed and work.end_reason is EndReason.COMPLETED:
        return None
    if signal := extreme_signal(rows, resource, work.limits):
        return _extreme(work, signal, rows[signal], process)
    kind = ReasonKind.TOO_SHORT if work.end_reason is EndReason.COMPLETED else ReasonKind.BROKEN_OFF
    reason = Reason(kind=kind, end_reason=work.end_reason.value, done=work.done, needed=work.needed)
    return SeriesVerdict(Conclusion.UNDECIDED, None, reason)


def _extreme(
    work: RunLength, signal: Signal, rows: Rows, process: ProcessRecord | None
) -> SeriesVerdict:
    """Of a run that was not seen to its end, growth that nothing innocent shows."""
    units, values = rows
    rise = values[-1] - values[0]
    if process and (excused := excuse(process, signal, rows)):
        reason = msgspec.structs.replace(excused.reason, signal=signal, to_the_end=False)
        return SeriesVerdict(Conclusion.UNDECIDED, None, reason)
    reason = Reason(
        kind=ReasonKind.EXTREME,
        signal=signal,
        rate=rise / (units[-1] - units[0]),
        done=work.done,
        needed=work.needed,
    )
    return SeriesVerdict(Conclusion.LEAK, Growth.UNBOUNDED, reason)


def extreme_signal(
    rows: Mapping[Signal, Rows], resource: Resource, limits: Mapping[Resource, float]
) -> Signal | None:
    """The signal by which a resource is taken without end: of memory neither blocks, which have no
    size of their own, nor PSS, in which the pages of files are."""
    signals = {*SIGNALS_OF[resource], *SIGNALS_OF_TREE[resource]} - NEVER_EXTREME
    for signal in NOISE_FLOOR:
        of = Resource.MEMORY if signal.in_bytes else resource
        amount = EXTREME_SHARE * limits[of]
        if signal in signals & rows.keys() and judge_extreme(*rows[signal], amount):
            return signal
    return None


def verdicts_that_stand(
    findings: Mapping[Resource, SeriesVerdict],
    judged: tuple[Resource, SeriesVerdict],
    rows: Mapping[Signal, Rows],
    work: RunLength,
) -> dict[Resource, SeriesVerdict]:
    """What is left of findings where a run was too short: growth that nothing innocent shows, and a
    leak where the lab stopped the run after the work that a verdict needs.

    Args:
        findings: by resource, as if the run had been long enough.
        judged: the resource that decides, and why the run was too short for it.
        rows: what was read, by signal.
        work: what was done.
    """
    if work.end_reason.stopped and work.done >= work.needed:
        told = dict([judged]) | {r: _not_acquitted(f, work) for r, f in findings.items()}
        return told | (dict([judged]) if judged[1].conclusion is Conclusion.LEAK else {})
    extreme = {r: extreme_signal(rows, r, work.limits) for r in findings}
    standing = {
        r: _extreme(work, signal, rows[signal], None) if signal else NOT_READ_VERDICT
        for r, signal in extreme.items()
    }
    return standing | dict([judged])


def _not_acquitted(finding: SeriesVerdict, work: RunLength) -> SeriesVerdict:
    """A finding of a run that was stopped: what is level need not be what met the limit."""
    if finding.conclusion is not Conclusion.CLEAN:
        return finding
    reason = Reason(
        kind=ReasonKind.STOPPED_THOUGH_LEVEL, end_reason=work.end_reason.value, done=work.done
    )
    return SeriesVerdict(Conclusion.UNDECIDED, None, reason)


def is_extreme(
    rows: Mapping[Signal, Rows], resource: Resource, limits: Mapping[Resource, float]
) -> bool:
    """Whether a resource grows in order, by a large share of what the run may have."""
    return extreme_signal(rows, resource, limits) is not None
