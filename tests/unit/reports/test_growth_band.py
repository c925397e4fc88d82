"""The growth of a verdict as a band of a chart."""

import msgspec

import toys
from leaklab.reports.growth_band import band_note, band_of

LEAK = msgspec.structs.replace(toys.result().verdict, per_unit=2048.0, low=1024.0, high=4096.0)


def test_a_band_begins_on_the_line_at_a_quarter_of_the_work() -> None:
    units = list(range(1, 101))
    band = band_of((units, [2.0 * unit for unit in units]), LEAK, 1024)
    assert band
    assert ((25, 100), 50.0) == (band.x, band.begin)
    assert (50 + 75, 50 + 2 * 75, 50 + 4 * 75) == band.ends


def test_a_band_begins_at_the_foot_of_a_saw_tooth() -> None:
    units = list(range(1, 101))
    band = band_of((units, [float(-unit % 5) for unit in units]), LEAK)
    assert band
    assert (25, 0.0) == (band.x[0], band.begin)
    later = band_of((units, [float((3 - unit) % 5) for unit in units]), LEAK)
    assert later
    assert (28, 0.0) == (later.x[0], later.begin)


def test_a_series_of_one_sample_has_a_band() -> None:
    assert band_of(([7], [1.0]), LEAK)


def test_a_verdict_without_amounts_has_no_band() -> None:
    unknown = msgspec.structs.replace(LEAK, per_unit=None, low=None, high=None, signal=None)
    assert band_of(([1, 2], [1.0, 2.0]), unknown) is None
    assert band_note([unknown]) == ""
