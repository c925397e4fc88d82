"""The verdict on a watch: over time, from outside, for as long as the user chose to watch.

It is stricter than the verdict on a run, because nothing states how long a watch must be:

* The start-up is left out.
* A series that surely grows is never clean, however slow its growth.
* The noise floor is at least the deepest fall of the series, which may rise as far again.
* A verdict without a leak names its detection limit, the slowest leak that would be detected.
"""

from collections.abc import Iterator, Mapping

import msgspec

from leaklab.model.scenario import Resource
from leaklab.model.signals import Signal
from leaklab.model.verdicts import SEVERITY, Conclusion, Reason, ReasonKind, Verdict
from leaklab.verdict.growth import DEFAULT_RULE, GrowthRule
from leaklab.verdict.octaves import BLOCKS, Rows
from leaklab.verdict.resources import EXTREME_SHARE, NOISE_FLOOR, SIGNALS_OF_TREE
from leaklab.verdict.watched_signal import JudgedSignal, judge_signal

# The lengths of a watch that are advised: round numbers.
LENGTHS_SECONDS = (60.0, 600.0, 3600.0, 36_000.0, 86_400.0, 604_800.0)
MIN_TIMES_LONGER = 4

# These reasons say how long to watch.
SAY_HOW_LONG = {ReasonKind.GROWS_TOO_SLOWLY, ReasonKind.TOO_FEW_SAMPLES}

UNLIMITED = float("inf")


def judge_over_time(
    rows: Mapping[Signal, Rows],
    resource: Resource,
    memory_bytes: float = UNLIMITED,
    rule: GrowthRule = DEFAULT_RULE,
) -> Verdict:
    """Judge a tree of processes that was watched.

    Args:
        rows: By signal, the seconds at each reading and the values; no series is empty.
        resource: The resource that decides; the others are reported.
        memory_bytes: The limit of the memory of the tree.
        rule: The constants of the verdict.

    Returns:
        The verdict, with an estimate per second of every signal. Its first reason is that of the
        signal that decided.
    """
    judged = {
        signal: judge_signal(signal, rows[signal], _extreme(signal, memory_bytes), rule)
        for signal in NOISE_FLOOR
        if signal in rows
    }
    deciding = {r: _deciding_signal(judged, rows, r) for r in SIGNALS_OF_TREE}
    verdict = _verdict(resource, deciding[resource])
    return msgspec.structs.replace(
        verdict,
        estimates=[signal.estimate for signal in judged.values()],
        others={r: s.estimate.conclusion for r, s in deciding.items() if s and r is not resource},
    )


def signal_of_memory(rows: Mapping[Signal, Rows]) -> Signal | None:
    """Return the signal that decides on memory; None where no signal of memory was read.

    It is PSS without files, or PSS where the kernel does not report it without files. It is
    anonymous RSS where PSS, which costs more for a large process, was read too rarely for the
    blocks of an octave.
    """
    pss = next((s for s in SIGNALS_OF_TREE[Resource.MEMORY] if s in rows), None)
    if Signal.ANON not in rows:
        return pss
    if pss is None or _read_lately(rows[pss]) < min(BLOCKS, _read_lately(rows[Signal.ANON])):
        return Signal.ANON
    return pss


def _extreme(signal: Signal, memory_bytes: float) -> float:
    return EXTREME_SHARE * memory_bytes if signal.in_bytes else UNLIMITED


def _read_lately(rows: Rows) -> int:
    """Return the number of readings in the last octave."""
    return sum(at > rows[0][-1] / 2 for at in rows[0])


def _deciding_signal(
    judged: Mapping[Signal, JudgedSignal], rows: Mapping[Signal, Rows], resource: Resource
) -> JudgedSignal | None:
    if resource is Resource.MEMORY:
        signal = signal_of_memory(rows)
        return judged[signal] if signal else None
    signals = [judged[signal] for signal in SIGNALS_OF_TREE[resource] if signal in judged]
    return max(signals, key=lambda signal: SEVERITY[signal.estimate.conclusion], default=None)


def _verdict(resource: Resource, deciding: JudgedSignal | None) -> Verdict:
    """Return the verdict on one resource alone."""
    if deciding is None:
        reasons = [Reason(kind=ReasonKind.NOT_READ)]
        return Verdict(
            conclusion=Conclusion.UNDECIDED, growth=None, resource=resource, reasons=reasons
        )
    estimate = deciding.estimate
    return Verdict(
        conclusion=estimate.conclusion,
        growth=estimate.growth,
        resource=resource,
        signal=estimate.signal,
        per_unit=estimate.per_unit,
        low=estimate.low,
        high=estimate.high,
        reasons=[estimate.reason, *_notes(deciding)],
    )


def _notes(judged: JudgedSignal) -> Iterator[Reason]:
    """Report the start-up that was left out, and the detection limit."""
    estimate = judged.estimate
    if judged.start_up_seconds:
        yield Reason(kind=ReasonKind.START_UP, seconds=judged.start_up_seconds)
    if estimate.conclusion is Conclusion.LEAK or estimate.reason.kind in SAY_HOW_LONG:
        return
    longer = _longer_than(judged.judged_seconds)
    yield Reason(
        kind=ReasonKind.DETECTION_LIMIT,
        signal=estimate.signal,
        rate=judged.slowest,
        ceiling=judged.slowest * judged.judged_seconds / longer,
        seconds=longer,
    )


def _longer_than(seconds: float) -> float:
    """Return the length of a watch to advise, in seconds."""
    fit = (length for length in LENGTHS_SECONDS if length >= MIN_TIMES_LONGER * seconds)
    return next(fit, MIN_TIMES_LONGER * seconds)
