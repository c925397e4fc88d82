"""Growth rates in readable units, and the forecast of the time to a memory limit."""

from enum import StrEnum

from msgspec import Struct

from leaklab.model.units import MIB
from leaklab.model.verdicts import Conclusion, Estimate


class Span(StrEnum):
    """The time unit of a growth rate."""

    SECOND = "second"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


SECONDS = {Span.SECOND: 1, Span.HOUR: 3600, Span.DAY: 86_400, Span.WEEK: 604_800}


class GrowthRate(Struct, frozen=True, kw_only=True):
    """A growth of `amount` bytes or pieces in each `span`."""

    amount: float
    span: Span

    @property
    def per(self) -> str:
        """The time unit with its article: `an hour`, `a second`."""
        return f"an {self.span}" if self.span is Span.HOUR else f"a {self.span}"


class MemoryLimit(Struct, frozen=True, kw_only=True):
    """A limit on memory, and in words where it comes from."""

    memory_bytes: int
    source: str


class Forecast(Struct, frozen=True, kw_only=True):
    """When a tree with `held_bytes` of memory reaches its limit, if its growth continues.

    `seconds_to_limit` is None if it never reaches the limit or does not grow.
    `soonest_seconds` and `latest_seconds` come from the 95 % interval of the growth; each is None
    if that end of the interval does not reach the limit. `growth_bytes` is the growth
    in each `span`.
    """

    limit_bytes: int
    limit_of: str
    held_bytes: int
    span: Span
    growth_bytes: float
    seconds_to_limit: float | None = None
    soonest_seconds: float | None = None
    latest_seconds: float | None = None


def growth_rate(per_second: float, min_amount: float = MIB) -> GrowthRate:
    """Express a growth per second in the shortest span with at least `min_amount`.

    If no span has as much, the rate is per week, the longest span.
    """
    rates = [GrowthRate(amount=per_second * SECONDS[span], span=span) for span in Span]
    return next((rate for rate in rates if abs(rate.amount) >= min_amount), rates[-1])


def forecast(held_bytes: int, limit: MemoryLimit, growth: Estimate) -> Forecast:
    """Forecast when the memory of a tree reaches its limit.

    Args:
        held_bytes: Its memory now.
        limit: Its memory limit.
        growth: The growth of that memory, in bytes per second.
    """
    left = max(limit.memory_bytes - held_bytes, 0)

    def until(per_second: float) -> float | None:
        """Return the seconds until the limit is reached; None if it never is."""
        return left / per_second if per_second > 0 else None

    is_clean = growth.conclusion is Conclusion.CLEAN
    rate = growth_rate(growth.per_unit)
    return Forecast(
        limit_bytes=limit.memory_bytes,
        limit_of=limit.source,
        held_bytes=held_bytes,
        span=rate.span,
        growth_bytes=rate.amount,
        seconds_to_limit=None if is_clean else until(growth.per_unit),
        soonest_seconds=until(growth.high),
        latest_seconds=until(growth.low),
    )
