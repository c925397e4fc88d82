"""Pages of a catalogue's text."""

import pytest

from leaklab.cli.pager import Page, show_page


def test_control_characters_of_a_catalogue_never_reach_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_page(Page(["a title\x1b[31m"], diff="+\tx\x1b]0;t\x07\n", lesson="# A\n\nb\x1b[2J\n"))
    assert "a title?[31m\n\n+\tx?]0;t?\n\n# A\n\nb?[2J\n" == capsys.readouterr().out
