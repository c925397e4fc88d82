"""What a benchmark suite tracks of a run: two numbers that can be compared by their ratio."""

from msgspec import Struct

from leaklab.model import Limits, Resource
from leaklab.record import Ended, Result

# What stands for no growth: a ratio to zero says nothing, and asv calls -4 against -4 "improved".
NO_GROWTH = 1e-6
# Over a whole run, less than this is none: a page of memory, or one piece of what is counted.
LEAST_BYTES = 4096
LEAST_PIECES = 1


class Figures(Struct, frozen=True, kw_only=True):
    """The figures of one run.

    `peak_rss_bytes` is that of its largest process, the baseline taken off; `growth_per_unit` the
    growth of `resource`, the one judged, in bytes or in pieces, `NO_GROWTH` where there is none,
    and `growth_interval` where it lies with 95 %.
    """

    peak_rss_bytes: int
    growth_per_unit: float
    resource: Resource
    growth_interval: tuple[float, float] | None = None


class Tracked(Struct, frozen=True, kw_only=True):
    """The figures of a set of runs by their labels, and why others have none.

    `absent` are those that this catalogue or this machine cannot have, `failed` those that it
    should have and that could not be measured.
    """

    figures: dict[str, Figures] = {}
    absent: dict[str, str] = {}
    failed: dict[str, str] = {}

    def __or__(self, other: "Tracked") -> "Tracked":
        """Both together."""
        return Tracked(
            figures=self.figures | other.figures,
            absent=self.absent | other.absent,
            failed=self.failed | other.failed,
        )


def figures_of(result: Result, limits: Limits) -> Figures:
    """The figures of a run that ended or was stopped.

    One that was stopped for its memory counts as what it was stopped at, so that there is a number
    to compare; its growth is then what it held, by the work it did.

    Args:
        result: a run that did not fail.
        limits: what it was held to.
    """
    peak = result.peak_rss_bytes or 0
    if result.ended is Ended.MEMORY_LIMIT:
        peak = max(peak, limits.memory_bytes)
    return Figures(
        peak_rss_bytes=peak,
        growth_per_unit=_growth(result, peak),
        resource=result.verdict.resource,
        growth_interval=None if _is_held(result) else _interval(result),
    )


def _is_held(result: Result) -> bool:
    """Whether it was stopped for its memory before its growth could be told."""
    verdict = result.verdict
    unknown = verdict.per_unit is None or (verdict.low or 0.0) <= 0
    stopped = result.ended is Ended.MEMORY_LIMIT
    return stopped and unknown and verdict.resource is Resource.MEMORY


def _interval(result: Result) -> tuple[float, float] | None:
    low, high = result.verdict.low, result.verdict.high
    return None if low is None or high is None else (low, high)


def _growth(result: Result, peak: int) -> float:
    """What is surely more than nothing: an interval that holds zero is no growth."""
    verdict = result.verdict
    memory = verdict.resource is Resource.MEMORY
    done = max(result.units_done // max(result.workers, 1), 1)
    amount = verdict.per_unit or 0.0 if (verdict.low or 0.0) > 0 else 0.0
    if _is_held(result):
        amount = peak / done
    least = LEAST_BYTES if memory else LEAST_PIECES
    return max(amount, NO_GROWTH) if amount * done >= least else NO_GROWTH
