"""`leaklab new` makes a scenario that passes `leaklab check` once its blanks are filled in."""

import re
from pathlib import Path

import pytest

from leaklab.catalogue.blanks import BLANK
from leaklab.cli.exit_codes import run_command
from leaklab.cli.main import cli

# What an author writes: by the key in scenario.toml, or by the place of the blank.
VALUES = {
    "title": "A desk for pieces",
    "pattern": "unbounded-buffer",
    "unit": "piece",
    "exercise": "front_desk",
    "the name of the exercise": "Front desk",
    "the tool and the command": "Run `leaklab profile parcels --with tracemalloc`.",
    "the line that retains": "Desk.take appends to _latest: it is an unbounded buffer.",
    "why it does not leak": "A deque with a limit does not leak.",
    "what is asked": "Is it a leak?\nOne unit of work is one piece.",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "__init__.py").touch()
    return tmp_path


def fill_in(folder: Path) -> None:
    for path in folder.iterdir():
        lines = [filled(line) for line in path.read_text().splitlines()]
        path.write_text("\n".join(lines) + "\n")


def filled(line: str) -> str:
    """Return a line with its blank filled in."""
    key = re.match(r"\w+(?= += )|", line)
    blank = BLANK.search(line)
    if key is None or blank is None:
        return line
    value = VALUES.get(key[0]) or next(
        (value for place, value in VALUES.items() if blank[1].startswith(place)), "Something."
    )
    return BLANK.sub(value, line)


def lab(root: Path, *arguments: str) -> int:
    return run_command(cli, [*arguments, "--catalogue", str(root)])


@pytest.mark.process
@pytest.mark.parametrize("option", [[], ["--control"]], ids=["pair", "control"])
def test_a_new_scenario_passes_check_once_its_blanks_are_filled_in(
    root: Path, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == lab(root, "new", "parcels", *option)
    folder = root / "scenarios" / "parcels"
    made = re.search(
        r"has (\d+) blanks to fill in; 'leaklab check parcels", capsys.readouterr().out
    )
    assert made
    assert 2 == lab(root, "check", "parcels")
    output = capsys.readouterr().out
    assert int(made[1]) == output.count(": fill in ")
    assert f"{folder} has {made[1]} problems" in output
    assert "parcels: scenario.toml:2: fill in what the program is, in at most 32" in output
    fill_in(folder)
    assert 0 == lab(root, "check", "parcels"), capsys.readouterr().out


def test_the_last_blank_is_named_by_its_place(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == lab(root, "new", "parcels")
    fill_in(root / "scenarios" / "parcels")
    lesson = root / "scenarios" / "parcels" / "README.md"
    lesson.write_text(lesson.read_text() + "FILL IN: what is left.\n")
    line = len(lesson.read_text().splitlines())
    capsys.readouterr()
    assert 2 == lab(root, "check", "parcels")
    assert f"README.md:{line}: fill in what is left." in capsys.readouterr().out


@pytest.mark.parametrize("name", ["Desk", "2desks", "front-desk", "../desk", "", "desk\n"])
def test_a_bad_name_is_refused(root: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == lab(root, "new", name)
    assert "give lower-case letters, digits and underscores" in capsys.readouterr().err
    assert ["__init__.py"] == [path.name for path in (root / "scenarios").iterdir()]


def test_an_existing_folder_is_left_as_it_is(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "scenarios" / "parcels").mkdir()
    assert 2 == lab(root, "new", "parcels")
    assert "parcels exists: choose another name" in capsys.readouterr().err
    assert [] == list((root / "scenarios" / "parcels").iterdir())


def test_a_scenario_that_cannot_be_written_leaves_nothing(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", fail)
    assert 3 == lab(root, "new", "parcels")
    assert "cannot be written: No space left on device" in capsys.readouterr().err
    assert not (root / "scenarios" / "parcels").exists()


def test_the_catalogue_of_an_installed_leaklab_gets_no_scenario(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leaklab.catalogue.folders.builtin_root", lambda: root)
    assert 2 == run_command(cli, ["new", "parcels"])
    assert "name a catalogue of your own with --catalogue DIR" in capsys.readouterr().err
