"""The places of the labels of a chart."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from leaklab.reports.line_labels import spread


@given(st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=6), st.floats(0.01, 0.16))
def test_labels_are_apart_in_order_and_inside(wanted: list[float], height: float) -> None:
    heights = [height] * len(wanted)
    centres = spread(wanted, heights)
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    assert all(centres[b] - centres[a] >= height - 1e-9 for a, b in pairwise(order))
    assert height / 2 - 1e-9 <= min(centres)
    assert max(centres) <= 1 - height / 2 + 1e-9


def test_a_label_with_room_is_where_it_wants_to_be() -> None:
    assert [0.2, 0.7] == spread([0.2, 0.7], [0.3, 0.3])


def test_labels_without_room_for_all_are_still_apart() -> None:
    low, high = spread([0.5, 0.5], [0.8, 0.8])
    assert high - low >= 0.8 - 1e-9
