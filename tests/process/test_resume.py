"""An interrupted session is resumed where it stopped, and existing files are not changed."""

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from process.conftest import (
    TOYS,
    Leaklab,
    complaints,
    one_line,
    processes_of,
    unwrapped,
    wait_until,
)
from process.test_faults import copy_of_toys, half_done

pytestmark = pytest.mark.process


@pytest.fixture
def broken(place: Path, environment: dict[str, str]) -> Path:
    """The folder of a session that was killed in its second run of two."""
    with half_done(place, environment, "inline") as harness:
        harness.kill()
        harness.communicate()
    wait_until(lambda: not processes_of(place))
    wait_until(lambda: not list((place / "tmp").iterdir()))
    shutil.copy(TOYS / "scenarios/grow/fixed.py", place / "root/scenarios/grow/fixed.py")
    (session,) = (place / "results").iterdir()
    return session


def contents(session: Path) -> dict[str, tuple[int, bytes]]:
    """Return the time and the content of every file in a session."""
    return {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in session.iterdir()}


def names_in(session: Path) -> list[str]:
    return sorted(path.name for path in session.iterdir())


def test_a_resumed_session_makes_only_the_missing_runs(leaklab: Leaklab, broken: Path) -> None:
    assert names_in(broken) == ["grow.buggy.inline.1.json", "plan.json"]
    before = contents(broken)
    result = leaklab("run", "--resume")
    assert (result.returncode, complaints(result)) == (0, [])
    rows = [line.split() for line in result.stdout.splitlines()]
    assert [rows[1][:2], rows[2][:1]] == [["grow", "buggy"], ["fixed"]]
    assert rows[-1] == ["saved", "in", f"results/{broken.name}"]
    assert names_in(broken) == [
        "grow.buggy.inline.1.json",
        "grow.fixed.inline.1.json",
        "plan.json",
    ]
    assert before.items() <= contents(broken).items()


def test_a_file_of_an_interrupted_save_is_named_and_left_alone(
    leaklab: Leaklab, broken: Path
) -> None:
    half = broken / "grow.fixed.inline.1.json"
    half.write_bytes((broken / "grow.buggy.inline.1.json").read_bytes()[:500])
    hidden = broken / ".grow.fixed.inline.1.json.1"
    hidden.write_bytes(b"{")
    result = leaklab("run", f"--resume=results/{broken.name}", "--json")
    assert result.returncode == 0
    assert [run["variant"] for run in json.loads(result.stdout)] == ["buggy", "fixed"]
    first, second = complaints(result)
    assert f"{hidden.name} is an incomplete file" in first
    assert f"{half.name} is not a saved result, or is incomplete" in second
    assert (len(half.read_bytes()), hidden.read_bytes()) == (500, b"{")
    assert "grow.fixed.inline.1-2.json" in names_in(broken)


def test_a_complete_session_is_shown_without_any_work(leaklab: Leaklab, broken: Path) -> None:
    assert complaints(leaklab("run", "--resume")) == []
    saved = contents(broken)
    result = leaklab("run", "--resume", "--processes")
    assert result.returncode == 0
    assert f"nothing to do: results/{broken.name} is complete" in one_line(result)
    assert "    parent" in result.stdout
    assert saved == contents(broken)


def test_a_session_that_control_c_ended_can_be_resumed(
    leaklab: Leaklab, place: Path, environment: dict[str, str]
) -> None:
    with half_done(place, environment, "inline") as harness:
        harness.send_signal(signal.SIGINT)
        harness.communicate(timeout=20)
    shutil.copy(TOYS / "scenarios/grow/fixed.py", place / "root/scenarios/grow/fixed.py")
    assert leaklab("run", "--resume", "--jobs", "2").returncode == 0


def test_a_session_in_progress_is_not_resumed(
    leaklab: Leaklab, place: Path, environment: dict[str, str]
) -> None:
    with half_done(place, environment, "inline") as harness:
        result = leaklab("run", "--resume")
        harness.send_signal(signal.SIGINT)
        harness.communicate(timeout=20)
    assert result.returncode == 2
    assert "is in use by another leaklab; wait for its end" in one_line(result)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--units", "3"], "--units"),
        (["--variant", "buggy", "--mode", "inline"], "--variant, --mode"),
        (["--seed", "1"], "--seed"),
        (["-o", "a=1", "--repeat", "1", "--workers", "2"], "--workers, -o, --repeat"),
        (["--memory-limit", "1GiB"], "--memory-limit"),
    ],
)
def test_options_of_a_new_plan_are_refused_with_resume(
    leaklab: Leaklab, arguments: list[str], named: str
) -> None:
    result = leaklab("run", *arguments, "--resume")
    assert (result.returncode, result.stdout) == (2, "")
    assert named in one_line(result)


def test_names_are_refused_with_resume(leaklab: Leaklab) -> None:
    assert "omit names" in one_line(leaklab("run", "grow", "--resume"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resume"], "results cannot be read: No such file or directory"),
        (["--resume=nowhere"], "nowhere has no plan to resume"),
        (["--resume", "--results", "tmp"], "tmp has no session to resume"),
    ],
)
def test_resume_without_a_session_is_reported_in_one_line(
    leaklab: Leaklab, arguments: list[str], message: str
) -> None:
    result = leaklab("run", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in one_line(result)


def test_a_session_with_a_broken_plan_is_named_and_the_one_before_is_resumed(
    leaklab: Leaklab, place: Path, broken: Path
) -> None:
    newer = place / "results" / "99980101-000000-1"
    newer.mkdir()
    (newer / "plan.json").write_text("{")
    result = leaklab("run", "--resume", "--debug")
    assert result.returncode == 0
    assert f"passed over: results/{newer.name}/plan.json is not a plan" in one_line(result)
    assert "grow.fixed.inline.1.json" in names_in(broken)
    assert [path.name for path in newer.iterdir()] == ["plan.json"]


def test_another_catalogue_is_refused(leaklab: Leaklab, place: Path, broken: Path) -> None:
    result = leaklab("run", "--resume", "--catalogue", str(TOYS))
    assert result.returncode == 2
    assert f"belongs to the catalogue {place / 'root'}, not to" in one_line(result)
    assert leaklab("run", "--resume", "--catalogue", "root").returncode == 0
    assert "grow.fixed.inline.1.json" in names_in(broken)


def test_a_scenario_that_is_gone_is_named(leaklab: Leaklab, place: Path, broken: Path) -> None:
    shutil.rmtree(place / "root/scenarios/grow")
    result = leaklab("run", "--resume")
    assert result.returncode == 2
    assert "no longer has grow/buggy/inline, grow/fixed/inline as planned" in one_line(result)
    assert names_in(broken) == ["grow.buggy.inline.1.json", "plan.json"]


def test_another_commit_is_noted_below_the_table(leaklab: Leaklab, place: Path) -> None:
    root = copy_of_toys(place)
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]

    def git(*arguments: str) -> None:
        command = ["git", "-C", str(root), *identity, *arguments]
        subprocess.run(command, check=True, capture_output=True)

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    leaklab("run", "grow", "--catalogue", "root")
    git("commit", "--quiet", "--allow-empty", "--message", "second")
    (session,) = (place / "results").iterdir()
    (session / "grow.fixed.inline.1.json").unlink()
    output = unwrapped(leaklab("run", "--resume").stdout)
    assert "note: this session has results of another commit (" in output


def test_runs_made_at_the_same_time_are_shown_in_the_plans_order(
    leaklab: Leaklab, place: Path
) -> None:
    arguments = ["run", "grow", "chatty", "--units", "20", "--repeat", "2", "--jobs", "3", "--json"]
    result = leaklab(*arguments, "--catalogue", str(TOYS))
    runs = json.loads(result.stdout)
    assert [f"{run['scenario']} {run['variant']} {run['repeat']}" for run in runs] == [
        "grow buggy 1",
        "grow fixed 1",
        "grow buggy 2",
        "grow fixed 2",
        "chatty program 1",
        "chatty program 2",
    ]
    assert len({run["processes"][0]["peak_rss_bytes"] for run in runs[:3:2]}) == 1
    (session,) = (place / "results").iterdir()
    assert len(names_in(session)) == 7
