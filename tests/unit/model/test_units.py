import pytest

from leaklab.model.errors import BadInput
from leaklab.model.scenario import Resource
from leaklab.model.text import cut
from leaklab.model.units import format_bytes, format_growth, parse_bytes, parse_duration


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0 B"),
        (12, "12 B"),
        (1536, "1.5 KiB"),
        (-352_256, "-344 KiB"),
        (17_063_936, "16.3 MiB"),
        (1 << 30, "1 GiB"),
        (5 << 50, "5120 TiB"),
    ],
)
def test_bytes_are_written_in_the_largest_fitting_unit(amount: int, text: str) -> None:
    assert text == format_bytes(amount)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("300MB", 300_000_000),
        ("1GiB", 1 << 30),
        ("64k", 65536),
        ("65536", 65536),
        ("1.5 MiB", 1572864),
    ],
)
def test_sizes_are_read_as_people_write_them(text: str, amount: int) -> None:
    assert amount == parse_bytes(text)


@pytest.mark.parametrize(
    "text", ["", "much", "-1MB", "0", "3 parsecs", "1e9", "0.1B", "9" * 400, "1" * 19 + "TiB"]
)
def test_what_is_no_size_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(BadInput, match="write it like 300MB"):
        parse_bytes(text)


def test_what_people_gave_is_shown_cut_short() -> None:
    with pytest.raises(BadInput) as caught:
        parse_bytes("9" * 400)
    assert len(str(caught.value)) < 150
    assert cut("300MB") == "300MB"


def test_growth_is_signed_and_noughts_are_plain() -> None:
    assert format_growth(612.4, Resource.MEMORY) == "+612 B"
    assert format_growth(-0.01, Resource.MEMORY) == "0"
    assert format_growth(1.0, Resource.SOCKETS) == "+1"
    assert format_growth(0.0, Resource.SOCKETS) == "0"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30),
        ("0.5", 0.5),
        ("90s", 90),
        ("10m", 600),
        ("1.5h", 5400),
        ("2D", 172_800),
        ("1h30m", 5400),
        ("1d12h", 129_600),
        ("1m30s", 90),
        ("1d2h3m4s", 93_784),
    ],
)
def test_times_are_read_with_their_unit(text: str, seconds: float) -> None:
    assert seconds == parse_duration(text)


@pytest.mark.parametrize(
    "text", ["", "m", "0", "-3", "inf", "nan", "10 minutes", "5x", "1e400", "30m1h", "1h30"]
)
def test_what_is_no_time_is_refused_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(BadInput, match="is not a duration; write it like 30, 30s, 10m"):
        parse_duration(text)
