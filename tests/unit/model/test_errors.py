import pytest

from leaklab.model.errors import one_line, printable


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("as it is: 10⁶ units …", "as it is: 10⁶ units …"),
        ("two\nlines,\t a tab\r\n", "two lines, a tab"),
        ("red \x1b[31m and a bell \x07", "red ?[31m and a bell ?"),
        ("C1 \x9b2J, right-to-left \u202e", "C1 ?2J, right-to-left ?"),
        ("half a character \udcff", "half a character ?"),
        ("line\u2028separators\x85fold", "line separators fold"),
    ],
)
def test_any_text_becomes_one_clean_line(text: str, line: str) -> None:
    assert line == one_line(text)


def test_a_line_of_a_traceback_keeps_its_indentation() -> None:
    assert printable("    raise E('\x1b[2J')") == "    raise E('?[2J')"
