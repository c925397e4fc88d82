"""The verdict on a run: a pure function of numbers, decided by work done and not by time.

Each signal is judged by `growth.judge_series`, and so is every resource. Of a process, memory is
decided by the heap in use and the allocated blocks; anonymous RSS beside them adds only what was
mapped past both, and only where it is no fragmentation of either allocator. A leak must still be
there after a collection, and where there were several, grow from one to the next. Of a tree, which
is read from outside, memory is decided by its PSS.
"""

from collections.abc import Mapping, Sequence

import msgspec

from leaklab.model.measurement import ProcessRecord
from leaklab.model.scenario import Resource
from leaklab.model.signals import Samples, Signal
from leaklab.model.verdicts import Conclusion, Estimate, Reason, ReasonKind, Verdict
from leaklab.verdict.allocators import allocator_notes
from leaklab.verdict.amounts import quoted
from leaklab.verdict.growth import DEFAULT_RULE, GrowthRule, SeriesVerdict
from leaklab.verdict.in_use import split_of
from leaklab.verdict.length import NOT_READ_VERDICT, RunLength, too_short, verdicts_that_stand
from leaklab.verdict.octaves import Rows
from leaklab.verdict.resources import (
    NOISE_FLOOR,
    SIGNALS_OF,
    SIGNALS_OF_TREE,
)
from leaklab.verdict.signals import estimate_in_use, estimate_of


def judge_process(
    process: ProcessRecord, resource: Resource, work: RunLength, rule: GrowthRule = DEFAULT_RULE
) -> Verdict:
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
    estimates = [
        estimate_of(process, s, rows[s], work.needed, rule) for s in NOISE_FLOOR if s in rows
    ]
    estimates = [*estimate_in_use(process, work.needed, rule), *estimates]
    findings = _findings(estimates, SIGNALS_OF)
    if short := too_short(work, rows, resource, process):
        findings = verdicts_that_stand(findings, (resource, short), rows, work)
    verdict = _verdict(estimates, findings, resource)
    verdict = msgspec.structs.replace(verdict, split=split_of(process))
    verdict = quoted(verdict, process, rows)
    held = allocator_notes(process) if resource is Resource.MEMORY else []
    return _with_reasons(verdict, [*_zombies(process, resource, verdict), *held])


def judge_tree(
    rows: Mapping[Signal, Rows],
    resource: Resource,
    work: RunLength,
    rule: GrowthRule = DEFAULT_RULE,
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
        for signal in NOISE_FLOOR
        if signal in rows
    ]
    findings = _findings(estimates, SIGNALS_OF_TREE)
    if short := too_short(work, rows, resource):
        findings = verdicts_that_stand(findings, (resource, short), rows, work)
    return quoted(_verdict(estimates, findings, resource))


def is_certain(verdict: Verdict) -> bool:
    """Whether more work would not be expected to change what was found."""
    deciding = {*SIGNALS_OF[verdict.resource], *SIGNALS_OF_TREE[verdict.resource]}
    deciding -= {Signal.ANON, Signal.PSS}
    found = [e for e in verdict.estimates if e.signal in deciding]
    settled = all(e.conclusive and e.conclusion is not Conclusion.UNDECIDED for e in found)
    return verdict.is_leak or (verdict.is_decided and settled)


def was_read(verdict: Verdict) -> bool:
    """Whether any signal of the judged resource was read: some are read of one process only."""
    deciding = {*SIGNALS_OF[verdict.resource], *SIGNALS_OF_TREE[verdict.resource]}
    return any(e.signal in deciding for e in verdict.estimates)


def rows_of(samples: Samples) -> dict[Signal, Rows]:
    """By signal where it was read, and what; signals read less than twice are left out."""
    found = {signal: _rows(samples, signal) for signal in Signal}
    return {signal: rows for signal, rows in found.items() if len(rows[1]) >= 2}


def _findings(
    estimates: Sequence[Estimate], signals_of: Mapping[Resource, tuple[Signal, ...]]
) -> dict[Resource, SeriesVerdict]:
    """One finding for each resource of which anything was read."""
    of = {r: [e for e in estimates if e.signal in signals] for r, signals in signals_of.items()}
    return {r: _combine(found) for r, found in of.items() if found}


def _verdict(
    estimates: Sequence[Estimate], findings: Mapping[Resource, SeriesVerdict], resource: Resource
) -> Verdict:
    finding = findings.get(resource, NOT_READ_VERDICT)
    return Verdict(
        conclusion=finding.conclusion,
        growth=finding.growth,
        resource=resource,
        reasons=[finding.reason],
        estimates=list(estimates),
        others={r: f.conclusion for r, f in findings.items() if r is not resource},
    )


def _combine(estimates: Sequence[Estimate]) -> SeriesVerdict:
    """One finding from a resource's signals: a leak if one leaks; anonymous RSS leaves no doubt but
    where memory past both allocators grows, and PSS speaks only where the kernel does not tell it
    without files."""
    names = {e.signal for e in estimates}
    if Signal.PSS_ANON in names:
        estimates = [e for e in estimates if e.signal is not Signal.PSS]
    deciding = [e for e in estimates if _decides(e)] or estimates
    leaking = [e for e in estimates if e.conclusion is Conclusion.LEAK]
    doubtful = [e for e in deciding if e.conclusion is Conclusion.UNDECIDED]
    leaking.sort(key=lambda e: e.reason.kind is ReasonKind.GROWS_BETWEEN_COLLECTIONS)
    level = [e for e in deciding if e.reason.kind is ReasonKind.LEVEL]
    telling = [e for e in deciding if e not in level]
    speaker = next(iter([*leaking, *doubtful, *telling, *level]))
    return SeriesVerdict(speaker.conclusion, speaker.growth, speaker.reason)


def _decides(estimate: Estimate) -> bool:
    anonymous = estimate.signal is Signal.ANON
    return not anonymous or estimate.reason.kind is ReasonKind.MAPPED_GROWS


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
