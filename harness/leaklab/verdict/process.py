"""The verdict on a run: a pure function of numbers, decided by work done and not by time.

Each signal is judged by `growth.judge_series`, and so is every resource. Of a process, memory is
decided by the heap in use and the allocated blocks; anonymous RSS beside them adds only what was
mapped past both, and only where it is no fragmentation of either allocator. A leak must still be
there after a collection, and where there were several, grow from one to the next. Of a tree, which
is read from outside, memory is decided by its PSS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from leaklab.model.measurement import Ended, ProcessRecord
from leaklab.model.scenario import Growth, Resource
from leaklab.model.signals import Samples, Signal
from leaklab.model.verdicts import Conclusion, Estimate, Reason, ReasonKind, Verdict
from leaklab.verdict.allocators import remarks
from leaklab.verdict.amounts import quoted
from leaklab.verdict.growth import RULE, Finding, Rule, judge_extreme, undecided
from leaklab.verdict.in_use import split_of
from leaklab.verdict.octaves import Rows
from leaklab.verdict.resources import (
    DEFAULT_LIMITS,
    EXTREME_SHARE,
    FLOOR,
    SIGNALS_OF,
    SIGNALS_OF_TREE,
)
from leaklab.verdict.signals import estimate_in_use, estimate_of, excuse

NEVER_EXTREME = {Signal.BLOCKS, Signal.PSS}

NOT_READ = undecided(ReasonKind.NOT_READ)


@dataclass(frozen=True)
class Work:
    """How a run ended, the units it did, and the units its scenario declares a verdict to need.

    With less work done, a cache that is still filling looks like a leak, and a rare leak like none.
    `limits` is what the run may have of each resource.
    """

    ended: Ended
    done: int
    needed: int
    limits: Mapping[Resource, float] = field(default_factory=lambda: DEFAULT_LIMITS)


def judge(process: ProcessRecord, resource: Resource, work: Work, rule: Rule = RULE) -> Verdict:
    """Judge one process by its series.

    Args:
        process: the measured process, with its samples and its readings after the last unit.
        resource: the resource the scenario is about; it decides, the others are reported.
        work: how much of the work was done; a run that did less than a verdict needs is undecided,
            unless what it took is beyond all that is innocent.
        rule: the constants.

    Returns:
        The verdict, with an estimate for every signal that was read.
    """
    rows = rows_of(process.samples)
    estimates = [estimate_of(process, s, rows[s], work.needed, rule) for s in FLOOR if s in rows]
    estimates = [*estimate_in_use(process, work.needed, rule), *estimates]
    short = _too_short(work, rows, resource, process)
    verdict = _verdict(estimates, resource, SIGNALS_OF, work, short)
    verdict = msgspec.structs.replace(verdict, split=split_of(process))
    verdict = quoted(verdict, process, rows)
    held = remarks(process) if resource is Resource.MEMORY else []
    return _with_reasons(verdict, [*_zombies(process, resource, verdict), *held])


def judge_tree(
    rows: Mapping[Signal, Rows], resource: Resource, work: Work, rule: Rule = RULE
) -> Verdict:
    """Judge a tree of processes by what was read of it from outside.

    Args:
        rows: by signal the work done at each reading, and what was read.
        resource: the resource that decides.
        work: how much of the work was done.
        rule: the constants.
    """
    estimates = [
        estimate_of(None, signal, rows[signal], work.needed, rule)
        for signal in FLOOR
        if signal in rows
    ]
    short = _too_short(work, rows, resource)
    return quoted(_verdict(estimates, resource, SIGNALS_OF_TREE, work, short))


def is_certain(verdict: Verdict) -> bool:
    """Whether more work would not be expected to change what was found."""
    deciding = {*SIGNALS_OF[verdict.resource], *SIGNALS_OF_TREE[verdict.resource]}
    deciding -= {Signal.ANON, Signal.PSS}
    found = [e for e in verdict.estimates if e.signal in deciding]
    settled = all(e.settled and e.conclusion is not Conclusion.UNDECIDED for e in found)
    return verdict.is_leak or (verdict.is_decided and settled)


def was_read(verdict: Verdict) -> bool:
    """Whether any signal of the judged resource was read: some are read of one process only."""
    deciding = {*SIGNALS_OF[verdict.resource], *SIGNALS_OF_TREE[verdict.resource]}
    return any(e.signal in deciding for e in verdict.estimates)


def is_extreme(
    rows: Mapping[Signal, Rows], resource: Resource, limits: Mapping[Resource, float]
) -> bool:
    """Whether a resource grows in order, by a large share of what the run may have."""
    return _extreme_signal(rows, resource, limits) is not None


def rows_of(samples: Samples) -> dict[Signal, Rows]:
    """By signal where it was read, and what; signals read less than twice are left out."""
    found = {signal: _rows(samples, signal) for signal in Signal}
    return {signal: rows for signal, rows in found.items() if len(rows[1]) >= 2}


def _verdict(
    estimates: Sequence[Estimate],
    resource: Resource,
    signals_of: Mapping[Resource, tuple[Signal, ...]],
    work: Work | None,
    short: Finding | None,
) -> Verdict:
    of = {r: [e for e in estimates if e.signal in signals] for r, signals in signals_of.items()}
    findings = {r: _combine(found) for r, found in of.items() if found}
    if short:
        findings = {r: f for r, f in findings.items() if _is_sure(f, work)}
    finding = findings.get(resource, short or NOT_READ)
    return Verdict(
        conclusion=finding.conclusion,
        growth=finding.growth,
        resource=resource,
        reasons=[finding.reason],
        estimates=list(estimates),
        others={
            r: findings[r].conclusion if r in findings else Conclusion.UNDECIDED
            for r, found in of.items()
            if found and r is not resource
        },
    )


def _combine(estimates: Sequence[Estimate]) -> Finding:
    """One finding from a resource's signals: a leak if one leaks; anonymous RSS leaves no doubt but
    where memory past both allocators grows, and PSS speaks only where the kernel does not tell it
    without files."""
    names = {e.signal for e in estimates}
    if Signal.PSS_ANON in names:
        estimates = [e for e in estimates if e.signal is not Signal.PSS]
    deciding = [e for e in estimates if _decides(e)] or estimates
    leaking = [e for e in estimates if e.conclusion is Conclusion.LEAK]
    doubtful = [e for e in deciding if e.conclusion is Conclusion.UNDECIDED]
    speaker = next(iter([*leaking, *doubtful, *deciding]))
    return Finding(speaker.conclusion, speaker.growth, speaker.reason)


def _is_sure(finding: Finding, work: Work | None) -> bool:
    """Whether a finding stands where a run was too short: one that the lab stopped, after all the
    work that a verdict needs, accuses and does not acquit."""
    enough = work is not None and work.ended.stopped and work.done >= work.needed
    return enough and finding.conclusion is Conclusion.LEAK


def _decides(estimate: Estimate) -> bool:
    anonymous = estimate.signal is Signal.ANON
    return not anonymous or estimate.reason.kind is ReasonKind.MAPPED_GROWS


def _too_short(
    work: Work,
    rows: Mapping[Signal, Rows],
    resource: Resource,
    process: ProcessRecord | None = None,
) -> Finding | None:
    if work.done >= work.needed and work.ended is Ended.COMPLETED:
        return None
    if signal := _extreme_signal(rows, resource, work.limits):
        return _extreme(work, signal, rows[signal], process)
    kind = ReasonKind.TOO_SHORT if work.ended is Ended.COMPLETED else ReasonKind.BROKEN_OFF
    reason = Reason(kind=kind, ended=work.ended.value, done=work.done, needed=work.needed)
    return Finding(Conclusion.UNDECIDED, None, reason)


def _extreme(work: Work, signal: Signal, rows: Rows, process: ProcessRecord | None) -> Finding:
    """Of a run that was not seen to its end, growth that nothing innocent shows."""
    units, values = rows
    rise = values[-1] - values[0]
    if process and (excused := excuse(process, signal, rows)):
        reason = msgspec.structs.replace(excused.reason, signal=signal, to_the_end=False)
        return Finding(Conclusion.UNDECIDED, None, reason)
    reason = Reason(
        kind=ReasonKind.EXTREME,
        signal=signal,
        rate=rise / (units[-1] - units[0]),
        done=work.done,
        needed=work.needed,
    )
    return Finding(Conclusion.LEAK, Growth.UNBOUNDED, reason)


def _extreme_signal(
    rows: Mapping[Signal, Rows], resource: Resource, limits: Mapping[Resource, float]
) -> Signal | None:
    """The signal by which a resource is taken without end: of memory neither blocks, which have no
    size of their own, nor PSS, in which the pages of files are."""
    signals = {*SIGNALS_OF[resource], *SIGNALS_OF_TREE[resource]} - NEVER_EXTREME
    for signal in FLOOR:
        of = Resource.MEMORY if signal.in_bytes else resource
        amount = EXTREME_SHARE * limits[of]
        if signal in signals & rows.keys() and judge_extreme(*rows[signal], amount):
            return signal
    return None


def _zombies(process: ProcessRecord, resource: Resource, verdict: Verdict) -> list[Reason]:
    """What the children are that a program leaks."""
    zombies = process.after_trim.zombies if process.after_trim else None
    if resource is not Resource.PROCESSES or not verdict.is_leak or not zombies:
        return []
    return [Reason(kind=ReasonKind.ZOMBIES, count=zombies)]


def _with_reasons(verdict: Verdict, more: Sequence[Reason]) -> Verdict:
    return msgspec.structs.replace(verdict, reasons=[*verdict.reasons, *more])


def _rows(samples: Samples, signal: Signal) -> Rows:
    pairs = zip(samples.units, samples.column(signal), strict=False)
    rows = [(float(x), float(y)) for x, y in pairs if y is not None]
    return [x for x, _ in rows], [y for _, y in rows]
