"""The verdict on a process or a tree of processes: a pure function of numbers.

A verdict depends on the work done and not on time. `growth.judge_series` judges each signal, and
the signals of a resource decide on the resource. For the memory of a process, these are the heap in
use and the allocated blocks. Anonymous RSS adds only memory that was mapped outside both
allocators, and only where it is not fragmentation of one of them. A leak must persist after a
garbage collection and, where there were several, grow from one to the next. The memory of a tree,
which is read from outside, is judged by its PSS.
"""

from collections.abc import Mapping, Sequence

import msgspec

from leaklab.model.measurement import Life, ProcessRecord
from leaklab.model.scenario import Resource
from leaklab.model.signals import Samples, Signal
from leaklab.model.verdicts import Conclusion, Estimate, Reason, ReasonKind, Verdict
from leaklab.verdict.allocators import allocator_notes
from leaklab.verdict.amounts import with_amount
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
from leaklab.verdict.workers import with_replaced


def judge_process(
    process: ProcessRecord, resource: Resource, length: RunLength, rule: GrowthRule = DEFAULT_RULE
) -> Verdict:
    """Judge one process by its series.

    Args:
        process: The measured process, with its samples and its readings after the last unit.
        resource: The scenario's resource, which decides; the others are reported.
        length: How much work was done. A run that did less than a verdict needs is undecided,
            unless its growth is extreme.
        rule: The constants of the verdict.

    Returns:
        The verdict, with an estimate for every signal that was read.
    """
    rows = rows_of(process.samples)
    estimates = [
        estimate_of(process, s, rows[s], length.needed, rule) for s in NOISE_FLOOR if s in rows
    ]
    estimates = [*estimate_in_use(process, length.needed, rule), *estimates]
    verdicts = _by_resource(estimates, SIGNALS_OF)
    if short := too_short(length, rows, resource, process):
        verdicts = verdicts_that_stand(verdicts, (resource, short), rows, length)
    verdict = _verdict(estimates, verdicts, resource)
    verdict = msgspec.structs.replace(verdict, split=split_of(process))
    verdict = with_amount(verdict, process, rows)
    notes = allocator_notes(process) if resource is Resource.MEMORY else []
    return _with_reasons(verdict, [*_zombies(process, resource, verdict), *notes])


def judge_tree(
    rows: Mapping[Signal, Rows],
    resource: Resource,
    length: RunLength,
    replaced: Sequence[Life] = (),
    rule: GrowthRule = DEFAULT_RULE,
) -> Verdict:
    """Judge a tree of processes by its readings from outside.

    Args:
        rows: By signal, the work done at each reading in units, and the values.
        resource: The resource that decides.
        length: How much work was done.
        replaced: The processes that started and ended during the run.
        rule: The constants of the verdict.

    Returns:
        The verdict, with an estimate for every signal that was read.
    """
    estimates = [
        estimate_of(None, signal, rows[signal], length.needed, rule)
        for signal in NOISE_FLOOR
        if signal in rows
    ]
    verdicts = _by_resource(estimates, SIGNALS_OF_TREE)
    if short := too_short(length, rows, resource):
        verdicts = verdicts_that_stand(verdicts, (resource, short), rows, length)
    verdict = with_amount(_verdict(estimates, verdicts, resource))
    return verdict if short else with_replaced(verdict, replaced, rule)


def is_certain(verdict: Verdict) -> bool:
    """Return whether more work is not expected to change the verdict."""
    deciding = {*SIGNALS_OF[verdict.resource], *SIGNALS_OF_TREE[verdict.resource]}
    deciding -= {Signal.ANON, Signal.PSS}
    estimates = [e for e in verdict.estimates if e.signal in deciding]
    conclusive = all(e.conclusive and e.conclusion is not Conclusion.UNDECIDED for e in estimates)
    return verdict.is_leak or (verdict.is_decided and conclusive)


def was_read(verdict: Verdict) -> bool:
    """Return whether any signal of the judged resource was read.

    Some signals are read for one process of a run only.
    """
    deciding = {*SIGNALS_OF[verdict.resource], *SIGNALS_OF_TREE[verdict.resource]}
    return any(e.signal in deciding for e in verdict.estimates)


def rows_of(samples: Samples) -> dict[Signal, Rows]:
    """Return the units and the values of each signal that was read at least twice."""
    all_rows = {signal: _rows(samples, signal) for signal in Signal}
    return {signal: rows for signal, rows in all_rows.items() if len(rows[1]) >= 2}


def _by_resource(
    estimates: Sequence[Estimate], signals_of: Mapping[Resource, tuple[Signal, ...]]
) -> dict[Resource, SeriesVerdict]:
    """Return one verdict for each resource with at least one estimate."""
    by_resource = {
        resource: [e for e in estimates if e.signal in signals]
        for resource, signals in signals_of.items()
    }
    return {resource: _combine(own) for resource, own in by_resource.items() if own}


def _verdict(
    estimates: Sequence[Estimate], verdicts: Mapping[Resource, SeriesVerdict], resource: Resource
) -> Verdict:
    deciding = verdicts.get(resource, NOT_READ_VERDICT)
    return Verdict(
        conclusion=deciding.conclusion,
        growth=deciding.growth,
        resource=resource,
        reasons=[deciding.reason],
        estimates=list(estimates),
        others={r: f.conclusion for r, f in verdicts.items() if r is not resource},
    )


def _combine(estimates: Sequence[Estimate]) -> SeriesVerdict:
    """Combine the estimates of a resource's signals: it leaks if one of them leaks.

    Anonymous RSS makes a resource undecided only where memory outside both allocators grows. PSS
    counts only where the kernel does not report it without files.
    """
    names = {e.signal for e in estimates}
    if Signal.PSS_ANON in names:
        estimates = [e for e in estimates if e.signal is not Signal.PSS]
    deciding = [e for e in estimates if _decides(e)] or estimates
    leaking = [e for e in estimates if e.conclusion is Conclusion.LEAK]
    doubtful = [e for e in deciding if e.conclusion is Conclusion.UNDECIDED]
    leaking.sort(key=lambda e: e.reason.kind is ReasonKind.GROWS_BETWEEN_COLLECTIONS)
    level = [e for e in deciding if e.reason.kind is ReasonKind.LEVEL]
    not_level = [e for e in deciding if e not in level]
    decisive = next(iter([*leaking, *doubtful, *not_level, *level]))
    return SeriesVerdict(decisive.conclusion, decisive.growth, decisive.reason)


def _decides(estimate: Estimate) -> bool:
    anonymous = estimate.signal is Signal.ANON
    return not anonymous or estimate.reason.kind is ReasonKind.MAPPED_GROWS


def _zombies(process: ProcessRecord, resource: Resource, verdict: Verdict) -> list[Reason]:
    """Report how many of the leaked child processes are zombies."""
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
