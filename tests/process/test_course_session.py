"""The session of docs/tutorial/learn.md, run again."""

import re
from pathlib import Path

import pytest

from leaklab.catalogue.folders import builtin_root
from leaklab.cli.course_session import PAGE, LearnerShell, cut_lines, screens, with_session

pytestmark = pytest.mark.process

# The outputs of these have figures that differ from run to run; their last lines do not.
MEASURING = ("watch", "measure", "simplify", "profile", "check")


def settled(command: str, output: str) -> str:
    """Return the part of an output that is the same in each run."""
    lines = [" ".join(line.split()) for line in output.splitlines()]
    is_measuring = re.match(rf"leaklab learn ({'|'.join(MEASURING)})\b", command)
    return "\n".join(lines[-1:] if is_measuring else lines)


def test_the_page_has_the_session_as_it_is_now(place: Path) -> None:
    page = (builtin_root() / PAGE).read_text(encoding="utf-8")
    again = with_session(page, LearnerShell(place))
    shown = [(command, settled(command, output)) for command, output in screens(page)]
    assert shown == [(command, settled(command, output)) for command, output in screens(again)]
    assert len(shown) > 20


def test_a_block_without_the_marker_is_left_as_it_is(place: Path) -> None:
    page = "```\n$ false\n```\n\n<!-- screen: 3 -->\n```\n$ echo 1; echo 2\nold\n```\n"
    expected = "```\n$ false\n```\n\n<!-- screen: 3 -->\n```\n$ echo 1; echo 2\n1\n2\n```\n"
    assert expected == with_session(page, LearnerShell(place))


def test_a_long_output_keeps_its_first_lines_and_its_last() -> None:
    assert ["1", "…", "9"] == cut_lines(list("123456789"), 3)
    assert list("123") == cut_lines(list("123"), 3)
