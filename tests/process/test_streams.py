"""Streams that are closed, full or broken, and Ctrl-C during the start."""

import subprocess
import sys
from pathlib import Path

import pytest

from process.conftest import TOYS, Leaklab, complaints, one_line

pytestmark = pytest.mark.process

LEAKLAB = [sys.executable, "-m", "leaklab"]


def shell(place: Path, environment: dict[str, str], text: str) -> subprocess.CompletedProcess[str]:
    """Return the command followed by redirections of the shell."""
    return subprocess.run(
        ["sh", "-c", f'"$0" -m leaklab {text}', sys.executable],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("text", ["list", "show word_index", "--help", "list --json"])
def test_unwritable_output_is_reported_in_one_line(
    place: Path, environment: dict[str, str], text: str
) -> None:
    result = shell(place, environment, f"{text} >/dev/full")
    assert result.returncode == 3
    problem = "leaklab: the output could not be written: No space left on device"
    output = f"{problem}; free space, or redirect it elsewhere"
    assert one_line(result) == output


def test_an_unwritable_line_does_not_change_the_exit_code(
    place: Path, environment: dict[str, str]
) -> None:
    assert shell(place, environment, "show nothing 2>/dev/full").returncode == 2


@pytest.mark.parametrize("text", ["list", "show word_index"])
def test_a_closed_pipe_is_silent_and_hides_no_wrong_verdict(
    place: Path, environment: dict[str, str], text: str
) -> None:
    with subprocess.Popen(
        [*LEAKLAB, *text.split()],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 3


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_change_a_verdict(
    place: Path, environment: dict[str, str], closed: str
) -> None:
    message = f"run grow --variant fixed --catalogue {TOYS} {closed}"
    result = shell(place, environment, message)
    assert (result.returncode, complaints(result)) == (0, [])
    result = shell(place, environment, f"show nothing {closed}")
    assert result.returncode == 2


def test_an_ascii_terminal_gets_question_marks(leaklab: Leaklab) -> None:
    result = leaklab("show", "word_index", "--solution", PYTHONIOENCODING="ascii")
    assert (result.returncode, complaints(result)) == (0, [])
    assert "?" in result.stdout


@pytest.mark.parametrize("name", ["click", "difflib"])
def test_control_c_during_the_start_is_reported_in_one_line(
    leaklab: Leaklab, place: Path, name: str
) -> None:
    (place / "early").mkdir()
    (place / "early" / f"{name}.py").write_text("raise KeyboardInterrupt")
    result = leaklab("list", PYTHONPATH=str(place / "early"))
    assert (result.returncode, result.stderr) == (130, "leaklab: interrupted\n")
