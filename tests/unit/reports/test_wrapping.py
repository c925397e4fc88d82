"""Sentences in lines."""

from leaklab.reports.wrapping import DEFAULT_WIDTH, wrapped


def test_a_number_stays_with_its_unit() -> None:
    text = "x" * (DEFAULT_WIDTH - 4)
    assert [text, "16.3 MiB more"] == wrapped(f"{text} 16.3 MiB more")


def test_all_lines_but_the_first_are_indented_and_none_is_too_long() -> None:
    first, *others = wrapped("of 8 sizes " * 30, "  ")
    assert not first.startswith(" ")
    assert all(line.startswith(("  of", "  8")) for line in others)
    assert max(map(len, [first, *others])) <= DEFAULT_WIDTH
