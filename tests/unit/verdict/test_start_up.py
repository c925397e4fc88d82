"""A start-up is detected and left out; a series without one is kept whole."""

import math
from collections.abc import Callable

import pytest

from leaklab.verdict.octaves import Rows
from leaklab.verdict.start_up import MAX_SHARE, without_start_up

MIB = 1 << 20
LEAST = 32768.0


def read(law: Callable[[float], float], seconds: int = 60) -> Rows:
    """Two readings a second."""
    times = [n / 2 for n in range(2 * seconds)]
    return times, [law(t) for t in times]


def importing(t: float, seconds: float = 3.0) -> float:
    """Twenty MiB in three seconds, and then no more."""
    return 20 * MIB * min(t / seconds, 1.0)


def test_a_line_after_an_import_begins_where_the_import_ends() -> None:
    rest, began = without_start_up(read(lambda t: importing(t) + 50_000 * t), LEAST)
    assert pytest.approx(3.0, abs=1.0) == began
    assert (0.0, began) == (rest[0][0], 60 - 0.5 - rest[0][-1])
    assert pytest.approx(50_000) == (rest[1][-1] - rest[1][0]) / rest[0][-1]


def test_an_import_that_frees_garbage_ends_after_that() -> None:
    _, began = without_start_up(read(lambda t: importing(t) - 5 * MIB * (t > 6)), LEAST)
    assert 6 <= began <= 8


@pytest.mark.parametrize(
    "law",
    [
        lambda _: 7.0 * MIB,
        lambda t: 200_000 * t,
        lambda t: 5 * MIB * (t * 0.618 % 1),
        lambda t: 2000 * min(t, 3.0),
    ],
    ids=["flat", "line", "teeth", "less than a page or two"],
)
def test_without_a_start_up_nothing_is_left_out(law: Callable[[float], float]) -> None:
    rows = read(law)
    assert (rows, 0.0) == without_start_up(rows, LEAST)


@pytest.mark.parametrize("law", [math.log1p, math.sqrt, lambda t: 1 - math.exp(-t / 10)])
def test_at_most_a_quarter_is_left_out(law: Callable[[float], float]) -> None:
    _, began = without_start_up(read(lambda t: 10 * MIB * law(t)), LEAST)
    assert 0 < began <= 60 * MAX_SHARE


def test_a_long_watch_leaves_out_only_the_start_up() -> None:
    _, began = without_start_up(read(importing, 3600), LEAST)
    assert 3.0 == began


def test_too_few_readings_have_no_start_up() -> None:
    rows = ([0.0, 1.0, 2.0], [0.0, 20.0 * MIB, 20.0 * MIB])
    assert (rows, 0.0) == without_start_up(rows, LEAST)
