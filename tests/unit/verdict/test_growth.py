import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaklab.model.scenario import Growth
from leaklab.model.verdicts import Conclusion
from leaklab.verdict.growth import judge_series
from leaklab.verdict.wording import reason_text

NOISE_FLOOR = 256.0
N = 512


def judge(law: Callable[[int], float], n: int = N, noise_floor: float = NOISE_FLOOR) -> Conclusion:
    return judge_series(range(1, n + 1), [law(u) for u in range(1, n + 1)], noise_floor).conclusion


def growth(law: Callable[[int], float]) -> Growth | None:
    return judge_series(range(1, N + 1), [law(u) for u in range(1, N + 1)], NOISE_FLOOR).growth


def test_a_line_is_a_leak() -> None:
    assert judge(lambda u: 32 * u) is Conclusion.LEAK


def test_a_line_of_twenty_samples_is_a_leak() -> None:
    assert judge(lambda u: 4096 * u, n=20) is Conclusion.LEAK


def test_nine_samples_decide_nothing() -> None:
    assert judge(lambda u: 4096 * u, n=9) is Conclusion.UNDECIDED


def test_a_line_after_a_long_warm_up_is_a_leak() -> None:
    assert judge(lambda u: 32 * u + 1e6 * min(u / 100, 1)) is Conclusion.LEAK


def test_a_rare_leak_is_a_leak() -> None:
    assert judge(lambda u: 100_000 * (u // 32)) is Conclusion.LEAK


def test_nothing_is_clean() -> None:
    assert judge(lambda _: 5e6) is Conclusion.CLEAN


def test_a_plateau_is_clean_and_bounded() -> None:
    def law(u: int) -> float:
        return 4096 * min(u, 200)

    assert (judge(law), growth(law)) == (Conclusion.CLEAN, Growth.BOUNDED)


def test_a_logarithm_is_clean_and_bounded() -> None:
    def law(u: int) -> float:
        return float(1e6 * np.log(u))

    assert (judge(law), growth(law)) == (Conclusion.CLEAN, Growth.BOUNDED)


def test_a_root_is_neither_line_nor_logarithm_so_it_is_undecided() -> None:
    assert judge(lambda u: 1e6 * u**0.5) is Conclusion.UNDECIDED


def test_teeth_within_one_process_are_clean() -> None:
    def law(u: int) -> float:
        return 4096.0 * (u % 20)

    assert (judge(law), growth(law)) == (Conclusion.CLEAN, Growth.SAWTOOTH)


@pytest.mark.parametrize("at", [10, 100, 200, 300, 400, 500])
def test_one_big_step_is_clean_at_every_position(at: int) -> None:
    assert judge(lambda u: 50e6 * (u > at)) is Conclusion.CLEAN


def test_a_table_that_doubles_in_every_octave_is_not_called_clean() -> None:
    assert judge(lambda u: 2.0 ** (10 + int(np.log2(u * 1.4)))) is Conclusion.UNDECIDED


def test_a_cache_that_became_full_in_the_last_octave_is_not_called_a_leak() -> None:
    assert judge(lambda u: 4096 * min(u, 440)) is not Conclusion.LEAK


def test_a_few_equal_steps_are_not_clean() -> None:
    assert judge(lambda u: 16e6 * int(4 * u / N + 0.3)) is Conclusion.UNDECIDED


def test_steps_are_detected_without_readings_in_the_first_half() -> None:
    stairs = [16e6 * min(u // 8, 2) for u in range(60)]
    verdict = judge_series([60.0 + u for u in range(60)], stairs, NOISE_FLOOR)
    assert verdict.conclusion is Conclusion.UNDECIDED


def test_a_line_under_a_logarithm_is_not_clean() -> None:
    assert judge(lambda u: 1e6 * (np.log1p(2000 * u / N) + 0.5 * u / N)) is Conclusion.UNDECIDED


def test_a_leak_that_churn_could_hide_is_not_clean() -> None:
    churn = np.random.default_rng(1).uniform(0, 8e6, size=N)
    assert judge(lambda u: 16384 * u * 200 / N + float(churn[u - 1])) is not Conclusion.CLEAN


def test_a_clean_verdict_states_the_growth_that_it_excludes() -> None:
    noise = np.random.default_rng(1).integers(0, 100, size=N)
    verdict = judge_series(range(1, N + 1), [5000.0 + float(v) for v in noise], NOISE_FLOOR)
    assert verdict.conclusion is Conclusion.CLEAN
    assert re.search(r"no growth above 0\.\d+ a unit", reason_text(verdict.reason))


def test_growth_below_the_noise_floor_counts_as_no_growth() -> None:
    assert judge(lambda u: u // 128, noise_floor=8.0) is Conclusion.CLEAN


@given(
    pace=st.integers(32, 10_000),
    noise=st.integers(0, 8),
    seed=st.integers(0, 2**32 - 1),
    constant=st.integers(0, 2**35),
)
@settings(max_examples=40, deadline=None)
def test_a_leak_is_detected_on_top_of_any_constant(
    pace: int, noise: int, seed: int, constant: int
) -> None:
    rng = np.random.default_rng(seed)
    jitter = rng.integers(0, noise * pace + 1, size=N)
    assert judge(lambda u: constant + pace * u + int(jitter[u - 1])) is Conclusion.LEAK


@given(amount=st.integers(0, 2**30), full_at=st.integers(1, N // 3), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_series_with_an_early_plateau_is_never_a_leak(
    amount: int, full_at: int, seed: int
) -> None:
    noise = np.random.default_rng(seed).integers(0, 9, size=N)
    tool_answers = judge(lambda u: amount * min(u, full_at) + 4096 * int(noise[u - 1]))
    assert tool_answers is not Conclusion.LEAK


@given(st.lists(st.integers(0, 2**40), max_size=100))
@settings(max_examples=60, deadline=None)
def test_any_series_gets_a_verdict_with_a_reason(values: list[int]) -> None:
    assert reason_text(judge_series(range(1, len(values) + 1), values, NOISE_FLOOR).reason)
