"""Options under their present and their earlier names."""

from pathlib import Path

import click
import pytest

from leaklab.cli.main import COMMAND_PATHS, load_command
from leaklab.cli.renamed_option import RenamedOption
from leaklab.model.errors import BadInput

# By command: an earlier name of an option, and the present one.
RENAMED = {
    "watch": [("--limit", "--forecast-limit")],
    "project": [("--limit", "--forecast-limit")],
    "continuous": [("--markdown", "--write")],
    "selftest soak": [("--rounds", "--repeat"), ("-n", "--repeat")],
    "selftest detection-limit": [("--rounds", "--repeat"), ("-n", "--repeat")],
    "selftest observer": [("--seconds", "--for")],
    "selftest tools": [("--time-limit", "--cpu-limit")],
}
VALUES = {"--limit": "1GiB", "--seconds": "5s", "--markdown": "notes.md", "--time-limit": "2m"}
BEFORE = {"project": ["word_index", "--units", "9"], "continuous": ["main"]}


def parsed(path: str, *arguments: str) -> dict[str, object]:
    command = load_command(path)
    with command.make_context(path, [*BEFORE.get(path, []), *arguments]) as context:
        return context.params


@pytest.mark.parametrize(
    ("path", "earlier", "current"), [(p, *pair) for p, pairs in RENAMED.items() for pair in pairs]
)
def test_an_earlier_name_means_the_same_and_is_not_shown(
    path: str, earlier: str, current: str
) -> None:
    value = VALUES.get(earlier, "7")
    assert parsed(path, current, value) == parsed(path, earlier, value)
    context = click.Context(load_command(path), terminal_width=78)
    shown = load_command(path).get_help(context).replace(",", " ").split()
    assert (True, False) == (current in shown, earlier in shown)


def test_every_renamed_option_is_in_the_table_above() -> None:
    renamed = {
        path: sorted(name for option in options for name in option.earlier)
        for path in COMMAND_PATHS
        if (options := [p for p in load_command(path).params if isinstance(p, RenamedOption)])
        and any(option.earlier for option in options)
    }
    assert {path: sorted(old for old, _ in pairs) for path, pairs in RENAMED.items()} == renamed


@pytest.mark.parametrize("path", ["bench", "selftest tools"])
def test_a_scenario_may_still_be_named_by_an_option(path: str) -> None:
    assert ("word_index",) == parsed(path, "--name", "word_index")["more_names"]
    assert ("word_index",) == parsed(path, "word_index")["names"]


@pytest.mark.parametrize("path", COMMAND_PATHS)
def test_every_option_says_what_it_does_and_options_of_one_name_agree(path: str) -> None:
    for option in load_command(path).params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help, option.opts
            assert option.metavar != "SECONDS"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--for", "inf"], "'inf' is not a duration; write it like 30, 30s, 10m, 1h30m or 1d"),
        (["--forecast-limit", "much"], "'much' is no amount of memory"),
    ],
)
def test_an_amount_that_cannot_be_read_names_its_option(arguments: list[str], message: str) -> None:
    with pytest.raises(click.BadParameter, match=message) as caught:
        parsed("watch", *arguments, "true")
    assert not isinstance(caught.value, BadInput)
    assert arguments[0] in caught.value.format_message()


@pytest.mark.parametrize("path", ["run", "compare", "selftest soak", "selftest matrix"])
def test_the_folder_of_results_comes_from_the_environment(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAKLAB_RESULTS", "elsewhere")
    arguments = ["a", "b"] if path == "compare" else []
    assert Path("elsewhere") == parsed(path, *arguments)["results"]
    assert Path("here") == parsed(path, *arguments, "--results", "here")["results"]
