"""What people see: tables of 80 columns, colour and progress on a terminal only."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from process.conftest import TOYS, Leaklab, unwrapped

pytestmark = pytest.mark.process

ESCAPE = "\x1b["
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]m")


def on_a_terminal(place: Path, environment: dict[str, str], *arguments: str, **changes: str) -> str:
    """What a terminal is sent, standard output and error together."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "leaklab", *arguments]
    settings = {**environment, "TERM": "xterm-256color", **changes}
    with subprocess.Popen(
        command, cwd=place, env=settings, stdin=theirs, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        seen = b""
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:  # Linux's end-of-file of a terminal
                break
            if not chunk:
                break
            seen += chunk
    os.close(ours)
    return seen.decode()


def test_a_terminal_sees_progress_and_a_table(place: Path, environment: dict[str, str]) -> None:
    arguments = ["run", "grow", "--units", "100", "--catalogue", str(TOYS)]
    seen = on_a_terminal(place, environment, *arguments)
    assert "[1/2] grow/buggy/inline" in seen
    assert "undecided" in seen
    assert COLOUR.search(seen)


def test_no_color_is_respected(place: Path, environment: dict[str, str]) -> None:
    arguments = ["run", "grow", "--units", "100", "--catalogue", str(TOYS)]
    seen = on_a_terminal(place, environment, *arguments, NO_COLOR="1")
    assert "undecided" in seen
    assert not COLOUR.search(seen)


@pytest.mark.parametrize("arguments", [["list"], ["show", "word_index"], ["--help"]])
def test_what_is_piped_is_plain(leaklab: Leaklab, arguments: list[str]) -> None:
    result = leaklab(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert ESCAPE not in result.stdout


def test_tables_fit_80_columns(leaklab: Leaklab) -> None:
    assert max(map(len, leaklab("list").stdout.splitlines())) <= 80


def test_show_tells_the_story_the_truth_the_diff_and_the_lesson(leaklab: Leaklab) -> None:
    shown = leaklab("show", "word_index").stdout
    for part in ("keeps whole articles", "culprit", "+++ fixed.py", "leaklab run word_index"):
        assert part in shown


def test_every_command_that_reports_speaks_json(leaklab: Leaklab) -> None:
    assert "word_index" in [s["name"] for s in json.loads(leaklab("list", "--json").stdout)]
    assert "diff" in json.loads(leaklab("show", "word_index", "--json").stdout)
    leaklab("run", "grow", "--catalogue", str(TOYS))
    compared = leaklab("compare", "grow/fixed", "grow/buggy", "--json")
    assert json.loads(compared.stdout)["peak_ratio"] > 1


def test_two_saved_results_are_compared(leaklab: Leaklab) -> None:
    leaklab("run", "grow", "--catalogue", str(TOYS))
    result = leaklab("compare", "grow/fixed", "grow/buggy")
    assert result.returncode == 0
    assert "intervals do not overlap" in result.stdout
    assert "note: not the same variant: fixed and buggy" in result.stdout


def test_two_saved_results_are_drawn(leaklab: Leaklab, place: Path) -> None:
    leaklab("run", "grow", "--catalogue", str(TOYS))
    result = leaklab("compare", "grow/fixed", "grow/buggy", "--plot", "chart.svg")
    assert (result.returncode, result.stderr) == (0, "")
    assert "buggy: leak" in (place / "chart.svg").read_text()


@pytest.mark.parametrize(
    ("min_ratio", "code", "text"),
    [(1.01, 0, "a leak, as known"), (99, 1, "not enough for a leak")],
)
def test_a_pair_judged_by_its_peaks_is_judged_by_run_and_by_compare(
    leaklab: Leaklab, place: Path, min_ratio: float, code: int, text: str
) -> None:
    root = Path(shutil.copytree(TOYS, place / "root"))
    path = root / "scenarios" / "grow" / "scenario.toml"
    peak = f'judge = "peak"\nmin_ratio = {min_ratio}\n[options]'
    path.write_text(path.read_text().replace("[options]", peak))
    one = leaklab("run", "grow", "--variant", "fixed", "--catalogue", str(root))
    assert (one.returncode, "the peaks of both variants are needed" in one.stdout) == (1, True)
    both = leaklab("run", "grow", "--catalogue", str(root))
    assert (both.returncode, "WRONG" in both.stdout) == (code, code == 1)
    result = leaklab("compare", "grow/fixed", "grow/buggy", "--catalogue", str(root))
    assert (result.returncode, result.stderr) == (code, "")
    assert f"{min_ratio} is declared: {text}" in unwrapped(result.stdout)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_offered_completion(leaklab: Leaklab, shell: str) -> None:
    assert "_LEAKLAB_COMPLETE" in leaklab("completion", shell).stdout


def test_names_of_scenarios_are_completed(leaklab: Leaklab) -> None:
    result = leaklab(
        _LEAKLAB_COMPLETE="bash_complete", COMP_WORDS="leaklab run word", COMP_CWORD="2"
    )
    assert result.stdout == "plain,word_index\n"


@pytest.mark.parametrize("command", ["list", "show", "run", "check", "compare", "soak"])
def test_every_command_has_help(leaklab: Leaklab, command: str) -> None:
    result = leaklab(command, "--help")
    assert result.returncode == 0
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_the_accuracy_table_is_written_by_its_command(leaklab: Leaklab, place: Path) -> None:
    result = leaklab("accuracy", "--series", "2", "--write", "table.md")
    assert result.returncode == 0
    table = (place / "table.md").read_text()
    assert "| line | bytes | leak |" in table
    assert "leaklab accuracy --series 2 --seed 1" in table


def test_the_overhead_table_has_an_interval(leaklab: Leaklab) -> None:
    result = leaklab("overhead", "grow", "--pairs", "6", "--catalogue", str(TOYS))
    # A toy of milliseconds may well cost more than is allowed; the exit code must say so.
    assert result.returncode == (0 if "2 of 2 surely cost at most" in result.stdout else 1)
    assert "grow/buggy/inline" in result.stdout
    assert "…" in result.stdout
