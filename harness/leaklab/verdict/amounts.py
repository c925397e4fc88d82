"""Which amount a verdict quotes: of memory what is in use and mapped, else that of the signal that
leaks."""

from collections.abc import Mapping, Sequence

import msgspec

from leaklab.model.measurement import ProcessRecord
from leaklab.model.scenario import Resource
from leaklab.model.signals import Signal
from leaklab.model.verdicts import Conclusion, Estimate, Reason, ReasonKind, Verdict
from leaklab.verdict.in_use import in_use_rows, surely_above_zero, with_mapped
from leaklab.verdict.octaves import Rows, Slope, growth_per_unit, joined, octaves
from leaklab.verdict.resources import SIGNALS_OF, SIGNALS_OF_TREE

# Blocks have no size of their own; in PSS the pages of files are.
NEVER_QUOTED = {Signal.BLOCKS, Signal.PSS}


def quoted(
    verdict: Verdict,
    process: ProcessRecord | None = None,
    rows: Mapping[Signal, Rows] | None = None,
) -> Verdict:
    """A verdict with its amount per unit of work, and the interval of it.

    Args:
        verdict: with the estimates of all signals.
        process: whose it is; None for a tree.
        rows: of the process, by signal.
    """
    of_resource = {*SIGNALS_OF[verdict.resource], *SIGNALS_OF_TREE[verdict.resource]}
    if verdict.resource is Resource.MEMORY:
        of_resource |= {Signal.IN_USE}
    found = [e for e in verdict.estimates if e.signal in of_resource]
    if not found:
        return verdict
    chosen = _chosen(found)
    slope = Slope(chosen.per_unit, chosen.low, chosen.high)
    if process and chosen.signal is Signal.IN_USE:
        rows = {**(rows or {}), Signal.IN_USE: in_use_rows(process)}
        slope = with_mapped(process, slope)
        if verdict.conclusion is Conclusion.CLEAN:  # a step is no growth
            _, before, last = octaves(*rows[Signal.IN_USE])
            slope = growth_per_unit(*joined(before, last))
    if verdict.is_leak and slope.estimate <= 0 and chosen.signal is Signal.IN_USE:
        verdict = _cancelled(verdict)
    elif verdict.is_leak and rows and chosen.signal in rows:
        slope = surely_above_zero(slope, rows[chosen.signal])
    return msgspec.structs.replace(
        verdict, signal=chosen.signal, per_unit=slope.estimate, low=slope.low, high=slope.high
    )


def _chosen(estimates: Sequence[Estimate]) -> Estimate:
    """The one to quote: blocks and PSS only where nothing better is known to leak."""
    better = [e for e in estimates if e.signal not in NEVER_QUOTED]
    leaks = any(e.conclusion is Conclusion.LEAK for e in estimates)
    told = any(
        e.conclusion is Conclusion.LEAK or e.signal in (Signal.IN_USE, Signal.PSS_ANON)
        for e in better
    )
    return min(better if better and (told or not leaks) else estimates, key=_rank)


def _cancelled(verdict: Verdict) -> Verdict:
    """What leaks by one of its signals, and has not grown in all: it went from one allocator to the
    other."""
    reason = Reason(kind=ReasonKind.NOT_IN_ALL)
    return msgspec.structs.replace(
        verdict, conclusion=Conclusion.UNDECIDED, growth=None, reasons=[reason, *verdict.reasons]
    )


def _rank(estimate: Estimate) -> tuple[bool, bool]:
    """Memory in use comes first; then what leaks, in the order in which it was judged."""
    return estimate.signal is not Signal.IN_USE, estimate.conclusion is not Conclusion.LEAK
