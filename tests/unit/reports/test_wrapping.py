"""Text wrapped to the width of a terminal."""

import pytest

from leaklab.reports.wrapping import DEFAULT_WIDTH, MAX_WIDTH, wrapped, wrapped_notes


def test_a_number_stays_with_its_unit() -> None:
    text = "x" * (DEFAULT_WIDTH - 4)
    assert [text, "  16.3 MiB more"] == wrapped(f"{text} 16.3 MiB more")


@pytest.mark.parametrize("quantity", ["95 %", "3 h 31 min", "1 d 2 h", "2 min 5 s", "64: 1 MiB"])
@pytest.mark.parametrize("width", range(10, 40))
def test_a_quantity_is_never_broken(quantity: str, width: int) -> None:
    assert any(quantity in line for line in wrapped(f"it lasted {quantity} and no longer", width))


def test_lines_after_the_first_have_a_hanging_indent_and_none_is_too_long() -> None:
    first, *others = wrapped("of 8 sizes " * 30)
    assert not first.startswith(" ")
    assert all(line.startswith(("  of", "  8")) for line in others)
    assert max(map(len, [first, *others])) <= DEFAULT_WIDTH


@pytest.mark.parametrize("width", [20, 60, 80, 100, 300])
def test_lines_fit_the_width_and_no_more_than_is_readable(width: int) -> None:
    lines = wrapped("it grows by steps " * 30, width)
    assert min(width, MAX_WIDTH) - 10 < max(map(len, lines)) <= min(width, MAX_WIDTH)


@pytest.mark.parametrize("command", ["'leaklab run word_index --units 64'", "`leaklab list`"])
@pytest.mark.parametrize("width", range(5, 60))
def test_a_quoted_command_is_never_broken(command: str, width: int) -> None:
    lines = wrapped(f"the program's work is too short; {command} measures them", width)
    assert any(command in line for line in lines)


def test_an_apostrophe_quotes_nothing() -> None:
    text = "the kernel's high-water mark and the program's own, and that is all of it"
    assert max(map(len, wrapped(text, 30))) <= 30


@pytest.mark.parametrize("width", [1, 7, 12])
def test_a_long_word_is_never_broken(width: int) -> None:
    assert ["scenario:", "  cache_without_eviction"] == wrapped(
        "scenario: cache_without_eviction", width
    )


def test_each_line_of_a_note_keeps_its_own_indent() -> None:
    assert wrapped_notes(["leak:\n  it grows by 4 KiB", "saved"], 14) == [
        "leak:",
        "  it grows by",
        "    4 KiB",
        "saved",
    ]
