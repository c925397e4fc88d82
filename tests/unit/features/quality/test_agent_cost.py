import pytest

from leaklab.features.quality.agent_cost import MOST_BYTES, MOST_RATIO, Overhead, median_interval


@pytest.mark.parametrize(
    ("high", "added", "holds"),
    [
        (MOST_RATIO, MOST_BYTES, True),
        (MOST_RATIO + 0.001, 0, False),
        (1.0, MOST_BYTES + 1, False),
    ],
)
def test_the_intervals_upper_end_and_the_memory_decide(
    *, high: float, added: int, holds: bool
) -> None:
    found = Overhead("a", 15, 1.0, ratio=1.0, low=0.9, high=high, added_bytes=added)
    assert found.holds is holds


def test_of_fifteen_values_the_fourth_on_either_side_bounds_the_median() -> None:
    assert median_interval(list(range(1, 16))) == (4, 12)
