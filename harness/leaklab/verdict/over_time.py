"""The verdict on a watch: over time, from outside, and for as long as somebody chose to look.

It asks for more than the verdict on a run, because nobody vouches for the length of a watch. The
start-up is left out. What surely grows is never acquitted, however slowly. The growth that counts
as none comes from the series itself: what it was seen to give back, it may give back again. And
where nothing is found, the slowest leak that would have been found is named.
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

# The lengths of a watch that are advised: as people say them.
LENGTHS_SECONDS = (60.0, 600.0, 3600.0, 36_000.0, 86_400.0, 604_800.0)
MIN_TIMES_LONGER = 4

# These say themselves what a longer watch would show.
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
        rows: by signal the seconds at each reading, and what was read; no series is empty.
        resource: the resource that decides; the others are reported.
        memory_bytes: how much memory the tree may come to have.
        rule: the constants.

    Returns:
        The verdict, with an estimate per second of every signal; the first of its reasons is that
        of the signal which decided.
    """
    judged = {
        signal: judge_signal(signal, rows[signal], _extreme(signal, memory_bytes), rule)
        for signal in NOISE_FLOOR
        if signal in rows
    }
    speakers = {r: _speaker(judged, rows, r) for r in SIGNALS_OF_TREE}
    verdict = _verdict(resource, speakers[resource])
    return msgspec.structs.replace(
        verdict,
        estimates=[one.estimate for one in judged.values()],
        others={r: s.estimate.conclusion for r, s in speakers.items() if s and r is not resource},
    )


def signal_of_memory(rows: Mapping[Signal, Rows]) -> Signal | None:
    """The signal that decides on memory: PSS without files, or PSS where the kernel does not tell
    them apart; but anonymous RSS where the process is so large that PSS, which costs the more, was
    read too seldom for the blocks of an octave."""
    pss = next((s for s in SIGNALS_OF_TREE[Resource.MEMORY] if s in rows), None)
    if Signal.ANON not in rows:
        return pss
    if pss is None or _read_lately(rows[pss]) < min(BLOCKS, _read_lately(rows[Signal.ANON])):
        return Signal.ANON
    return pss


def _extreme(signal: Signal, memory_bytes: float) -> float:
    return EXTREME_SHARE * memory_bytes if signal.in_bytes else UNLIMITED


def _read_lately(rows: Rows) -> int:
    """How many readings the last octave has."""
    return sum(at > rows[0][-1] / 2 for at in rows[0])


def _speaker(
    judged: Mapping[Signal, JudgedSignal], rows: Mapping[Signal, Rows], resource: Resource
) -> JudgedSignal | None:
    if resource is Resource.MEMORY:
        signal = signal_of_memory(rows)
        return judged[signal] if signal else None
    found = [judged[signal] for signal in SIGNALS_OF_TREE[resource] if signal in judged]
    return max(found, key=lambda one: SEVERITY[one.estimate.conclusion], default=None)


def _verdict(resource: Resource, speaker: JudgedSignal | None) -> Verdict:
    """The verdict on one resource alone."""
    if speaker is None:
        reasons = [Reason(kind=ReasonKind.NOT_READ)]
        return Verdict(
            conclusion=Conclusion.UNDECIDED, growth=None, resource=resource, reasons=reasons
        )
    said = speaker.estimate
    return Verdict(
        conclusion=said.conclusion,
        growth=said.growth,
        resource=resource,
        signal=said.signal,
        per_unit=said.per_unit,
        low=said.low,
        high=said.high,
        reasons=[said.reason, *_remarks(speaker)],
    )


def _remarks(judged: JudgedSignal) -> Iterator[Reason]:
    """What was left out, and what would have escaped."""
    said = judged.estimate
    if judged.start_up_seconds:
        yield Reason(kind=ReasonKind.START_UP, seconds=judged.start_up_seconds)
    if said.conclusion is Conclusion.LEAK or said.reason.kind in SAY_HOW_LONG:
        return
    longer = _longer_than(judged.judged_seconds)
    yield Reason(
        kind=ReasonKind.WOULD_ESCAPE,
        signal=said.signal,
        rate=judged.slowest,
        ceiling=judged.slowest * judged.judged_seconds / longer,
        seconds=longer,
    )


def _longer_than(seconds: float) -> float:
    """The length of a watch to advise."""
    fit = (length for length in LENGTHS_SECONDS if length >= MIN_TIMES_LONGER * seconds)
    return next(fit, MIN_TIMES_LONGER * seconds)
