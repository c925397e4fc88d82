"""The verdict on a watch: slow leaks are not clean, noise is not a leak, reasons are true."""

import math
import random
from collections.abc import Callable

import pytest

from leaklab.model.scenario import Resource
from leaklab.model.signals import Signal
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind, Verdict
from leaklab.verdict.octaves import Rows
from leaklab.verdict.over_time import UNLIMITED, judge_over_time, signal_of_memory
from leaklab.verdict.watched_signal import noise_floor_of
from leaklab.verdict.wording import Per, reason_text

MIB, PAGE = 1 << 20, 4096
Law = Callable[[float], float]


def read(law: Law, seconds: float = 60, each: float = 0.5) -> Rows:
    """Return readings in whole pages, unevenly spaced like those of a watch."""
    count = round(seconds / each)
    times = [each * (n + 0.618 * n % 1) for n in range(count)]
    return times, [law(t) // PAGE * PAGE for t in times]


def judged(law: Law, seconds: float = 60, memory_bytes: float = UNLIMITED) -> Verdict:
    rows = {Signal.PSS_ANON: read(law, seconds)}
    return judge_over_time(rows, Resource.MEMORY, memory_bytes)


def reason(verdict: Verdict, kind: ReasonKind) -> Reason:
    return next(reason for reason in verdict.reasons if reason.kind is kind)


def noise(amplitude: float, seed: int = 1) -> Law:
    drawn = random.Random(seed)  # noqa: S311  (for noise, not for secrets)
    return lambda _: 10 * MIB + amplitude * drawn.random()


def test_twenty_kilobytes_a_second_are_a_leak_after_a_minute() -> None:
    verdict = judged(lambda t: 20_000 * t)
    assert verdict.is_leak
    assert pytest.approx(20_000, rel=0.02) == verdict.per_unit


def test_an_import_before_a_leak_does_not_hide_the_leak() -> None:
    verdict = judged(lambda t: 30 * MIB * min(t / 2, 1) + 300_000 * t, 30)
    assert verdict.is_leak
    left_out = reason(verdict, ReasonKind.START_UP)
    assert left_out.seconds is not None
    assert 2 <= left_out.seconds < 4
    assert reason_text(left_out).endswith(
        "s are left out as start-up, because growth was fastest then"
    )


@pytest.mark.parametrize("bytes_a_second", [700, 1000, 2000])
def test_growth_below_a_page_a_block_is_neither_clean_nor_a_leak(
    bytes_a_second: int,
) -> None:
    assert Conclusion.UNDECIDED is judged(lambda t: bytes_a_second * t).conclusion


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("amplitude", [0, PAGE, 100_000, 3 * MIB])
def test_noise_of_any_size_is_not_a_leak(seed: int, amplitude: float) -> None:
    assert not judged(noise(amplitude, seed), 30).is_leak


@pytest.mark.parametrize("period", [3, 8, 19, 33])
def test_a_sawtooth_of_any_period_is_not_a_leak(period: float) -> None:
    assert not judged(lambda t: 5 * MIB * (t / period % 1)).is_leak


@pytest.mark.parametrize("law", [math.log1p, math.sqrt])
def test_growth_that_slows_down_is_not_a_leak(law: Law) -> None:
    assert not judged(lambda t: 3 * MIB * law(t)).is_leak


def test_a_rise_after_an_equal_fall_is_not_a_leak() -> None:
    seconds, values = read(lambda t: 10 * MIB - 2 * MIB * (20 < t < 30))
    assert 2 * MIB == noise_floor_of(Signal.PSS_ANON, (seconds, values))
    assert 8 * PAGE == noise_floor_of(Signal.PSS_ANON, read(lambda t: 1000 * t))


def test_a_leak_beneath_a_falling_part_is_detected_once_it_exceeds_the_fall() -> None:
    def law(t: float) -> float:
        return 100_000 * t - 2 * MIB * (10 < t % 50 < 20)

    assert not judged(law, 60).is_leak
    assert judged(law, 1200).is_leak


def test_a_clean_watch_states_the_largest_undetected_leak() -> None:
    verdict = judged(lambda _: 5 * MIB, 64)
    escape = reason(verdict, ReasonKind.DETECTION_LIMIT)
    assert Conclusion.CLEAN is verdict.conclusion
    assert reason_text(escape, Per.SECOND) == (
        "detection limit 2.3 KiB a second: a slower leak would be missed; watching for 10 min "
        "lowers the limit to 250 B a second"
    )
    assert escape.rate == verdict.reasons[0].ceiling
    assert escape.rate is not None
    faster = escape.rate * 1.2
    assert judged(lambda t: 5 * MIB + faster * t, 64).conclusion is not Conclusion.CLEAN


def test_an_undecided_watch_states_it_too_in_pieces_of_its_resource() -> None:
    drawn = random.Random(3)  # noqa: S311  (as above)
    rows = {Signal.THREADS: read(lambda t: PAGE * round(5 + 2 * (t > 50) + drawn.random()))}
    verdict = judge_over_time(rows, Resource.THREADS)
    output = [reason_text(one, Per.SECOND) for one in verdict.reasons]
    assert "threads a second: a slower leak would be missed" in output[-1]


def test_steady_growth_to_half_of_the_limit_is_a_leak_at_any_earlier_pace() -> None:
    def slowing(t: float) -> float:
        return 100 * MIB * (t if t < 12 else 12 + 0.6 * (t - 12))

    assert Conclusion.UNDECIDED is judged(slowing, 25).conclusion
    verdict = judged(slowing, 25, memory_bytes=3000 * MIB)
    assert verdict.is_leak
    text = reason_text(verdict.reasons[0])
    assert text.startswith("PSS without files: it rose steadily by 1.9 GiB in 2")


def test_growth_that_has_stopped_is_not_extreme() -> None:
    verdict = judged(lambda t: 100 * MIB * min(t, 18.0), 25, memory_bytes=3000 * MIB)
    assert not verdict.is_leak


def test_one_rise_between_two_levels_is_not_reported_as_steps() -> None:
    verdict = judged(lambda t: 5 * MIB + 3 * MIB * min(max(t - 28, 0) / 5, 1), 64)
    assert ReasonKind.LEVELS_OFF is verdict.reasons[0].kind


def test_several_rises_are_reported_as_steps() -> None:
    verdict = judged(lambda t: MIB * (t // 20), 64)
    assert ReasonKind.RISES_BY_STEPS is verdict.reasons[0].kind


def test_too_few_earlier_readings_are_not_reported_as_no_earlier_growth() -> None:
    times = [0.0, 4.0, 7.0, *(10 + n / 2 for n in range(20))]
    rows = {Signal.PSS_ANON: (times, [MIB * t for t in times])}
    verdict = judge_over_time(rows, Resource.MEMORY)
    assert ReasonKind.TOO_FEW_BEFORE is verdict.reasons[0].kind


def test_resident_memory_decides_if_pss_was_read_too_rarely() -> None:
    often, seldom = read(lambda t: MIB * t), read(lambda t: MIB * t, each=9)
    assert Signal.ANON is signal_of_memory({Signal.PSS_ANON: seldom, Signal.ANON: often})
    assert Signal.PSS_ANON is signal_of_memory({Signal.PSS_ANON: often, Signal.ANON: often})
    assert Signal.PSS_ANON is signal_of_memory({Signal.PSS_ANON: seldom, Signal.ANON: seldom})
    assert judge_over_time({Signal.ANON: often}, Resource.MEMORY).is_leak


def test_a_resource_that_was_not_read_is_undecided() -> None:
    verdict = judge_over_time({Signal.PSS: read(lambda _: MIB)}, Resource.THREADS)
    assert (Conclusion.UNDECIDED, ReasonKind.NOT_READ) == (
        verdict.conclusion,
        verdict.reasons[0].kind,
    )
