"""One signal of a process judged: what its rows show, and what the readings at stops say of it."""

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
from leaklab.verdict.retained import Rise, kept_of, settle

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
        process: whose it is, with its readings at stops; None for a tree.
        signal: the signal.
        rows: the work done at each sample, and what was read.
        declared: the work that a verdict is said to need; None where nobody says.
        rule: the constants.
    """
    finding = judge_series(*rows, NOISE_FLOOR[signal], rule, declared)
    _, before, last = octaves(*rows)
    if process and signal in COLLECTABLE:
        finding = _collectable(process, signal, finding, last, rule)
    elif process and signal is Signal.ANON:
        finding = _anonymous(process, finding, before, last, rule)
    slope = growth_per_unit(*joined(before, last))
    return estimate(signal, finding, slope)


def estimate_in_use(
    process: ProcessRecord, declared: float | None, rule: GrowthRule
) -> list[Estimate]:
    """The estimate of the memory in use, where it can be told: its amount, which is quoted."""
    rows = in_use_rows(process)
    if len(rows[0]) < 2:
        return []
    found = estimate_of(process, Signal.IN_USE, rows, declared, rule)
    slope = growth_in_use(process, rows)
    return [msgspec.structs.replace(found, per_unit=slope.estimate, low=slope.low, high=slope.high)]


def excuse(process: ProcessRecord, signal: Signal, rows: Rows) -> SeriesVerdict | None:
    """What acquits a rise over all that was seen of a run."""
    rise = Rise(rows[1][0], rows[1][-1] - rows[1][0], rows[0][-1] - rows[0][0])
    if signal in COLLECTABLE:
        return explained_growth(process, signal, rise)
    return explained_anonymous_growth(process, rise) if signal is Signal.ANON else None


def _collectable(
    process: ProcessRecord, signal: Signal, finding: SeriesVerdict, last: Octave, rule: GrowthRule
) -> SeriesVerdict:
    if finding.reason.kind is ReasonKind.TOO_FEW_SAMPLES:
        return finding
    kept, rise = kept_of(process, signal), _rise(last)
    if len(kept) >= 2 and kept[-1].units >= process.units_done:
        return settle(finding, process, signal, rise, rule)
    if finding.conclusion is Conclusion.LEAK:
        return explained_growth(process, signal, rise) or finding
    return finding


def _anonymous(
    process: ProcessRecord, finding: SeriesVerdict, before: Octave, last: Octave, rule: GrowthRule
) -> SeriesVerdict:
    rise = _rise(last)
    if finding.conclusion is Conclusion.LEAK:
        return explained_anonymous_growth(process, rise) or finding
    in_order = rises(before, NOISE_FLOOR_IN_PAGES, rule) and rises(last, NOISE_FLOOR_IN_PAGES, rule)
    if in_order and grows_past_allocators(process, rise):
        return undecided(ReasonKind.MAPPED_GROWS)
    return finding


def _rise(octave: Octave) -> Rise:
    if octave.minima.size < 2:
        return Rise(0.0, 0.0, 1.0)
    span = float(octave.units[-1] - octave.units[0])
    return Rise(float(octave.minima[0]), octave.rise, span)
