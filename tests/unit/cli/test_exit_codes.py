"""Which options of a command line are leaklab's, and which the watched command's."""

import pytest

from leaklab.cli.exit_codes import own_words


@pytest.mark.parametrize(
    ("line", "own"),
    [
        ("run no_such --debug", "run no_such --debug"),
        ("--debug watch -- prog --debug", "--debug watch --"),
        ("watch --debug prog --debug", "watch --debug"),
        ("watch prog --debug", "watch"),
        ("watch --for 3 --json prog --debug", "watch --for 3 --json"),
        ("watch --for x prog --debug", "watch --for x"),
        ("watch --pid 1 --debug", "watch --pid 1 --debug"),
        ("watch --nosuch --debug", "watch --nosuch --debug"),
        ("--debug", "--debug"),
        ("", ""),
    ],
)
def test_the_words_of_a_command_to_be_watched_are_not_ours(line: str, own: str) -> None:
    assert own.split() == own_words(line.split())
