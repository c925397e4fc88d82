"""The amount that a verdict quotes: memory in use, or the growth of the leaking signal."""

from collections.abc import Mapping, Sequence

import msgspec

from leaklab.model.measurement import ProcessRecord
from leaklab.model.scenario import Resource
from leaklab.model.signals import Signal
from leaklab.model.verdicts import Conclusion, Estimate, Reason, ReasonKind, Verdict
from leaklab.verdict.in_use import in_use_rows, surely_above_zero, with_mapped
from leaklab.verdict.octaves import Rows, Slope, growth_per_unit, joined, octaves
from leaklab.verdict.resources import SIGNALS_OF, SIGNALS_OF_TREE

# Blocks have no size of their own, and PSS includes the pages of files.
NEVER_QUOTED = {Signal.BLOCKS, Signal.PSS}


def with_amount(
    verdict: Verdict,
    process: ProcessRecord | None = None,
    rows: Mapping[Signal, Rows] | None = None,
) -> Verdict:
    """Return a verdict with its growth per unit of work and the interval of the growth.

    Args:
        verdict: The verdict, with the estimates of all signals.
        process: The judged process; None for a tree.
        rows: The readings of the process by signal.

    Returns:
        The verdict. It is undecided where a leaking allocator is outweighed by the other.
    """
    estimates = _estimates_of_resource(verdict)
    if not estimates:
        return verdict
    chosen = _chosen(estimates)
    slope = Slope(chosen.per_unit, chosen.low, chosen.high)
    if process and chosen.signal is Signal.IN_USE:
        rows = {**(rows or {}), Signal.IN_USE: in_use_rows(process)}
        slope = with_mapped(process, slope)
        if verdict.conclusion is Conclusion.CLEAN:  # a step is not growth
            _, before, last = octaves(*rows[Signal.IN_USE])
            slope = growth_per_unit(*joined(before, last))
    if verdict.is_leak and slope.estimate <= 0 and chosen.signal is Signal.IN_USE:
        verdict = _cancelled(verdict)
    elif verdict.is_leak and rows and chosen.signal in rows:
        slope = surely_above_zero(slope, rows[chosen.signal])
    return msgspec.structs.replace(
        verdict, signal=chosen.signal, per_unit=slope.estimate, low=slope.low, high=slope.high
    )


def _estimates_of_resource(verdict: Verdict) -> list[Estimate]:
    signals = {*SIGNALS_OF[verdict.resource], *SIGNALS_OF_TREE[verdict.resource]}
    if verdict.resource is Resource.MEMORY:
        signals |= {Signal.IN_USE}
    return [e for e in verdict.estimates if e.signal in signals]


def _chosen(estimates: Sequence[Estimate]) -> Estimate:
    """Return the estimate to quote: blocks and PSS only where no better signal leaks."""
    better = [e for e in estimates if e.signal not in NEVER_QUOTED]
    leaks = any(e.conclusion is Conclusion.LEAK for e in estimates)
    explains_leak = any(
        e.conclusion is Conclusion.LEAK or e.signal in (Signal.IN_USE, Signal.PSS_ANON)
        for e in better
    )
    return min(better if better and (explains_leak or not leaks) else estimates, key=_rank)


def _cancelled(verdict: Verdict) -> Verdict:
    """Return an undecided verdict, because memory moved from one allocator to the other.

    One signal leaks, but memory in use as a whole has not grown.
    """
    reason = Reason(kind=ReasonKind.NOT_IN_TOTAL)
    return msgspec.structs.replace(
        verdict, conclusion=Conclusion.UNDECIDED, growth=None, reasons=[reason, *verdict.reasons]
    )


def _rank(estimate: Estimate) -> tuple[bool, bool]:
    """Sort memory in use first, then leaking signals in the order in which they were judged."""
    return estimate.signal is not Signal.IN_USE, estimate.conclusion is not Conclusion.LEAK
