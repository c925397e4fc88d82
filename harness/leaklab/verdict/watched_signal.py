"""The verdict on one signal of a watch: without the start-up, and stricter than on a run."""

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

# A leak must rise by the noise floor in the octave before the last, too, which is a quarter of the
# time. The rise of an octave is from its first block to its last: this share of the time.
FLOOR_OCTAVE_SHARE = (BLOCKS - 1) / BLOCKS / 4
# PSS without files is exact. RSS comes from inexact counters of the kernel, and PSS with files
# changes with unrelated processes.
MIN_NOISE_FLOOR = {**NOISE_FLOOR, Signal.PSS_ANON: NOISE_FLOOR_IN_PAGES}


@dataclass(frozen=True)
class JudgedSignal:
    """The verdict on one signal of a watch.

    Attributes:
        estimate: Its conclusion and its growth.
        start_up_seconds: The length of the start-up that was left out.
        judged_seconds: The length of the rest.
        slowest: The detection limit: the slowest steady leak that would not be clean, in bytes or
            pieces a second.
    """

    estimate: Estimate
    start_up_seconds: float
    judged_seconds: float
    slowest: float


def judge_signal(signal: Signal, rows: Rows, extreme: float, rule: GrowthRule) -> JudgedSignal:
    """Judge one signal.

    Args:
        signal: The signal.
        rows: The seconds at each reading, and the values; at least one reading.
        extreme: A steady rise by this amount is a leak whatever its rate.
        rule: The constants of the verdict.
    """
    rest, start_up_seconds = without_start_up(rows, MIN_NOISE_FLOOR[signal])
    judged_seconds = rest[0][-1]
    noise_floor = noise_floor_of(signal, rest)
    _, before, last = octaves(*rest)
    slope = growth_per_unit(*joined(before, last))
    verdict = _extreme(rest, extreme, rule)
    if verdict is None:
        verdict = _explained(_series(rest, signal, noise_floor, rule), before, last, noise_floor)
    plain = estimate(signal, verdict, slope)
    span = FLOOR_OCTAVE_SHARE * judged_seconds
    slowest = max(slope.high, MIN_NOISE_FLOOR[signal] / span) if span > 0 else float("inf")
    cautious = _without_slow_leak(_with_ceiling(plain, slowest), noise_floor, judged_seconds)
    return JudgedSignal(cautious, start_up_seconds, judged_seconds, slowest)


def noise_floor_of(signal: Signal, rows: Rows) -> float:
    """Return the growth over an octave that counts as none, in bytes or pieces.

    It is the smallest growth that can be read of the signal or the deepest fall of the series,
    whichever is larger: a series that fell may rise as far again. A fall is measured between the
    minima of blocks that are as long as those of the last octave, so that garbage, which comes and
    goes faster, does not count.
    """
    seconds, values = rows
    highest, deepest = values[0], 0.0
    for at in lowest_of_blocks(seconds, values, 2 * BLOCKS):
        highest = max(highest, values[at])
        deepest = max(deepest, highest - values[at])
    return max(MIN_NOISE_FLOOR[signal], deepest)


def _series(rows: Rows, signal: Signal, noise_floor: float, rule: GrowthRule) -> SeriesVerdict:
    """Judge a series, by stricter rules if it swings.

    A series that swings is a leak only where it grows by more than it fell before, and clean only
    where it grows by less than the usual noise floor.
    """
    verdict = judge_series(*rows, noise_floor, rule)
    if verdict.conclusion is not Conclusion.CLEAN or noise_floor <= NOISE_FLOOR[signal]:
        return verdict
    closer = judge_series(*rows, NOISE_FLOOR[signal], rule)
    return undecided(ReasonKind.SWINGS) if closer.conclusion is Conclusion.LEAK else closer


def _extreme(rows: Rows, amount: float, rule: GrowthRule) -> SeriesVerdict | None:
    """Return a leak where a series rises in order by `amount` or more and does not slow down.

    Its rate may change during the watch, because on a busy machine the rate of every program does.
    """
    seconds, values = rows
    if not rises_to_its_end(seconds, values, amount, rule):
        return None
    rise = values[-1] - values[0]
    reason = Reason(
        kind=ReasonKind.EXCEEDS_HALF_OF_MEMORY,
        rate=rise / (seconds[-1] - seconds[0]),
        held_bytes=round(rise),
        seconds=seconds[-1] - seconds[0],
    )
    return SeriesVerdict(Conclusion.LEAK, Growth.UNBOUNDED, reason)


def _with_ceiling(estimate: Estimate, slowest: float) -> Estimate:
    """Return an estimate with the detection limit as the growth that it does not exclude."""
    if estimate.reason.kind is not ReasonKind.LEVEL:
        return estimate
    reason = msgspec.structs.replace(estimate.reason, ceiling=slowest)
    return msgspec.structs.replace(estimate, reason=reason)


def _without_slow_leak(estimate: Estimate, noise_floor: float, seconds: float) -> Estimate:
    """Return an undecided estimate where a clean series has growth surely above zero.

    It may be a leak that is too slow for the length of the watch. The reason says how long to
    watch.
    """
    if estimate.conclusion is not Conclusion.CLEAN or estimate.low <= 0:
        return estimate
    if estimate.reason.kind is ReasonKind.FADES:
        reason = Reason(kind=ReasonKind.FADES_SO_FAR, signal=estimate.signal)
    else:
        needed = max(noise_floor / (estimate.per_unit * FLOOR_OCTAVE_SHARE), 2 * seconds)
        kind = ReasonKind.GROWS_TOO_SLOWLY
        reason = Reason(kind=kind, signal=estimate.signal, seconds=needed)
    changes = {"conclusion": Conclusion.UNDECIDED, "growth": None, "reason": reason}
    return msgspec.structs.replace(estimate, **changes)


def _explained(
    verdict: SeriesVerdict, before: Octave, last: Octave, noise_floor: float
) -> SeriesVerdict:
    """Return a verdict with the reason for a watch.

    The first octaves of a watch may have few readings, or readings without order.
    """
    kind = verdict.reason.kind
    if kind is ReasonKind.TOO_FEW_SAMPLES and last.minima.size >= MIN_BLOCKS:
        kind = ReasonKind.TOO_FEW_BEFORE
    elif kind is ReasonKind.ROSE_ONLY_LATELY and before.ordered(TENDENCY):
        kind = ReasonKind.ROSE_LESS_BEFORE
    elif kind is ReasonKind.RISES_BY_STEPS:
        kind = _kind_of_steps(before, last, noise_floor)
    reason = msgspec.structs.replace(verdict.reason, kind=kind)
    return SeriesVerdict(verdict.conclusion, verdict.growth, reason, verdict.conclusive)


def _kind_of_steps(before: Octave, last: Octave, noise_floor: float) -> ReasonKind:
    """Distinguish several steps from one rise to another level that took more than one block."""
    clear = clear_steps(joined(before, last)[1], noise_floor).tolist()
    begun = sum(now and not then for then, now in pairwise([False, *clear]))
    if begun > 1:
        return ReasonKind.RISES_BY_STEPS
    return ReasonKind.TENDS_TO_RISE if clear[-1] else ReasonKind.LEVELS_OFF
