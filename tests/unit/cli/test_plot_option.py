"""`--plot` and `--theme`: what cannot be drawn is refused before the work begins."""

import sys
from pathlib import Path

import pytest

from leaklab.cli.exit_codes import run_command
from leaklab.cli.main import cli
from leaklab.cli.plot_option import make_picture
from leaklab.reports.drawing import Picture
from leaklab.reports.palette import PictureTheme

COMMANDS = {
    "run": ["run", "grow"],
    "watch": ["watch", "--", "true"],
    "project": ["project", "grow", "--units", "9"],
    "logs": ["logs", "no.log"],
    "compare": ["compare", "a/fixed", "a/buggy"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--plot", "x.gif"], 2, "'x.gif' is neither an .svg nor a .png file; name it FILE.svg"),
        (["--plot", "no/x.svg"], 3, "no/x.svg cannot be written: there is no such folder; name"),
        (["--plot", "."], 2, "is a directory"),
        (["--theme", "dark"], 2, "--theme is for the picture of --plot; add --plot FILE, or omit"),
        (["--plot", "x.svg", "--theme", "sepia"], 2, "'sepia' is not one of 'light', 'dark'"),
    ],
)
def test_a_picture_that_cannot_be_drawn_is_refused_at_once(
    command: str,
    options: list[str],
    code: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    name, *arguments = COMMANDS[command]
    assert code == run_command(cli, [name, *options, *arguments])
    assert message in " ".join(capsys.readouterr().err.split())
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("command", COMMANDS)
def test_without_matplotlib_one_line_says_what_to_install(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    name, *arguments = COMMANDS[command]
    assert 2 == run_command(cli, [name, "--plot", "x.svg", *arguments])
    assert "pip install 'leaklab[plot]'" in capsys.readouterr().err


def test_a_picture_is_light_unless_a_theme_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.svg"
    assert Picture(path, PictureTheme.LIGHT) == make_picture(path, None)
    assert Picture(path, PictureTheme.DARK) == make_picture(path, "dark")
    assert make_picture(None, None) is None
