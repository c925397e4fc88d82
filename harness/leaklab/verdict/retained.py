"""What a process still held at its stops: after a collection, and without the interpreter's free
lists. Growth from one collection to the next is retained, exactly; garbage is in no such reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from leaklab.model.measurement import How, ProcessRecord, Stop
from leaklab.model.scenario import Growth
from leaklab.model.signals import Reading, Signal
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind
from leaklab.verdict.growth import GrowthRule, SeriesVerdict, undecided
from leaklab.verdict.resources import NOISE_FLOOR

# A rise of which a collection, or a trim, leaves less than this share was mostly not retained.
RETAINED_SHARE = 0.5


@dataclass(frozen=True)
class Rise:
    """What the rows of a signal did over the last octave: from `start`, by `amount`, over `units`
    units of work."""

    start: float
    amount: float
    units: float


@dataclass(frozen=True)
class Kept:
    """What was held after a collection, at so many units of work."""

    units: int
    value: float


def kept_of(process: ProcessRecord, signal: Signal) -> list[Kept]:
    """What a process held of a signal after each collection, that after the last unit included.

    A program that has switched its collector off is read as it is, for its cycles are its leak.
    """
    readings = [
        (stop.units, stop.reading) for stop in process.stops if stop.how is not How.AS_IT_IS
    ]
    last = process.after_collect if process.collector_on else process.at_end
    if last and (not readings or readings[-1][0] < process.units_done):
        readings.append((process.units_done, last))
    found = [(units, net_value(reading, signal)) for units, reading in readings]
    return [Kept(units, value) for units, value in found if value is not None]


def net_value(reading: Reading, signal: Signal) -> float | None:
    """A signal's value without what lies in the interpreter's free lists; None if not read."""
    if signal is Signal.IN_USE:
        if reading.heap_bytes is None or reading.pymalloc_bytes is None:
            return None
        return reading.heap_bytes + reading.pymalloc_bytes - (reading.free_list_bytes or 0)
    value: int | None = getattr(reading, signal.value, None)
    if value is not None and signal is Signal.BLOCKS:
        return value - (reading.free_list_blocks or 0)
    return value


def is_collected(process: ProcessRecord) -> bool:
    """Whether the last thing that was read of a process is a stop after a collection."""
    return bool(process.stops) and _is_now(process, process.stops[-1])


def settle(
    finding: SeriesVerdict, process: ProcessRecord, signal: Signal, rise: Rise, rule: GrowthRule
) -> SeriesVerdict:
    """What the collections say of a signal that is not acquitted by its rows.

    Args:
        finding: what the rows show.
        process: with at least two collections, the last of them after its last unit.
        signal: what was read in the rows.
        rise: what the rows did over the last octave.
        rule: the constants.
    """
    floor, gains = NOISE_FLOOR[signal], _gains(kept_of(process, signal))
    if not gains or finding.conclusion is Conclusion.CLEAN:
        return finding
    if finding.conclusion is Conclusion.LEAK:
        gained, units = gains[-1]
        if gained >= RETAINED_SHARE * rise.amount / rise.units * units:
            return finding
        if gained <= floor:
            kind = ReasonKind.GARBAGE if process.collector_on else ReasonKind.FREE_LISTS
            return SeriesVerdict(Conclusion.CLEAN, Growth.SAWTOOTH, Reason(kind=kind))
        return _steady(process, gains, floor, rule) or undecided(ReasonKind.GARBAGE_AND_MORE)
    if len(gains) >= 2 and all(gained <= floor for gained, _ in gains[-2:]):
        ceiling = max(floor / units for _, units in gains[-1:])
        reason = Reason(kind=ReasonKind.LEVEL_BETWEEN_COLLECTIONS, ceiling=ceiling)
        return SeriesVerdict(Conclusion.CLEAN, Growth.SAWTOOTH, reason)
    return _steady(process, gains, floor, rule) or finding


def _gains(kept: Sequence[Kept]) -> list[tuple[float, int]]:
    """What was gained from each collection to the next, and over how much work."""
    return [(b.value - a.value, b.units - a.units) for a, b in pairwise(kept) if b.units > a.units]


def _steady(
    process: ProcessRecord, gains: Sequence[tuple[float, int]], floor: float, rule: GrowthRule
) -> SeriesVerdict | None:
    """A leak, where three gains in a row are each more than none, at one rate; and so are those of
    all memory in use, for a table that doubles is steady by itself, long after it is full."""
    in_use = _gains(kept_of(process, Signal.IN_USE)) or gains
    if not (_is_steady(gains, floor, rule) and _is_steady(in_use, 0.0, rule)):
        return None
    gained, units = gains[-1]
    reason = Reason(kind=ReasonKind.GROWS_BETWEEN_COLLECTIONS, rate=gained / units)
    return SeriesVerdict(Conclusion.LEAK, Growth.UNBOUNDED, reason)


def _is_steady(gains: Sequence[tuple[float, int]], floor: float, rule: GrowthRule) -> bool:
    last = gains[-3:]
    if len(last) < 3 or not all(gained > floor for gained, _ in last):
        return False
    rates = [gained / units for gained, units in last]
    return all(rule.steady <= b / a <= 1 / rule.steady for a, b in pairwise(rates))


def _is_now(process: ProcessRecord, stop: Stop) -> bool:
    return stop.how is not How.AS_IT_IS and stop.units >= process.units_done
