import pytest

from leaklab.features.quality.agent_cost import (
    MAX_AGENT_BYTES,
    MAX_CPU_RATIO,
    MAX_SAMPLING_BYTES,
    AgentCost,
)
from leaklab.verdict.intervals import median_interval


@pytest.mark.parametrize(
    ("high", "added", "agent", "holds"),
    [
        (MAX_CPU_RATIO, MAX_SAMPLING_BYTES, MAX_AGENT_BYTES, True),
        (MAX_CPU_RATIO + 0.001, 0, 0, False),
        (1.0, MAX_SAMPLING_BYTES + 1, 0, False),
        (1.0, 0, MAX_AGENT_BYTES + 1, False),
    ],
)
def test_the_intervals_upper_end_and_the_memory_decide(
    *, high: float, added: int, agent: int, holds: bool
) -> None:
    overhead = AgentCost(
        "a",
        15,
        1.0,
        1.0,
        low=0.9,
        high=high,
        added_bytes=added,
        agent_bytes=agent,
        agent_rss_bytes=9 * agent,
    )
    assert overhead.meets_limits is holds


def test_the_fourth_value_on_either_side_of_fifteen_bounds_the_median() -> None:
    assert median_interval(list(range(1, 16))) == (4, 12)
