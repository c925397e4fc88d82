"""Tables as text."""

import io

from leaklab.reports import print_table
from leaklab.reports.table import Table


def test_control_characters_never_reach_the_terminal() -> None:
    out = io.StringIO()
    table = Table(("a\x1b[31m",), [("b\x1b]0;title\x07",)], notes=["c\x1b[2J"])
    print_table(table, out)
    assert "\x1b" not in out.getvalue()
    assert "\x07" not in out.getvalue()
