"""Which amount a verdict quotes: of memory what is in use and mapped, else that of the signal that
leaks."""

from collections.abc import Mapping

import msgspec

from leaklab.model.measurement import ProcessRecord
from leaklab.model.scenario import Resource
from leaklab.model.signals import Signal
from leaklab.model.verdicts import Conclusion, Estimate, Verdict
from leaklab.verdict.in_use import in_use_rows, surely_above_zero, with_mapped
from leaklab.verdict.octaves import Rows, Slope
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
    found = [e for e in found if e.signal not in NEVER_QUOTED] or found
    if not found:
        return verdict
    chosen = min(found, key=_rank)
    slope = Slope(chosen.per_unit, chosen.low, chosen.high)
    if process and chosen.signal is Signal.IN_USE:
        slope = with_mapped(process, slope)
        rows = {**(rows or {}), Signal.IN_USE: in_use_rows(process)}
    if verdict.is_leak and rows and chosen.signal in rows:
        slope = surely_above_zero(slope, rows[chosen.signal])
    return msgspec.structs.replace(
        verdict, signal=chosen.signal, per_unit=slope.estimate, low=slope.low, high=slope.high
    )


def _rank(estimate: Estimate) -> tuple[bool, bool]:
    """Memory in use comes first; then what leaks, in the order in which it was judged."""
    return estimate.signal is not Signal.IN_USE, estimate.conclusion is not Conclusion.LEAK
