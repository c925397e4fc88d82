"""How fast something grows, in words that read well, and when it will have come to a limit."""

from enum import StrEnum

from msgspec import Struct

from leaklab.model.units import MIB
from leaklab.model.verdicts import Conclusion, Estimate


class Span(StrEnum):
    """The time over which growth is told: its speed class."""

    SECOND = "second"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


SECONDS = {Span.SECOND: 1, Span.HOUR: 3600, Span.DAY: 86_400, Span.WEEK: 604_800}


class GrowthRate(Struct, frozen=True, kw_only=True):
    """Growth over its speed class: `amount` in each `span`, in bytes or in pieces."""

    amount: float
    span: Span

    @property
    def per(self) -> str:
        """`an hour`, `a second`."""
        return f"an {self.span}" if self.span is Span.HOUR else f"a {self.span}"


class MemoryLimit(Struct, frozen=True, kw_only=True):
    """So much memory there may be; `whose` says in words where that is from."""

    memory_bytes: int
    source: str


class Forecast(Struct, frozen=True, kw_only=True):
    """When a tree that holds `held_bytes` has come to a limit, if it goes on as it does.

    `seconds_to_limit` is None where it never will, or nothing says that it grows;
    `soonest_seconds` and `latest_seconds` are of the 95 % interval of its growth, None where that
    end of it does not reach the limit.
    """

    limit_bytes: int
    limit_of: str
    held_bytes: int
    speed_class: Span
    speed_bytes: float
    seconds_to_limit: float | None = None
    soonest_seconds: float | None = None
    latest_seconds: float | None = None


def growth_rate(per_second: float, least: float = MIB) -> GrowthRate:
    """The speed over the shortest span in which there is at least `least` of it, else a week."""
    found = [GrowthRate(amount=per_second * SECONDS[span], span=span) for span in Span]
    return next((speed for speed in found if abs(speed.amount) >= least), found[-1])


def forecast(held_bytes: int, limit: MemoryLimit, growth: Estimate) -> Forecast:
    """What becomes of a tree that holds so much.

    Args:
        held_bytes: its memory now.
        limit: how much there may be.
        growth: of that memory, in bytes a second.
    """
    left = max(limit.memory_bytes - held_bytes, 0)

    def until(rate: float) -> float | None:
        return left / rate if rate > 0 else None

    is_clean = growth.conclusion is Conclusion.CLEAN
    speed = growth_rate(growth.per_unit)
    return Forecast(
        limit_bytes=limit.memory_bytes,
        limit_of=limit.source,
        held_bytes=held_bytes,
        speed_class=speed.span,
        speed_bytes=speed.amount,
        seconds_to_limit=None if is_clean else until(growth.per_unit),
        soonest_seconds=until(growth.high),
        latest_seconds=until(growth.low),
    )
