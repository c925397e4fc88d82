"""The verdict on one signal of a process, by its series and by the readings at stops."""

import msgspec

from leaklab.model.measurement import ProcessRecord
from leaklab.model.signals import Signal
from leaklab.model.verdicts import Conclusion, Estimate, ReasonKind
from leaklab.verdict.allocators import (
    explained_anonymous_growth,
    explained_growth,
    grows_past_allocators,
)
from leaklab.verdict.estimates import estimate
from leaklab.verdict.growth import GrowthRule, SeriesVerdict, judge_series, rises, undecided
from leaklab.verdict.in_use import growth_in_use, in_use_rows
from leaklab.verdict.octaves import Octave, Rows, growth_per_unit, joined, octaves
from leaklab.verdict.resources import NOISE_FLOOR, NOISE_FLOOR_IN_PAGES
from leaklab.verdict.retained import Rise, confirm_by_collections, retained_readings

COLLECTABLE = {Signal.HEAP, Signal.BLOCKS}


def estimate_of(
    process: ProcessRecord | None,
    signal: Signal,
    rows: Rows,
    declared: float | None,
    rule: GrowthRule,
) -> Estimate:
    """Judge one signal.

    Args:
        process: The process, with its readings at stops; None for a tree.
        signal: The signal.
        rows: The work done at each sample, and the values.
        declared: The work that a verdict is declared to need; None if that is not declared.
        rule: The constants of the verdict.
    """
    verdict = judge_series(*rows, NOISE_FLOOR[signal], rule, declared)
    _, before, last = octaves(*rows)
    if process and signal in COLLECTABLE:
        verdict = _collectable(process, signal, verdict, last, rule)
    elif process and signal is Signal.ANON:
        verdict = _anonymous(process, verdict, before, last, rule)
    slope = growth_per_unit(*joined(before, last))
    return estimate(signal, verdict, slope)


def estimate_in_use(
    process: ProcessRecord, declared: float | None, rule: GrowthRule
) -> list[Estimate]:
    """Return the estimate of memory in use, or an empty list where that is unknown."""
    rows = in_use_rows(process)
    if len(rows[0]) < 2:
        return []
    in_use = estimate_of(process, Signal.IN_USE, rows, declared, rule)
    slope = growth_in_use(process, rows)
    return [
        msgspec.structs.replace(in_use, per_unit=slope.estimate, low=slope.low, high=slope.high)
    ]


def explained_rise(process: ProcessRecord, signal: Signal, rows: Rows) -> SeriesVerdict | None:
    """Return a verdict that explains a rise over the whole run; None where it is retained."""
    rise = Rise(rows[1][0], rows[1][-1] - rows[1][0], rows[0][-1] - rows[0][0])
    if signal in COLLECTABLE:
        return explained_growth(process, signal, rise)
    return explained_anonymous_growth(process, rise) if signal is Signal.ANON else None


def _collectable(
    process: ProcessRecord, signal: Signal, verdict: SeriesVerdict, last: Octave, rule: GrowthRule
) -> SeriesVerdict:
    if verdict.reason.kind is ReasonKind.TOO_FEW_SAMPLES:
        return verdict
    kept, rise = retained_readings(process, signal), _rise(last)
    if len(kept) >= 2 and kept[-1].units >= process.units_done:
        return confirm_by_collections(verdict, process, signal, rise, rule)
    if verdict.conclusion is Conclusion.LEAK:
        return explained_growth(process, signal, rise) or verdict
    return verdict


def _anonymous(
    process: ProcessRecord, verdict: SeriesVerdict, before: Octave, last: Octave, rule: GrowthRule
) -> SeriesVerdict:
    rise = _rise(last)
    if verdict.conclusion is Conclusion.LEAK:
        return explained_anonymous_growth(process, rise) or verdict
    in_order = rises(before, NOISE_FLOOR_IN_PAGES, rule) and rises(last, NOISE_FLOOR_IN_PAGES, rule)
    if in_order and grows_past_allocators(process, rise):
        return undecided(ReasonKind.MAPPED_GROWS)
    return verdict


def _rise(octave: Octave) -> Rise:
    if octave.minima.size < 2:
        return Rise(0.0, 0.0, 1.0)
    span = float(octave.units[-1] - octave.units[0])
    return Rise(float(octave.minima[0]), octave.rise, span)
