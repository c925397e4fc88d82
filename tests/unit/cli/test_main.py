"""The groups of commands: sections, earlier names, and what to do without a command."""

import click
import pytest

from leaklab.cli.exit_codes import run_command
from leaklab.cli.main import (
    COMMAND_PATHS,
    HIDDEN,
    LEARN_SECTIONS,
    NEXT_STEPS,
    RENAMED,
    SECTIONS,
    SELFTEST_SECTIONS,
    cli,
    learn,
    load_command,
    selftest,
)


def help_of(group: click.Group) -> str:
    # With leaklab's own names: click keeps the help option that it makes first.
    names = cli.context_settings["help_option_names"]
    context = click.Context(group, info_name="leaklab", terminal_width=78, help_option_names=names)
    return group.get_help(context)


@pytest.mark.parametrize(
    "section", [*SECTIONS.values(), *LEARN_SECTIONS.values(), *SELFTEST_SECTIONS.values()]
)
def test_a_section_is_short_enough_to_read(section: dict[str, str]) -> None:
    assert len(section) <= 6


def test_the_help_has_every_section_with_its_commands_in_order() -> None:
    lines = help_of(cli).partition("Show this message and exit.")[2].split("\n\n")[1:]
    expected = [
        [title if title.endswith("?") else f"{title}:", *names] for title, names in SECTIONS.items()
    ]
    assert expected == [
        [first, *(line.split()[0] for line in rest)]
        for first, *rest in (section.splitlines() for section in lines)
    ]


def test_every_sentence_of_the_help_fits_on_its_line() -> None:
    groups = ((cli, SECTIONS), (selftest, SELFTEST_SECTIONS), (learn, LEARN_SECTIONS))
    for group, titled in groups:
        sections = titled.values()
        lines = help_of(group).splitlines()
        for section in sections:
            for name, sentence in section.items():
                assert [name, sentence] in [line.split(maxsplit=1) for line in lines]


@pytest.mark.parametrize("path", COMMAND_PATHS)
def test_a_command_has_the_name_under_which_it_is_listed(path: str) -> None:
    assert path.rpartition(" ")[2] == load_command(path).name


@pytest.mark.parametrize(("earlier", "current"), HIDDEN.items())
def test_an_earlier_name_works_and_is_not_shown(earlier: str, current: str) -> None:
    context = click.Context(cli)
    _, command, rest = cli.resolve_command(context, [earlier, "--help"])
    assert (load_command(f"selftest {current}"), ["--help"]) == (command, rest)
    assert f"  {earlier} " not in help_of(cli)


@pytest.mark.parametrize(("earlier", "current"), RENAMED.items())
def test_an_earlier_name_of_a_self_test_works_there_too(earlier: str, current: str) -> None:
    _, command, _ = selftest.resolve_command(click.Context(selftest), [earlier])
    assert load_command(current) is command
    assert earlier not in help_of(selftest)


def test_without_a_terminal_the_command_alone_shows_its_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert 2 == run_command(cli, [])
    assert "Is my program leaking?" in capsys.readouterr().out


def test_the_next_steps_name_commands_of_three_sections() -> None:
    named = [line.split()[1] for line in NEXT_STEPS.splitlines() if line.startswith("  leaklab")]
    sections = [title for title, names in SECTIONS.items() for name in named if name in names]
    assert 3 == len(set(sections))
