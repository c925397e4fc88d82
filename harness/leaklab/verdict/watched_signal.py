"""One signal of a watch judged: without the start-up, and with the doubts that time leaves."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import msgspec

from leaklab.model.scenario import Growth
from leaklab.model.signals import Signal
from leaklab.model.verdicts import Conclusion, Estimate, Reason, ReasonKind
from leaklab.verdict.estimates import estimate
from leaklab.verdict.growth import (
    MIN_BLOCKS,
    TENDENCY,
    GrowthRule,
    SeriesVerdict,
    clear_steps,
    judge_series,
    rises_to_its_end,
    undecided,
)
from leaklab.verdict.octaves import (
    BLOCKS,
    Octave,
    Rows,
    growth_per_unit,
    joined,
    octaves,
)
from leaklab.verdict.resources import NOISE_FLOOR, NOISE_FLOOR_IN_PAGES
from leaklab.verdict.start_up import lowest_of_blocks, without_start_up

# A leak rises by the floor in the last octave but one, too: the second quarter of the time, from
# its first block to its last.
FLOOR_OCTAVE_SHARE = (BLOCKS - 1) / BLOCKS / 4
# Without the pages of files PSS is exact. The kernel's counters behind RSS are not, and PSS with
# files moves with strangers.
MIN_NOISE_FLOOR = {**NOISE_FLOOR, Signal.PSS_ANON: NOISE_FLOOR_IN_PAGES}


@dataclass(frozen=True)
class JudgedSignal:
    """One signal judged.

    start_up_seconds: how much was left out of the beginning, and judged_seconds: how much was not.
    slowest: of the steady leaks that would not have been acquitted the slowest, in bytes or pieces
        a second.
    """

    estimate: Estimate
    start_up_seconds: float
    judged_seconds: float
    slowest: float


def judge_signal(signal: Signal, rows: Rows, extreme: float, rule: GrowthRule) -> JudgedSignal:
    """Judge one signal.

    Args:
        signal: which.
        rows: the seconds at each reading, and what was read; one reading at least.
        extreme: a rise in order by so much is shown by nothing innocent.
        rule: the constants.
    """
    rest, start_up_seconds = without_start_up(rows, MIN_NOISE_FLOOR[signal])
    judged_seconds = rest[0][-1]
    floor = noise_floor_of(signal, rest)
    _, before, last = octaves(*rest)
    slope = growth_per_unit(*joined(before, last))
    finding = _extreme(rest, extreme, rule)
    if finding is None:
        finding = _explained(_series(rest, signal, floor, rule), before, last, floor)
    found = estimate(signal, finding, slope)
    span = FLOOR_OCTAVE_SHARE * judged_seconds
    slowest = max(slope.high, MIN_NOISE_FLOOR[signal] / span) if span > 0 else float("inf")
    found = _doubted(_with_ceiling(found, slowest), floor, judged_seconds)
    return JudgedSignal(found, start_up_seconds, judged_seconds, slowest)


def noise_floor_of(signal: Signal, rows: Rows) -> float:
    """Growth over an octave that counts as none: the smallest that can be read of a signal, or the
    deepest fall that was seen, for what fell once may rise as far again and fall once more. Falls
    are of minima in blocks as long as those of the last octave: garbage and the like is shorter."""
    seconds, values = rows
    highest, deepest = values[0], 0.0
    for at in lowest_of_blocks(seconds, values, 2 * BLOCKS):
        highest = max(highest, values[at])
        deepest = max(deepest, highest - values[at])
    return max(MIN_NOISE_FLOOR[signal], deepest)


def _series(rows: Rows, signal: Signal, floor: float, rule: GrowthRule) -> SeriesVerdict:
    """What a series shows. A program that swings is doubted both ways: it is accused only where it
    grows by more than it was seen to give back, and acquitted only where it may grow by less than
    the usual floor."""
    finding = judge_series(*rows, floor, rule)
    if finding.conclusion is not Conclusion.CLEAN or floor <= NOISE_FLOOR[signal]:
        return finding
    closer = judge_series(*rows, NOISE_FLOOR[signal], rule)
    return undecided(ReasonKind.SWINGS) if closer.conclusion is Conclusion.LEAK else closer


def _extreme(rows: Rows, amount: float, rule: GrowthRule) -> SeriesVerdict | None:
    """A leak, where a series rises in order by so much that nothing innocent does, and at full pace
    to its end. Its rate may change meanwhile: on a busy machine every program's does."""
    seconds, values = rows
    if not rises_to_its_end(seconds, values, amount, rule):
        return None
    rise = values[-1] - values[0]
    reason = Reason(
        kind=ReasonKind.PAST_ANYTHING_INNOCENT,
        rate=rise / (seconds[-1] - seconds[0]),
        held_bytes=round(rise),
        seconds=seconds[-1] - seconds[0],
    )
    return SeriesVerdict(Conclusion.LEAK, Growth.UNBOUNDED, reason)


def _with_ceiling(estimate: Estimate, slowest: float) -> Estimate:
    """An estimate whose words exclude no growth but that which would have been found."""
    if estimate.reason.kind is not ReasonKind.LEVEL:
        return estimate
    reason = msgspec.structs.replace(estimate.reason, ceiling=slowest)
    return msgspec.structs.replace(estimate, reason=reason)


def _doubted(estimate: Estimate, floor: float, seconds: float) -> Estimate:
    """An estimate that acquits no series whose growth surely is above zero: a leak may be slower
    than the watch was long. It is undecided then, and says how long a watch would tell."""
    if estimate.conclusion is not Conclusion.CLEAN or estimate.low <= 0:
        return estimate
    if estimate.reason.kind is ReasonKind.FADES:
        reason = Reason(kind=ReasonKind.FADES_SO_FAR, signal=estimate.signal)
    else:
        needed = max(floor / (estimate.per_unit * FLOOR_OCTAVE_SHARE), 2 * seconds)
        kind = ReasonKind.GROWS_TOO_SLOWLY
        reason = Reason(kind=kind, signal=estimate.signal, seconds=needed)
    changes = {"conclusion": Conclusion.UNDECIDED, "growth": None, "reason": reason}
    return msgspec.structs.replace(estimate, **changes)


def _explained(finding: SeriesVerdict, before: Octave, last: Octave, floor: float) -> SeriesVerdict:
    """A finding with the reason that is true of a watch, in which the first octaves may have few
    readings, or none in order."""
    kind = finding.reason.kind
    if kind is ReasonKind.TOO_FEW_SAMPLES and last.minima.size >= MIN_BLOCKS:
        kind = ReasonKind.TOO_FEW_BEFORE
    elif kind is ReasonKind.ROSE_ONLY_LATELY and before.ordered(TENDENCY):
        kind = ReasonKind.ROSE_LESS_BEFORE
    elif kind is ReasonKind.RISES_BY_STEPS:
        kind = _kind_of_steps(before, last, floor)
    reason = msgspec.structs.replace(finding.reason, kind=kind)
    return SeriesVerdict(finding.conclusion, finding.growth, reason, finding.conclusive)


def _kind_of_steps(before: Octave, last: Octave, floor: float) -> ReasonKind:
    """Several steps, or one rise from a level to the next, which took more than one block."""
    clear = clear_steps(joined(before, last)[1], floor).tolist()
    begun = sum(now and not then for then, now in pairwise([False, *clear]))
    if begun > 1:
        return ReasonKind.RISES_BY_STEPS
    return ReasonKind.TENDS_TO_RISE if clear[-1] else ReasonKind.LEVELS_OFF
