"""The options of leaklab and those of the watched command."""

import pytest

from leaklab.cli.exit_codes import own_arguments


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
        ("profile x --debug -- tool --debug", "profile x --debug --"),
        ("profile x --debug", "profile x --debug"),
        ("--debug", "--debug"),
        ("", ""),
    ],
)
def test_options_of_the_watched_command_are_not_parsed_by_leaklab(line: str, own: str) -> None:
    assert own.split() == own_arguments(line.split())
