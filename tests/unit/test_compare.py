import pytest

import toys
from leaklab.compare import compare, is_peak_leak
from leaklab.errors import BadInput
from leaklab.model import Variant


def test_b_is_set_against_a() -> None:
    found = compare(toys.result(peak_rss_bytes=100), toys.result(peak_rss_bytes=150))
    assert found.peak_ratio == pytest.approx(1.5)
    assert (found.differences, found.intervals_apart) == ((), False)


def test_a_leak_and_its_mending_have_intervals_apart() -> None:
    fixed = toys.result(variant=Variant.FIXED, peak_rss_bytes=1)
    found = compare(fixed, toys.result())
    assert found.intervals_apart
    assert found.differences == ("variant: fixed and buggy",)


def test_other_work_cannot_be_compared() -> None:
    with pytest.raises(BadInput, match=r"units: 400 and 200.*same --units"):
        compare(toys.result(), toys.result(units=200))


def test_a_run_without_a_peak_cannot_be_compared() -> None:
    with pytest.raises(BadInput, match="has no peak"):
        compare(toys.result(peak_rss_bytes=None), toys.result())


def test_a_pair_judged_by_its_peaks_needs_the_declared_ratio() -> None:
    found = compare(toys.result(peak_rss_bytes=100), toys.result(peak_rss_bytes=150))
    assert is_peak_leak(found, 1.5)
    assert not is_peak_leak(found, 1.6)
