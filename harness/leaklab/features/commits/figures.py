"""The figures of a run that a benchmark suite tracks: its peak, its growth and its verdict.

Peak and growth are never zero, so that they can be compared by their ratio.
"""

from msgspec import Struct

from leaklab.model.job import Limits
from leaklab.model.measurement import EndReason
from leaklab.model.result import Result
from leaklab.model.scenario import Resource
from leaklab.model.units import PAGE_BYTES
from leaklab.model.verdicts import Conclusion

# The value for no growth, because a ratio to zero says nothing, and asv calls -4 against -4
# "improved".
NO_GROWTH = 1e-6
# Growth over a whole run of less than this counts as no growth: a page, or one counted object.
MIN_BYTES = PAGE_BYTES
MIN_PIECES = 1


class TrackedFigures(Struct, frozen=True, kw_only=True):
    """The figures of one run.

    `peak_rss_bytes` is the peak of the largest process less its baseline, or the peak PSS if a tree
    is judged. `growth_per_unit` is the growth of the judged `resource` in bytes or pieces;
    `NO_GROWTH` if it does not grow, and None if that is unknown. `growth_interval` is its 95 %
    interval. `verdict` is that of the run, or of its pair if peaks are judged.
    """

    peak_rss_bytes: int
    growth_per_unit: float | None
    resource: Resource
    verdict: Conclusion
    growth_interval: tuple[float, float] | None = None


class Tracked(Struct, frozen=True, kw_only=True):
    """The figures of a set of runs by their labels, and the reasons why others are missing.

    `absent` are runs that this catalogue or this machine cannot make. `failed` are runs that it
    should make and that could not be measured. `unread` are scenarios in a form that this leaklab
    does not read.
    """

    figures: dict[str, TrackedFigures] = {}
    absent: dict[str, str] = {}
    failed: dict[str, str] = {}
    unread: dict[str, str] = {}

    def __or__(self, other: "Tracked") -> "Tracked":
        """Merge two sets; the second one wins for labels in both."""
        return Tracked(
            figures=self.figures | other.figures,
            absent=self.absent | other.absent,
            failed=self.failed | other.failed,
            unread=self.unread | other.unread,
        )


def figures_of(result: Result, limits: Limits) -> TrackedFigures:
    """Return the figures of a run that completed or was stopped at a limit.

    A run that was stopped at a limit gets the limit as its figure, so that there is a number to
    compare. A memory limit is its peak. Its growth, if that is unknown, is the limit divided by
    the work done.

    Args:
        result: A run that did not fail and was not stopped by its time limit.
        limits: The limits of the run.
    """
    peak = result.peak_bytes or 0
    if result.end_reason is EndReason.MEMORY_LIMIT:
        peak = max(peak, limits.memory_bytes)
    verdict = result.verdict
    is_known = verdict.per_unit is not None and (verdict.low or 0.0) > 0
    at_limit = 0 if is_known else _amount_at_limit(result, peak, limits)
    has_interval = verdict.low is not None and verdict.high is not None and not at_limit
    return TrackedFigures(
        peak_rss_bytes=peak,
        growth_per_unit=_growth(result, at_limit),
        resource=verdict.resource,
        verdict=verdict.conclusion,
        growth_interval=(verdict.low or 0.0, verdict.high or 0.0) if has_interval else None,
    )


def _amount_at_limit(result: Result, peak: int, limits: Limits) -> int:
    """Return the limit of the judged resource if a run was stopped at it, otherwise 0."""
    amounts = {
        (EndReason.MEMORY_LIMIT, Resource.MEMORY): peak,
        (EndReason.DESCRIPTOR_LIMIT, Resource.DESCRIPTORS): limits.descriptors,
        (EndReason.DESCRIPTOR_LIMIT, Resource.SOCKETS): limits.descriptors,
        (EndReason.PROCESS_LIMIT, Resource.PROCESSES): limits.processes,
    }
    return amounts.get((result.end_reason, result.verdict.resource), 0)


def _growth(result: Result, at_limit: int) -> float | None:
    """Return the growth per unit; an interval that includes zero counts as no growth."""
    verdict = result.verdict
    done = max(result.units_done // max(result.workers, 1), 1)
    if at_limit:
        return at_limit / done
    if verdict.per_unit is None:
        return None
    amount = verdict.per_unit if (verdict.low or 0.0) > 0 else 0.0
    in_bytes = (
        verdict.resource is Resource.MEMORY if not verdict.signal else verdict.signal.in_bytes
    )
    min_growth = MIN_BYTES if in_bytes else MIN_PIECES
    return max(amount, NO_GROWTH) if amount * done >= min_growth else NO_GROWTH
