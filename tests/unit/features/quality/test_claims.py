"""The judgements of the claims, by figures of all kinds."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from leaklab.features.projection.laws import Prediction
from leaklab.features.quality.claims.articles import (
    CLAIMED_BYTES_OF_ARTICLE,
    IndexFigures,
    judge_counts,
    judge_factor,
    judge_fifty,
    judge_many,
)
from leaklab.features.quality.claims.claim import (
    Claim,
    ClaimOutcome,
    Finding,
    Theme,
    is_near,
    times,
)
from leaklab.features.quality.claims.columns import (
    Addresses,
    AddressFigures,
    Evicted,
    SharedFigures,
    judge_addresses,
    judge_shared,
)
from leaklab.features.quality.claims.registry import CLAIMS, CLAIMS_IN_ORDER, check_claims
from leaklab.features.quality.claims.slowdown import (
    ProfilerCost,
    SlowdownFigures,
    TracingFigures,
    judge_slowdown,
    judge_tracing,
)
from leaklab.features.quality.claims.speeds import (
    LeakSpeed,
    judge_speeds,
    simulated_rows,
    simulated_until_seen,
)
from leaklab.features.quality.claims.stored import ReferenceFigures, judge_forms, judge_reference
from leaklab.features.quality.claims.terminal import (
    ScrollFigures,
    judge_closing,
    judge_percentage,
    judge_scroll,
)
from leaklab.features.quality.claims.window import Moment, WindowFigures
from leaklab.features.quality.claims.workers import (
    PoolFigures,
    Released,
    judge_pools,
    judge_released,
)
from leaklab.model.errors import NotMeasured
from leaklab.model.units import MIB

GIB = 1 << 30


def window(
    of_line: int = 2000, ended: float = 1.0, *, closed: bool = True, machine: int = 16 * GIB
) -> WindowFigures:
    moments = [Moment(s, 1000 * s, 10 * MIB + 1000 * s * of_line, GIB) for s in (10, 30, 60)]
    last = moments[-1].rss_bytes
    return WindowFigures(
        moments=moments,
        stopped_rss_bytes=last,
        ended_rss_bytes=round(ended * last),
        is_closed=closed,
        machine_bytes=machine,
    )


def index(of_article: float) -> IndexFigures:
    peak = round(50 * of_article)
    return IndexFigures(50, peak, peak + 12 * MIB, peak // 2, 1_200_000)


def forms(existing: float, new: float) -> dict[str, float]:
    return {
        "an article that exists": existing,
        "a title that exists": existing,
        "a new title": new,
        "a new id": new,
    }


def pools(divided: int, repeated: int) -> PoolFigures:
    return PoolFigures(one=100, divided=divided, repeated=repeated, summed_rss=5, shared_pss=1)


def released(*left: int) -> list[Released]:
    return [Released(f"program {n}", 100, amount, amount) for n, amount in enumerate(left)]


def costs(*ratios: float) -> list[ProfilerCost]:
    return [ProfilerCost(f"tool {n}", "work", 100, ratio, MIB) for n, ratio in enumerate(ratios)]


HOLDS, CONDITIONAL, WRONG = ClaimOutcome.HOLDS, ClaimOutcome.CONDITIONAL, ClaimOutcome.WRONG


@pytest.mark.parametrize(
    ("judge", "figures", "outcome"),
    [
        (judge_scroll, ScrollFigures(window(of_line=140), 134.0), HOLDS),
        (judge_scroll, ScrollFigures(window(of_line=1800), 134.0), CONDITIONAL),
        (judge_closing, window(), HOLDS),
        (judge_closing, window(ended=0.5), WRONG),
        (judge_closing, window(closed=False), WRONG),
        (judge_percentage, window(machine=GIB // 2), HOLDS),
        (judge_percentage, window(machine=24 * GIB), CONDITIONAL),
        (judge_addresses, AddressFigures(4 * GIB, MIB, Addresses(9, 1, "no memory")), CONDITIONAL),
        (judge_addresses, AddressFigures(4 * GIB, MIB, Addresses(9, 1, "")), HOLDS),
        (judge_shared, SharedFigures(Evicted(64, 0, 64), 49_152, is_leak=True), CONDITIONAL),
        (judge_shared, SharedFigures(Evicted(64, 0, 64), 0, is_leak=False), CONDITIONAL),
        (judge_shared, SharedFigures(Evicted(64, 0, 0), 0, is_leak=False), HOLDS),
        (judge_shared, SharedFigures(Evicted(64, 64, 64), 49_152, is_leak=True), WRONG),
        (judge_fifty, index(CLAIMED_BYTES_OF_ARTICLE), HOLDS),
        (judge_fifty, index(CLAIMED_BYTES_OF_ARTICLE / 3), WRONG),
        (judge_fifty, index(CLAIMED_BYTES_OF_ARTICLE * 3), WRONG),
        (judge_factor, index(2_600_000), HOLDS),
        (judge_factor, index(150_000), WRONG),
        (judge_factor, index(6_000_000), WRONG),
        (judge_many, Prediction(6_000_000, 15.6e12, 15e12, 16e12), HOLDS),
        (judge_many, Prediction(6_000_000, 1e12, 0.9e12, 1.1e12), WRONG),
        (judge_counts, {n: round(n * CLAIMED_BYTES_OF_ARTICLE) for n in (5, 1000)}, HOLDS),
        (judge_counts, {5: 13_000_000, 1000: 150_000_000}, CONDITIONAL),
        (judge_counts, {5: 2_000_000, 1000: 150_000_000}, WRONG),
        (judge_reference, ReferenceFigures(forms(8, 70), 8_000_000, 4_000_000), WRONG),
        (judge_reference, ReferenceFigures(forms(8, 70), 8_000_000, 1), WRONG),
        (judge_reference, ReferenceFigures(forms(4e6, 4e6), 8_000_000, 1), HOLDS),
        (judge_forms, forms(8, 90), CONDITIONAL),
        (judge_forms, forms(8, 10), WRONG),
        (judge_pools, pools(400, 400), HOLDS),
        (judge_pools, pools(210, 440), CONDITIONAL),
        (judge_pools, pools(100, 120), WRONG),
        (judge_slowdown, SlowdownFigures(costs(12, 99), []), HOLDS),
        (judge_slowdown, SlowdownFigures(costs(1.3, 20), []), CONDITIONAL),
        (judge_slowdown, SlowdownFigures(costs(1.3, 200), []), WRONG),
        (judge_tracing, TracingFigures([1, 1.1, 2], [1, 1.1, 1.2]), HOLDS),
        (judge_tracing, TracingFigures([1, 9, 20], [1, 1.1, 1.2]), CONDITIONAL),
        (judge_tracing, TracingFigures([1, 9, 20], [1, 2, 3]), WRONG),
        (judge_released, released(10, 20), HOLDS),
        (judge_released, released(10, 90), CONDITIONAL),
        (judge_released, released(100, 90), WRONG),
        (judge_speeds, [LeakSpeed("an hour", 7200), LeakSpeed("a second", 9.0, 5.0)], HOLDS),
        (judge_speeds, [LeakSpeed("an hour", 648), LeakSpeed("a second", 9.0, 5.0)], CONDITIONAL),
        (judge_speeds, [LeakSpeed("an hour", None), LeakSpeed("a minute", 11.0)], CONDITIONAL),
    ],
)
def test_a_claim_is_judged_by_its_figures(
    judge: Callable[[Any], Finding], figures: object, outcome: ClaimOutcome
) -> None:
    finding = judge(figures)
    assert outcome is finding.outcome
    assert finding.reason.endswith(".")
    assert finding.reason[0].islower() == (outcome is ClaimOutcome.CONDITIONAL)
    assert all(finding.measured)


@pytest.mark.parametrize(("measured", "near"), [(50, True), (200, True), (49, False), (201, False)])
def test_a_figure_is_right_within_a_factor_of_two(measured: float, *, near: bool) -> None:
    assert near is is_near(measured, 100)


def test_a_ratio_has_a_decimal_where_it_is_small() -> None:
    assert ["1.5 times", "12 times"] == [times(15, 10), times(120, 10)]


def test_the_projection_goes_on_at_the_rate_of_the_moments() -> None:
    # 1,000 lines a second of 2,000 B: 600 s are 1.2 GB, and 10 MiB are the empty window.
    measured = judge_scroll(ScrollFigures(window(), 134.0)).measured
    assert "projected to 10 min at the rate of these 50 s: 1.1 GiB" in measured


def test_the_projection_ends_where_the_scroll_back_is_full() -> None:
    fast = WindowFigures(
        moments=[Moment(s, 100_000 * s, 10 * MIB + 100_000 * s * 2000, GIB) for s in (10, 60)],
        stopped_rss_bytes=1,
        ended_rss_bytes=1,
        is_closed=True,
        machine_bytes=GIB,
    )
    measured = judge_scroll(ScrollFigures(fast, 134.0)).measured
    # 10 million lines of 2,000 B, and 10 MiB.
    assert any("18.6 GiB, full at 10,000,000 lines" in phrase for phrase in measured)


def test_a_profiler_that_is_absent_is_named_beside_the_others() -> None:
    figures = SlowdownFigures(costs(12), ["fil is not installed: pip install filprofiler"])
    assert "not measured: fil is not installed: pip install filprofiler" in (
        judge_slowdown(figures).measured
    )


def test_a_slower_leak_is_seen_later_and_a_constant_never() -> None:
    lengths = [simulated_until_seen(MIB / seconds) for seconds in (60, 3600, 86_400)]
    assert all(faster is not None for faster in lengths)
    assert all((faster or 0) < (slower or 0) for faster, slower in pairwise(lengths))
    assert simulated_until_seen(0.0) is None


def test_simulated_memory_grows_in_whole_pages() -> None:
    times_read, memory = simulated_rows(1000.0, 10.0)
    assert (0.0, 10.0) == (times_read[0], times_read[-1])
    assert 8192 == memory[-1] - memory[0]


def test_a_claim_that_cannot_be_measured_says_why_and_the_others_go_on() -> None:
    def absent(_: object) -> int:
        raise NotMeasured("xterm not installed: apt-get install xterm")

    def one(_: object) -> int:
        return 1

    def right(figure: int) -> Finding:
        return Finding(measured=[str(figure)], outcome=ClaimOutcome.HOLDS, reason="It is.")

    claims = [
        Claim("a", Theme.TIME, "A.", absent, right),
        Claim("b", Theme.TIME, "B.", one, right),
    ]
    steps: list[str] = []
    first, second = check_claims(claims, steps.append)
    assert ClaimOutcome.NOT_MEASURED is first.finding.outcome
    assert "xterm not installed: apt-get install xterm." == first.finding.reason
    assert ["1"] == second.finding.measured
    assert ["a", "b"] == steps


def test_each_claim_has_a_name_of_its_own_and_is_a_sentence() -> None:
    assert len(CLAIMS_IN_ORDER) == len(CLAIMS)
    assert all(claim.text.endswith(".") for claim in CLAIMS_IN_ORDER)
