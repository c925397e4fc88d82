"""An estimate: the verdict on a signal together with its growth."""

import msgspec

from leaklab.model.signals import Signal
from leaklab.model.verdicts import Estimate
from leaklab.verdict.growth import SeriesVerdict
from leaklab.verdict.octaves import Slope


def estimate(signal: Signal, verdict: SeriesVerdict, slope: Slope) -> Estimate:
    """Return the estimate of one signal; its reason names the signal."""
    return Estimate(
        signal=signal,
        conclusion=verdict.conclusion,
        growth=verdict.growth,
        per_unit=slope.estimate,
        low=slope.low,
        high=slope.high,
        reason=msgspec.structs.replace(verdict.reason, signal=signal),
        conclusive=verdict.conclusive,
    )
