"""The command line of a user's own tool."""

import pytest

from leaklab.features.profilers.foreground import tool_command


@pytest.mark.parametrize(
    ("argv", "command"),
    [
        ("perf stat -d", "perf stat -d /py /it.py"),
        ("mprof run {program}", "mprof run /it.py"),
        ("{python} script.py", "/py script.py"),
        ("sh -c {python}:{program}", "sh -c /py:/it.py"),
    ],
)
def test_the_interpreter_and_the_program_get_their_places(argv: str, command: str) -> None:
    assert command.split() == tool_command(argv.split(), "/py", "/it.py")


def test_a_path_with_the_name_of_a_place_stays_as_it_is() -> None:
    assert ["a", "/{program}", "/p"] == tool_command(
        ["a", "{python}", "{program}"], "/{program}", "/p"
    )
