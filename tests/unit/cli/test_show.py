"""What `show` gives away, and when."""

import json
from pathlib import Path

import pytest

import toys
from leaklab.cli import pager
from leaklab.cli.exit_codes import run_command
from leaklab.cli.main import cli
from leaklab.cli.pager import Page

LESSON = """# A toy

A shop *sells* toys.
All day.

The mistake is that it keeps them.

## The symptom

It grows.

## Why the fix works

It lets go.
"""
HINTS = ["first hint", "second hint", "third hint", "fourth hint"]
SPOILERS = ["the_culprit", "Nothing runs.", "unbounded-buffer", "It lets go", "keeps them", *HINTS]


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    folder = tmp_path / "scenarios" / "toy"
    folder.mkdir(parents=True)
    (tmp_path / "scenarios" / "__init__.py").write_text("")
    hints = f"hints = {json.dumps(HINTS)}"
    text = toys.TOML.replace('hints = ["a", "b", "c", "d"]', hints)
    pair = toys.PAIR.replace('"x"', '"the_culprit"')
    (folder / "scenario.toml").write_text(text + pair)
    (folder / "README.md").write_text(LESSON)
    (folder / "buggy.py").write_text("the_culprit = 1\n")
    (folder / "fixed.py").write_text("fixed = 1\n")
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], catalogue: Path, *arguments: str) -> str:
    assert 0 == run_command(cli, ["show", "toy", "--catalogue", str(catalogue), *arguments])
    return capsys.readouterr().out


def test_the_page_has_story_facts_and_symptom_and_gives_nothing_away(
    capsys: pytest.CaptureFixture[str], catalogue: Path
) -> None:
    page = shown(capsys, catalogue)
    for part in (
        "A shop sells toys. All day.",
        "a unit is   one step",
        "## The symptom\n\nIt grows.",
    ):
        assert part in page
    assert [] == [spoiler for spoiler in SPOILERS if spoiler in page]


def test_a_program_without_a_lesson_is_shown_by_its_facts(
    capsys: pytest.CaptureFixture[str], catalogue: Path
) -> None:
    (catalogue / "scenarios" / "toy" / "README.md").unlink()
    page = shown(capsys, catalogue)
    assert page.startswith("toy: ")
    assert "a unit is" in page


def test_a_list_is_narrowed_to_a_level_and_a_resource(
    capsys: pytest.CaptureFixture[str], catalogue: Path
) -> None:
    def listed(*arguments: str) -> list[str]:
        assert 0 == run_command(cli, ["list", *arguments, "--catalogue", str(catalogue)])
        return [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]]

    assert ["toy"] == listed("--level", "1") == listed("--resource", "memory")
    assert [] == listed("--level", "5") == listed("--resource", "sockets")


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_as_many_hints_are_printed_as_are_asked_for_and_nothing_else(
    capsys: pytest.CaptureFixture[str], catalogue: Path, count: int
) -> None:
    expected = [f"{number}. {hint}" for number, hint in enumerate(HINTS[:count], 1)]
    assert expected == shown(capsys, catalogue, "--hint", str(count)).splitlines()


def test_a_fifth_hint_is_bad_input(capsys: pytest.CaptureFixture[str], catalogue: Path) -> None:
    arguments = ["show", "toy", "--hint", "5", "--catalogue", str(catalogue)]
    assert 2 == run_command(cli, arguments)
    assert "'--hint': 5 is not in the range 1<=x<=4" in capsys.readouterr().err


def test_the_solution_has_the_culprit_the_diff_and_the_whole_lesson(
    capsys: pytest.CaptureFixture[str], catalogue: Path
) -> None:
    page = shown(capsys, catalogue, "--solution")
    for part in ("culprit     the_culprit", "+++ fixed.py", "-the_culprit = 1", LESSON):
        assert part in page
    assert [] == [hint for hint in HINTS if hint in page]
    assert f"1. {HINTS[0]}\n\ntoy: A toy\n" in shown(capsys, catalogue, "--solution", "--hint", "1")


def test_json_gives_away_no_more_than_the_page(
    capsys: pytest.CaptureFixture[str], catalogue: Path
) -> None:
    text = shown(capsys, catalogue, "--json")
    assert [] == [spoiler for spoiler in SPOILERS if spoiler in text]
    document = json.loads(text)
    assert ({"growth": "unbounded"}, "A toy") == (document["buggy"], document["title"])
    assert "## The symptom\n\nIt grows.\n" == document["symptom"]


def test_a_hint_is_not_broken_at_a_hyphen_of_a_pattern(
    capsys: pytest.CaptureFixture[str], catalogue: Path
) -> None:
    path = catalogue / "scenarios" / "toy" / "scenario.toml"
    hint = f"{'word ' * 14}full-object-in-index"
    path.write_text(path.read_text().replace(HINTS[0], hint))
    lines = shown(capsys, catalogue, "--hint", "1").splitlines()
    assert "   full-object-in-index" in lines


def test_json_has_hints_and_solution_with_the_options(
    capsys: pytest.CaptureFixture[str], catalogue: Path
) -> None:
    assert HINTS[:2] == json.loads(shown(capsys, catalogue, "--json", "--hint", "2"))["hints"]
    document = json.loads(shown(capsys, catalogue, "--json", "--solution"))
    assert (LESSON, HINTS) == (document["lesson"], document["hints"])
    assert "the_culprit" == document["buggy"]["culprit"]


def test_a_lesson_without_a_symptom_is_no_error(
    capsys: pytest.CaptureFixture[str], catalogue: Path
) -> None:
    (catalogue / "scenarios" / "toy" / "README.md").write_text("# A toy\n")
    assert "toy: A toy\nNothing runs.\n" in shown(capsys, catalogue)


def test_two_pages_are_one_with_a_blank_line_between() -> None:
    assert "a\n\nb\n\ndiff\n\n# c\n" == (Page(["a"]) + Page(["b"], "diff\n", "# c\n")).text


@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_page_on_a_terminal_has_colours_unless_they_are_unwanted(
    monkeypatch: pytest.MonkeyPatch, no_color: str
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm")
    text = pager._rendered(Page(diff="+ new\n"))
    assert bool(no_color) == ("\x1b[32m" not in text)


def test_json_without_the_solution_does_not_say_what_a_learner_gets(
    capsys: pytest.CaptureFixture[str], catalogue: Path
) -> None:
    path = catalogue / "scenarios" / "toy" / "scenario.toml"
    keys = 'exercise = "night_shift"\nexercise_variant = "fixed"\nexercise_hints = ["it is full"]\n'
    path.write_text(keys + path.read_text())
    text = shown(capsys, catalogue, "--json")
    assert "exercise" not in text
    assert "night_shift" in shown(capsys, catalogue, "--json", "--solution")
