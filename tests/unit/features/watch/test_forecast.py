"""Speeds, forecasts and durations in readable form."""

import pytest

from leaklab.features.watch.forecast import (
    Forecast,
    MemoryLimit,
    Span,
    forecast,
    growth_rate,
)
from leaklab.model.signals import Signal
from leaklab.model.units import format_duration
from leaklab.model.verdicts import Conclusion, Estimate, Reason, ReasonKind

MIB = 1 << 20
GIB = 1 << 30
LIMIT = MemoryLimit(memory_bytes=3 * GIB, source="a test's")


def growth(per_unit: float, low: float, high: float, verdict: str = "leak") -> Estimate:
    """Return an estimate of PSS in bytes a second."""
    return Estimate(
        signal=Signal.PSS,
        conclusion=Conclusion(verdict),
        growth=None,
        per_unit=per_unit,
        low=low,
        high=high,
        reason=Reason(kind=ReasonKind.TEXT),
    )


def projected(per_unit: float, low: float, high: float, verdict: str = "leak") -> Forecast:
    return forecast(GIB, LIMIT, growth(per_unit, low, high, verdict))


@pytest.mark.parametrize(
    ("per_second", "amount", "span"),
    [
        (3 * MIB, 3 * MIB, Span.SECOND),
        (MIB, MIB, Span.SECOND),
        (MIB / 2, 1800 * MIB, Span.HOUR),
        (MIB / 7200, 12 * MIB, Span.DAY),
        (MIB / 172_800, 3.5 * MIB, Span.WEEK),
        (0.0, 0.0, Span.WEEK),
        (-2 * MIB, -2 * MIB, Span.SECOND),
    ],
)
def test_a_speed_uses_the_shortest_span_with_at_least_a_mebibyte(
    per_second: float, amount: float, span: Span
) -> None:
    rate = growth_rate(per_second)
    assert pytest.approx(amount) == rate.amount
    assert span is rate.span


def test_pieces_use_the_shortest_span_with_at_least_one() -> None:
    assert (Span.HOUR, "an hour") == (growth_rate(1 / 60, 1).span, growth_rate(1 / 60, 1).per)


def test_growth_reaches_the_limit_within_an_interval() -> None:
    outlook = projected(2 * MIB, MIB, 4 * MIB)
    assert (1024, 512, 2048) == (
        outlook.seconds_to_limit,
        outlook.soonest_seconds,
        outlook.latest_seconds,
    )
    assert (3 * GIB, "a test's", GIB) == (
        outlook.limit_bytes,
        outlook.limit_of,
        outlook.held_bytes,
    )
    assert (Span.SECOND, 2 * MIB) == (outlook.span, outlook.growth_bytes)


def test_uncertain_growth_may_never_reach_the_limit() -> None:
    outlook = projected(MIB, -MIB, 2 * MIB, "undecided")
    assert (2048, None) == (outlook.seconds_to_limit, outlook.latest_seconds)


@pytest.mark.parametrize("estimate", [-MIB, 0])
def test_a_constant_series_never_reaches_the_limit(estimate: float) -> None:
    assert projected(estimate, estimate, estimate, "undecided").seconds_to_limit is None


def test_a_clean_series_never_reaches_the_limit() -> None:
    assert projected(MIB, MIB, MIB, "clean").seconds_to_limit is None


def test_a_series_above_the_limit_has_reached_it_already() -> None:
    predicted = forecast(4 * GIB, LIMIT, growth(MIB, MIB, MIB))
    assert 0 == predicted.seconds_to_limit


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.04, "0.0 s"),
        (4.25, "4.2 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (7805, "2 h 10 min"),
        (3605, "1 h"),
        (3 * 86_400 + 7200, "3 d 2 h"),
        (1234 * 31_536_000.0, "1,234 y"),
    ],
)
def test_a_duration_is_shown_by_its_two_largest_parts(seconds: float, expected: str) -> None:
    assert expected == format_duration(seconds)
