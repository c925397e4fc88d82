"""What a benchmark suite tracks of a run: two numbers that can be compared by their ratio, and the
verdict."""

from msgspec import Struct

from leaklab.model.job import Limits
from leaklab.model.measurement import EndReason
from leaklab.model.result import Result
from leaklab.model.scenario import Resource
from leaklab.model.units import PAGE_BYTES
from leaklab.model.verdicts import Conclusion

# What stands for no growth: a ratio to zero says nothing, and asv calls -4 against -4 "improved".
NO_GROWTH = 1e-6
# Over a whole run, less than this is none: a page of memory, or one piece of what is counted.
MIN_BYTES = PAGE_BYTES
MIN_PIECES = 1


class TrackedFigures(Struct, frozen=True, kw_only=True):
    """The figures of one run.

    `peak_rss_bytes` is that of its largest process, the baseline taken off (where a tree is judged,
    its peak PSS); `growth_per_unit` the growth of `resource`, the one judged, in bytes or in
    pieces, `NO_GROWTH` where there is none, and `growth_interval` where it lies with 95 %. Growth
    that is not known is None. `verdict` is the run's, or that of its pair where peaks are judged.
    """

    peak_rss_bytes: int
    growth_per_unit: float | None
    resource: Resource
    verdict: Conclusion
    growth_interval: tuple[float, float] | None = None


class Tracked(Struct, frozen=True, kw_only=True):
    """The figures of a set of runs by their labels, and why others have none.

    `absent` are those that this catalogue or this machine cannot have, `failed` those that it
    should have and that could not be measured. `unread` are scenarios that are there in a form that
    this leaklab does not read.
    """

    figures: dict[str, TrackedFigures] = {}
    absent: dict[str, str] = {}
    failed: dict[str, str] = {}
    unread: dict[str, str] = {}

    def __or__(self, other: "Tracked") -> "Tracked":
        """Both together."""
        return Tracked(
            figures=self.figures | other.figures,
            absent=self.absent | other.absent,
            failed=self.failed | other.failed,
            unread=self.unread | other.unread,
        )


def figures_of(result: Result, limits: Limits) -> TrackedFigures:
    """The figures of a run that ended or was stopped.

    One that was stopped at a limit counts as that limit, so that there is a number to compare: its
    peak if it was the memory, and its growth, if that could not be told, by the work it did.

    Args:
        result: a run that did not fail, and whose time was not up.
        limits: what it was held to.
    """
    peak = result.peak_bytes or 0
    if result.end_reason is EndReason.MEMORY_LIMIT:
        peak = max(peak, limits.memory_bytes)
    verdict = result.verdict
    is_told = verdict.per_unit is not None and (verdict.low or 0.0) > 0
    held = 0 if is_told else _held(result, peak, limits)
    known = verdict.low is not None and verdict.high is not None and not held
    return TrackedFigures(
        peak_rss_bytes=peak,
        growth_per_unit=_growth(result, held),
        resource=verdict.resource,
        verdict=verdict.conclusion,
        growth_interval=(verdict.low or 0.0, verdict.high or 0.0) if known else None,
    )


def _held(result: Result, peak: int, limits: Limits) -> int:
    """What a run held of the resource judged when it was stopped for having too much of it."""
    at_limit = {
        (EndReason.MEMORY_LIMIT, Resource.MEMORY): peak,
        (EndReason.DESCRIPTOR_LIMIT, Resource.DESCRIPTORS): limits.descriptors,
        (EndReason.DESCRIPTOR_LIMIT, Resource.SOCKETS): limits.descriptors,
        (EndReason.PROCESS_LIMIT, Resource.PROCESSES): limits.processes,
    }
    return at_limit.get((result.end_reason, result.verdict.resource), 0)


def _growth(result: Result, held: int) -> float | None:
    """What is surely more than nothing: an interval that holds zero is no growth."""
    verdict = result.verdict
    done = max(result.units_done // max(result.workers, 1), 1)
    if held:
        return held / done
    if verdict.per_unit is None:
        return None
    amount = verdict.per_unit if (verdict.low or 0.0) > 0 else 0.0
    in_bytes = (
        verdict.resource is Resource.MEMORY if not verdict.signal else verdict.signal.in_bytes
    )
    least = MIN_BYTES if in_bytes else MIN_PIECES
    return max(amount, NO_GROWTH) if amount * done >= least else NO_GROWTH
