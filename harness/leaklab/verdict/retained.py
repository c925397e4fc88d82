"""Memory that a process retains at its stops: after a garbage collection, without free lists.

Growth from one collection to the next is exactly the retained memory, because the readings have no
garbage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from leaklab.model.measurement import ProcessRecord, Stop, StopKind
from leaklab.model.scenario import Growth
from leaklab.model.signals import Reading, Signal
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind
from leaklab.verdict.growth import GrowthRule, SeriesVerdict, undecided
from leaklab.verdict.resources import NOISE_FLOOR

# A rise is not retained where a collection or malloc_trim leaves less than this share of it.
RETAINED_SHARE = 0.5


@dataclass(frozen=True)
class Rise:
    """The rise of a series over its last octave.

    Attributes:
        start: The value at the beginning.
        amount: By how much it rose.
        units: The units of work from the beginning to the end.
    """

    start: float
    amount: float
    units: float


@dataclass(frozen=True)
class RetainedReading:
    """The value of a signal after a collection, and the units of work done until then."""

    units: int
    value: float


def retained_readings(process: ProcessRecord, signal: Signal) -> list[RetainedReading]:
    """Return the readings of a signal after each collection, including the one after the last unit.

    A program that has switched its collector off is read without a collection, because its cycles
    are its leak.
    """
    readings = [
        (stop.units, stop.reading)
        for stop in process.stops
        if stop.how is not StopKind.NOT_COLLECTED
    ]
    last = process.after_collect if process.collector_on else process.at_end
    if last and (not readings or readings[-1][0] < process.units_done):
        readings.append((process.units_done, last))
    values = [(units, net_value(reading, signal)) for units, reading in readings]
    return [RetainedReading(units, value) for units, value in values if value is not None]


def net_value(reading: Reading, signal: Signal) -> float | None:
    """Return a signal's value without the interpreter's free lists; None if it was not read."""
    if signal is Signal.IN_USE:
        if reading.heap_bytes is None or reading.pymalloc_bytes is None:
            return None
        return reading.heap_bytes + reading.pymalloc_bytes - (reading.free_list_bytes or 0)
    value: int | None = getattr(reading, signal.value, None)
    if value is not None and signal is Signal.BLOCKS:
        return value - (reading.free_list_blocks or 0)
    return value


def is_collected(process: ProcessRecord) -> bool:
    """Return whether the last reading of a process is a stop after a collection."""
    return bool(process.stops) and _is_now(process, process.stops[-1])


def confirm_by_collections(
    verdict: SeriesVerdict, process: ProcessRecord, signal: Signal, rise: Rise, rule: GrowthRule
) -> SeriesVerdict:
    """Confirm or change the verdict on a series by the readings after collections.

    Args:
        verdict: The verdict on the series; a clean one is returned unchanged.
        process: The process, with at least two collections, the last one after its last unit.
        signal: The signal of the series.
        rise: The rise of the series over the last octave.
        rule: The constants of the verdict.
    """
    noise_floor, gains = NOISE_FLOOR[signal], _gains(retained_readings(process, signal))
    if not gains or verdict.conclusion is Conclusion.CLEAN:
        return verdict
    if verdict.conclusion is Conclusion.LEAK:
        gained, units = gains[-1]
        if gained >= RETAINED_SHARE * rise.amount / rise.units * units:
            return verdict
        if gained <= noise_floor:
            kind = ReasonKind.GARBAGE if process.collector_on else ReasonKind.FREE_LISTS
            return SeriesVerdict(Conclusion.CLEAN, Growth.SAWTOOTH, Reason(kind=kind))
        return _steady(process, gains, noise_floor, rule) or undecided(ReasonKind.GARBAGE_AND_MORE)
    if len(gains) >= 2 and all(gained <= noise_floor for gained, _ in gains[-2:]):
        ceiling = max(noise_floor / units for _, units in gains[-1:])
        reason = Reason(kind=ReasonKind.LEVEL_BETWEEN_COLLECTIONS, ceiling=ceiling)
        return SeriesVerdict(Conclusion.CLEAN, Growth.SAWTOOTH, reason)
    return _steady(process, gains, noise_floor, rule) or verdict


def _gains(kept: Sequence[RetainedReading]) -> list[tuple[float, int]]:
    """Return the growth from each collection to the next, and the units between them."""
    return [(b.value - a.value, b.units - a.units) for a, b in pairwise(kept) if b.units > a.units]


def _steady(
    process: ProcessRecord, gains: Sequence[tuple[float, int]], noise_floor: float, rule: GrowthRule
) -> SeriesVerdict | None:
    """Return a leak where three successive gains have the same rate, above the noise floor.

    The gains of all memory in use must be steady, too. The gains of one allocator alone may be
    steady without a leak, where a table doubles.
    """
    in_use = _gains(retained_readings(process, Signal.IN_USE)) or gains
    if not (_is_steady(gains, noise_floor, rule) and _is_steady(in_use, 0.0, rule)):
        return None
    gained, units = gains[-1]
    reason = Reason(kind=ReasonKind.GROWS_BETWEEN_COLLECTIONS, rate=gained / units)
    return SeriesVerdict(Conclusion.LEAK, Growth.UNBOUNDED, reason)


def _is_steady(gains: Sequence[tuple[float, int]], noise_floor: float, rule: GrowthRule) -> bool:
    last = gains[-3:]
    if len(last) < 3 or not all(gained > noise_floor for gained, _ in last):
        return False
    rates = [gained / units for gained, units in last]
    return all(rule.steady <= b / a <= 1 / rule.steady for a, b in pairwise(rates))


def _is_now(process: ProcessRecord, stop: Stop) -> bool:
    return stop.how is not StopKind.NOT_COLLECTED and stop.units >= process.units_done
