"""What was found of a signal, and how fast it grows, put together."""

import msgspec

from leaklab.model.signals import Signal
from leaklab.model.verdicts import Estimate
from leaklab.verdict.growth import SeriesVerdict
from leaklab.verdict.octaves import Slope


def estimate(signal: Signal, finding: SeriesVerdict, slope: Slope) -> Estimate:
    """An estimate of one signal; its reason names it."""
    return Estimate(
        signal=signal,
        conclusion=finding.conclusion,
        growth=finding.growth,
        per_unit=slope.estimate,
        low=slope.low,
        high=slope.high,
        reason=msgspec.structs.replace(finding.reason, signal=signal),
        conclusive=finding.conclusive,
    )
