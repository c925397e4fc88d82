"""The output for users: tables of 80 columns, and colour and progress only on a terminal."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from leaklab.cli.main import NEXT_STEPS, SELFTESTS
from process.conftest import PROGRESS, TOYS, Leaklab, complaints, unwrapped

pytestmark = pytest.mark.process

ESCAPE = "\x1b["
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]m")


def on_a_terminal(place: Path, environment: dict[str, str], *arguments: str, **changes: str) -> str:
    """Return everything that a terminal receives: standard output and error together."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "leaklab", *arguments]
    settings = {**environment, "TERM": "xterm-256color", **changes}
    with subprocess.Popen(
        command, cwd=place, env=settings, stdin=theirs, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        output = b""
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:  # Linux's end-of-file of a terminal
                break
            if not chunk:
                break
            output += chunk
    os.close(ours)
    return output.decode()


def test_a_terminal_sees_progress_and_a_table(place: Path, environment: dict[str, str]) -> None:
    arguments = ["run", "grow", "--units", "100", "--catalogue", str(TOYS)]
    output = on_a_terminal(place, environment, *arguments)
    assert "[1/2] grow/buggy/inline" in output
    assert "undecided" in output
    assert COLOUR.search(output)


def test_no_color_is_respected(place: Path, environment: dict[str, str]) -> None:
    arguments = ["run", "grow", "--units", "100", "--catalogue", str(TOYS)]
    output = on_a_terminal(place, environment, *arguments, NO_COLOR="1")
    assert "undecided" in output
    assert not COLOUR.search(output)


@pytest.mark.parametrize("arguments", [["list"], ["show", "word_index"], ["--help"]])
def test_piped_output_is_plain(leaklab: Leaklab, arguments: list[str]) -> None:
    result = leaklab(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert ESCAPE not in result.stdout


def test_tables_fit_80_columns(leaklab: Leaklab) -> None:
    assert max(map(len, leaklab("list").stdout.splitlines())) <= 80


def test_show_has_the_story_and_the_symptom_and_the_solution_only_on_request(
    leaklab: Leaklab,
) -> None:
    solution = ("culprit", "+++ fixed.py", "## Why the fix works")
    shown = leaklab("show", "word_index").stdout
    for part in ("A search desk wants to know", "leaklab run word_index", "## The symptom"):
        assert part in shown
    assert [] == [part for part in solution if part in shown]
    solved = leaklab("show", "word_index", "--solution").stdout
    assert [] == [part for part in solution if part not in solved]


@pytest.mark.parametrize(
    ("options", "first"), [([], "paged"), (["--solution"], "paged"), (["--hint", "1"], "1.")]
)
def test_a_page_that_is_longer_than_the_terminal_goes_through_the_pager(
    place: Path, environment: dict[str, str], options: list[str], first: str
) -> None:
    pager = place / "pager"
    pager.write_text("#!/bin/sh\necho paged\ncat\n")
    pager.chmod(0o700)
    output = on_a_terminal(
        place, environment, "show", "word_index", *options, PAGER=str(pager), LINES="24"
    )
    assert first == output.split()[0]


def test_a_pipe_gets_no_pager(leaklab: Leaklab) -> None:
    shown = leaklab("show", "word_index", "--solution", PAGER="false")
    assert (0, "") == (shown.returncode, shown.stderr)
    assert "## Why the fix works" in shown.stdout


def test_leaklab_alone_on_a_terminal_shows_what_to_do_next(
    place: Path, environment: dict[str, str]
) -> None:
    assert NEXT_STEPS == on_a_terminal(place, environment).replace("\r\n", "\n")


def test_leaklab_alone_in_a_pipe_shows_its_help(leaklab: Leaklab) -> None:
    result = leaklab()
    assert (2, "") == (result.returncode, result.stderr)
    assert result.stdout == leaklab("--help").stdout


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_pipe_gets_one_line_for_each_run_and_pure_json(leaklab: Leaklab, jobs: str) -> None:
    arguments = ["grow", "--units", "100", "--repeat", "2", "--jobs", jobs, "--json"]
    result = leaklab("run", *arguments, "--catalogue", str(TOYS))
    assert 4 == len(json.loads(result.stdout))
    lines = sorted(result.stderr.splitlines())
    assert [] == [line for line in lines if not PROGRESS.fullmatch(line)]
    expected = [f"[{n}/4] grow/{v}/inline" for n, v in enumerate(["buggy", "fixed"] * 2, 1)]
    assert {line.partition(":")[0].split()[1] for line in lines} == {
        label.split()[1] for label in expected
    }
    assert [f"[{n}/4]" for n in range(1, 5)] == [line.split()[0] for line in lines]


def test_a_terminal_gets_bars_and_no_lines(place: Path, environment: dict[str, str]) -> None:
    arguments = ["run", "grow", "--units", "100", "--catalogue", str(TOYS)]
    output = COLOUR.sub("", on_a_terminal(place, environment, *arguments, NO_COLOR="1"))
    assert not re.search(r"inline: \w+, [\d.]+ s", output)


def test_results_go_to_the_users_state_folder_and_are_found_there(
    leaklab: Leaklab, place: Path
) -> None:
    elsewhere = {"LEAKLAB_RESULTS": "", "XDG_STATE_HOME": str(place / "state")}
    result = leaklab("run", "grow", "--catalogue", str(TOYS), **elsewhere)
    (session,) = (place / "state" / "leaklab" / "results").iterdir()
    assert f"saved in {session}" == result.stdout.splitlines()[-1]
    assert not (place / "results").exists()
    compared = leaklab("compare", "grow/fixed", "grow/buggy", **elsewhere)
    assert (0, "") == (compared.returncode, compared.stderr)
    again = leaklab("run", "--resume", **elsewhere)
    assert [f"leaklab: nothing to do: {session} is complete"] == complaints(again)


def test_every_command_that_reports_can_print_json(leaklab: Leaklab) -> None:
    assert "word_index" in [s["name"] for s in json.loads(leaklab("list", "--json").stdout)]
    assert "diff" in json.loads(leaklab("show", "word_index", "--json", "--solution").stdout)
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


def test_runs_are_drawn_when_they_are_made_and_when_they_are_saved(
    leaklab: Leaklab, place: Path
) -> None:
    made = leaklab("run", "grow", "--catalogue", str(TOYS), "--plot", "chart.svg")
    assert made.returncode == 0
    assert made.stdout.endswith("drawn in chart.svg\n")
    drawn = (place / "chart.svg").read_text()
    assert "buggy: leak" in drawn
    assert "fixed: clean" in drawn
    (session,) = (place / "results").iterdir()
    saved = leaklab("run", f"--resume={session}", "--plot", "saved.svg", "--json")
    assert json.loads(saved.stdout)
    assert drawn == (place / "saved.svg").read_text()
    dark = leaklab("run", f"--resume={session}", "--plot", "dark.png", "--theme", "dark")
    assert dark.returncode == 0
    assert (place / "dark.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("min_ratio", "code", "text"),
    [(1.01, 0, "a leak, as known"), (99, 1, "not enough for a leak")],
)
def test_run_and_compare_give_a_verdict_on_a_pair_judged_by_its_peaks(
    leaklab: Leaklab, place: Path, min_ratio: float, code: int, text: str
) -> None:
    root = Path(shutil.copytree(TOYS, place / "root"))
    path = root / "scenarios" / "grow" / "scenario.toml"
    peak = f'judge = "peak"\nmin_ratio = {min_ratio}\n[options]'
    path.write_text(path.read_text().replace("[options]", peak))
    one = leaklab("run", "grow", "--variant", "fixed", "--catalogue", str(root))
    assert one.returncode == 1
    assert "the peaks of both variants are needed" in unwrapped(one.stdout)
    both = leaklab("run", "grow", "--catalogue", str(root))
    assert (both.returncode, "WRONG" in both.stdout) == (code, code == 1)
    result = leaklab("compare", "grow/fixed", "grow/buggy", "--catalogue", str(root))
    assert (result.returncode, result.stderr) == (code, "")
    assert f"{min_ratio} is declared: {text}" in unwrapped(result.stdout)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_exist_for_the_shells(leaklab: Leaklab, shell: str) -> None:
    assert "_LEAKLAB_COMPLETE" in leaklab("completion", shell).stdout


def test_names_of_scenarios_are_completed(leaklab: Leaklab) -> None:
    result = leaklab(
        _LEAKLAB_COMPLETE="bash_complete", COMP_WORDS="leaklab run word", COMP_CWORD="2"
    )
    assert result.stdout == "plain,word_index\n"


def completed(leaklab: Leaklab, *arguments: str) -> list[str]:
    """What bash is offered for the last of the words."""
    result = leaklab(
        _LEAKLAB_COMPLETE="bash_complete",
        COMP_WORDS=" ".join(["leaklab", *arguments]),
        COMP_CWORD=str(len(arguments)),
    )
    assert (0, "") == (result.returncode, result.stderr)
    return result.stdout.split()


def test_a_followed_log_is_a_live_table(place: Path, environment: dict[str, str]) -> None:
    fields = "pid=1 started=1.5 snapshot={0} seconds={0}"
    cost = "traced_bytes=9 tracemalloc_bytes=9 snapshot_seconds=1 cpu_seconds=1 frames=1"
    lines = [f"trace_cost {fields.format(number)} {cost}\n" for number in range(12)]
    (place / "service.log").write_text("".join(lines))
    screen = on_a_terminal(place, environment, "logs", "--follow", "service.log", "--for", "1")
    live, _, final = screen.rpartition("12 snapshots")
    assert "all together" in live
    assert "cost of a snapshot" in final


def test_self_tests_are_completed_by_their_present_names(leaklab: Leaklab) -> None:
    assert ["plain,selftest"] == completed(leaklab, "self")
    assert [f"plain,{name}" for name in sorted(SELFTESTS)] == completed(leaklab, "selftest", "")
    assert [] == completed(leaklab, "peer")
    assert ["plain,--repeat"] == completed(leaklab, "selftest", "soak", "--rep")
    assert [] == completed(leaklab, "selftest", "soak", "--rou")


def test_saved_results_are_completed(leaklab: Leaklab, place: Path) -> None:
    assert ["file,gr"] == completed(leaklab, "compare", "gr")
    session = place / "results" / "20261121-074226-1"
    session.mkdir(parents=True)
    for name in ("grow.buggy.inline.1", "grow.buggy.fork.1", "grow.fixed.inline.1", "chatty.a.b.1"):
        (session / f"{name}.json").write_text("{}")
    (session / "plan.json").write_text("{}")
    assert ["plain,grow/buggy", "plain,grow/fixed"] == completed(leaklab, "compare", "gr")
    modes = ["plain,grow/buggy/fork", "plain,grow/buggy/inline"]
    assert modes == completed(leaklab, "compare", "grow/fixed", "grow/buggy/")
    assert ["file,results/"] == completed(leaklab, "compare", "results/")
    moved = session.parent.rename(place / "other")
    assert ["plain,chatty/a"] == completed(leaklab, "compare", "--results", str(moved), "ch")


@pytest.mark.parametrize("command", ["list", "show", "run", "check", "compare", "soak"])
def test_every_command_has_help(leaklab: Leaklab, command: str) -> None:
    result = leaklab(command, "--help")
    assert result.returncode == 0
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_the_accuracy_table_is_written_by_its_command(leaklab: Leaklab, place: Path) -> None:
    result = leaklab("selftest", "accuracy", "--series", "2", "--write", "table.md")
    assert result.returncode == 0
    table = (place / "table.md").read_text()
    assert "| line | bytes | leak |" in table
    assert "leaklab selftest accuracy --series 2 --seed 1" in table


def test_the_overhead_table_has_an_interval(leaklab: Leaklab) -> None:
    result = leaklab("overhead", "grow", "--pairs", "6", "--catalogue", str(TOYS))
    # A toy of milliseconds may cost more than the goal; the exit code must show that.
    assert result.returncode == (0 if "2 of 2 surely cost at most" in result.stdout else 1)
    assert "grow/buggy/inline" in result.stdout
    assert "…" in result.stdout
