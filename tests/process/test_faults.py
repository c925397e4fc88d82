"""Bad input and failing programs: one line, the right exit code, no lost results, no leftovers."""

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from leaklab.runs.store import find_results
from process.conftest import TOYS, Leaklab, complaints, one_line, processes_of, wait_until

pytestmark = pytest.mark.process


@pytest.mark.parametrize(
    ("fault", "code", "text"),
    [
        ("raise", 2, ": ValueError: the fault that was asked for"),
        ("leave", 2, "SystemExit: enough"),
        ("recurse", 2, "RecursionError: maximum recursion depth exceeded"),
        ("never", 2, "the workload never yields"),
        ("not a generator", 2, "workload() must yield once per unit of work; it returned None"),
        ("early", 2, "the workload ended after 49 of 100 units: make it yield more"),
        ("exit", 3, "exited with status 3 during the run (os._exit?)"),
        ("kill", 3, "killed by SIGKILL"),
        ("segfault", 3, "killed by SIGSEGV"),
        ("abort", 3, "killed by SIGABRT; its last output: famous last words"),
        ("orphan", 3, "exited with status 3"),
    ],
)
def test_a_failing_program_is_reported_in_one_line_with_its_exit_code(
    toy: Leaklab, fault: str, code: int, text: str
) -> None:
    result = toy("run", "faulty", "-o", f"fault={fault}")
    assert result.returncode == code
    assert text in one_line(result)
    assert result.stdout == ""


@pytest.mark.parametrize("fault", ["daemon", "close", "unspeakable", "none"])
def test_a_misbehaving_program_is_measured_nevertheless(toy: Leaklab, fault: str) -> None:
    result = toy("run", "faulty", "-o", f"fault={fault}")
    assert (result.returncode, complaints(result)) == (0, [])


def test_a_hang_ends_at_the_time_limit_and_its_samples_are_kept(toy: Leaklab) -> None:
    result = toy("run", "faulty", "-o", "fault=hang", "--time-limit", "2", "--json")
    assert result.returncode == 1
    (run,) = json.loads(result.stdout)
    assert (run["end_reason"], run["units_done"]) == ("stopped: time limit", 49)
    assert run["processes"][0]["samples"]["units"] == list(range(50))
    assert run["verdict"]["conclusion"] == "undecided"


@pytest.mark.parametrize("fault", ["hog", "huge"])
def test_a_run_at_its_memory_limit_ends_and_its_samples_are_kept(toy: Leaklab, fault: str) -> None:
    result = toy("run", "faulty", "-o", f"fault={fault}", "--memory-limit", "300MB", "--json")
    assert result.returncode == 1
    (run,) = json.loads(result.stdout)
    assert (run["end_reason"], run["units_done"]) == ("stopped: memory limit", 49)
    assert run["peak_rss_bytes"] < 450_000_000


def test_a_failing_program_does_not_affect_other_results(toy: Leaklab) -> None:
    result = toy("run", "grow", "faulty", "-o", "fault=raise")
    assert "has no option 'fault'" in one_line(result)
    result = toy("run", "faulty", "chatty", "--units", "3")
    assert result.returncode == 1
    assert "chatty" in result.stdout


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("buggy.py", "def put(:", "buggy.py:1: SyntaxError: invalid syntax"),
        (
            "buggy.py",
            "import nowhere",
            "buggy.py:1: ModuleNotFoundError: No module named",
        ),
        ("workload.py", "1 / 0", "workload.py:1: ZeroDivisionError: division by zero"),
        ("workload.py", "", "AttributeError: module 'scenarios.grow.workload' has no attribute"),
        ("scenario.toml", "schema = 1\ncolour = 'red'", "unknown key 'colour' at the top level"),
        ("scenario.toml", "schema =", "scenario.toml cannot be read as TOML"),
    ],
)
def test_a_mistake_in_a_scenarios_files_is_named(
    leaklab: Leaklab, place: Path, name: str, text: str, message: str
) -> None:
    root = copy_of_toys(place)
    (root / "scenarios" / "grow" / name).write_text(text)
    result = leaklab("run", "grow", "--variant", "buggy", "--catalogue", str(root))
    assert result.returncode == 2
    assert message in one_line(result)


def test_a_missing_file_is_named(leaklab: Leaklab, place: Path) -> None:
    root = copy_of_toys(place)
    (root / "scenarios" / "grow" / "workload.py").unlink()
    result = leaklab("run", "grow", "--variant", "buggy", "--catalogue", str(root))
    assert result.returncode == 2
    assert "No module named 'scenarios.grow.workload'" in one_line(result)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "gorw"], 2, "no scenario 'gorw'; did you mean 'grow'?"),
        (["show", "gorw"], 2, "no scenario 'gorw'; did you mean 'grow'?"),
        (["run", "grow", "--units", "0"], 2, "'--units': 0 is not in the range x>=1"),
        (["run", "grow", "--repeat", "0"], 2, "'--repeat': 0 is not in the range x>=1"),
        (["run", "grow", "--mode", "thread"], 2, "'thread' is not one of 'inline', 'fork'"),
        (["run", "chatty", "--mode", "fork"], 2, "does not run in mode fork; it has: inline"),
        (["run", "grow", "--memory-limit", "lots"], 2, "write it like 300MB"),
        (["run", "grow", "-o", "x"], 2, "write it as name=value"),
        (["run", "faulty", "--variant", "buggy"], 2, "it has: program"),
        (["rnu"], 2, "No such command 'rnu'. Did you mean"),
        (["run", "grow", "--time-limit", "inf"], 2, "'inf' is not a duration"),
        (["run", "grow", "--time-limit", "nan"], 2, "'nan' is not a duration"),
        (["run", "grow", "--time-limit", "0"], 2, "'0' is not a duration"),
        (["run", "grow", "--memory-limit", "9" * 400], 2, "write it like 300MB"),
        (["compare", "grow", "x" * 5000], 2, "write scenario/variant"),
    ],
)
def test_a_wrong_argument_is_reported_in_one_line(
    toy: Leaklab, arguments: list[str], code: int, message: str
) -> None:
    result = toy(*arguments)
    assert (result.returncode, result.stdout) == (code, "")
    assert message in one_line(result)


@pytest.mark.parametrize(
    "arguments", [["run", "no_such", "--debug"], ["--debug", "run", "no_such"], ["rnu", "--debug"]]
)
def test_debug_shows_the_traceback_and_keeps_the_exit_code(
    leaklab: Leaklab, arguments: list[str]
) -> None:
    result = leaklab(*arguments)
    assert result.returncode == 2
    assert result.stderr.startswith("Traceback (most recent call last):")
    assert complaints(result)[-1].startswith("leaklab: ")


def test_debug_shows_the_programs_own_traceback(toy: Leaklab) -> None:
    result = toy("--debug", "run", "faulty", "-o", "fault=raise")
    assert result.returncode == 2
    assert "in _raise\n    raise ValueError(" in result.stderr


def test_output_of_a_program_cannot_control_the_terminal(leaklab: Leaklab, place: Path) -> None:
    root = copy_of_toys(place)
    (root / "scenarios" / "grow" / "buggy.py").write_text('raise ValueError("a\\x1b[2J\\tb")')
    arguments = ["run", "grow", "--variant", "buggy", "--catalogue", str(root)]
    assert "ValueError: a?[2J b" in one_line(leaklab(*arguments))
    assert "\x1b" not in leaklab(*arguments, "--debug").stderr


def test_a_skipped_scenario_does_not_hide_a_wrong_verdict(leaklab: Leaklab, place: Path) -> None:
    root = copy_of_toys(place)
    path = root / "scenarios" / "grow" / "scenario.toml"
    path.write_text(path.read_text() + '\n[requires]\nprograms = ["no-such-program"]\n')
    result = leaklab("run", "grow", "chatty", "--units", "3", "--catalogue", str(root))
    assert result.returncode == 1
    assert "grow: skipped, the program 'no-such-program'" in result.stderr
    result = leaklab("check", "grow", "--catalogue", str(root))
    assert (result.returncode, complaints(result)) == (0, [])
    assert result.stdout.startswith("grow: skipped: the program 'no-such-program'")


def test_check_continues_with_the_other_scenarios(leaklab: Leaklab, place: Path) -> None:
    root = copy_of_toys(place)
    (root / "scenarios" / "chatty" / "program.py").write_bytes(b"\xff")
    result = leaklab("check", "chatty", "grow", "--catalogue", str(root))
    assert (result.returncode, complaints(result)) == (2, [])
    assert "program.py is not UTF-8" in result.stdout.splitlines()[0]
    assert result.stdout.splitlines()[1:] == ["grow: ok", "2 scenarios, 1 problem"]


def test_an_unwritable_results_folder_is_reported_before_any_work(
    toy: Leaklab, place: Path
) -> None:
    (place / "results").write_text("a file where a folder should be")
    result = toy("run", "grow")
    assert result.returncode == 3
    assert "results cannot be saved in results" in one_line(result)


def test_without_od_scroll_buffer_is_skipped_with_the_package_to_install(
    leaklab: Leaklab, place: Path
) -> None:
    (place / "empty").mkdir()
    result = leaklab("run", "scroll_buffer", "--variant", "buggy", PATH=str(place / "empty"))
    assert result.returncode == 3
    assert "scroll_buffer: skipped, the program 'od' is not installed" in one_line(result)


def test_a_port_in_use_is_named_with_the_option_that_changes_it(leaklab: Leaklab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = ["run", "unclosed_sockets", "--variant", "fixed", "-o", f"port={port}"]
        result = leaklab(*arguments)
    assert result.returncode == 3
    assert f"port {port} is in use" in one_line(result)
    assert "-o port=" in one_line(result)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("cut.xml", b"<mediawiki><page><title>A</title><ns>0</ns><revision><te", "cut.xml"),
        ("cut.xml.bz2", b"BZh91AY&SY", "cut.xml.bz2"),
        ("letter.xml", b"Good morning,\nno XML here", "letter.xml"),
    ],
)
def test_a_dump_that_cannot_be_read_is_named(
    leaklab: Leaklab, place: Path, name: str, text: bytes, message: str
) -> None:
    (place / name).write_bytes(text)
    result = leaklab("run", "word_index", "--variant", "fixed", "-o", f"dump={name}")
    assert result.returncode == 2
    assert message in one_line(result)
    assert "DumpError" in one_line(result)


def test_a_missing_dump_is_named(leaklab: Leaklab) -> None:
    result = leaklab("run", "word_index", "--variant", "fixed", "-o", "dump=nowhere.xml")
    assert result.returncode == 2
    assert "nowhere.xml" in one_line(result)


MODES = ["inline", "fork", "spawn", "forkserver", "multiprocess"]


@pytest.mark.parametrize("mode", MODES)
def test_control_c_ends_everything_and_keeps_saved_results(
    place: Path, environment: dict[str, str], mode: str
) -> None:
    with half_done(place, environment, mode) as harness:
        harness.send_signal(signal.SIGINT)
        _, output = harness.communicate(timeout=20)
    assert harness.returncode == 130
    assert output.splitlines()[-1] == "leaklab: interrupted"
    assert [r.variant for r in find_results(place, str(next((place / "results").iterdir())))] == [
        "buggy"
    ]


@pytest.mark.parametrize("mode", MODES)
def test_a_harness_that_is_killed_leaves_no_process_no_folder_and_no_cgroup(
    place: Path, environment: dict[str, str], mode: str
) -> None:
    with half_done(place, environment, mode) as harness:
        harness.kill()
        harness.communicate()
        wait_until(lambda: not processes_of(place), seconds=2)
        wait_until(lambda: not list((place / "tmp").iterdir()), seconds=2)
        groups = Path("/sys/fs/cgroup")
        wait_until(lambda: not list(groups.glob(f"**/leaklab-{harness.pid}-*")), seconds=2)
    assert [r.variant for r in find_results(place, str(next((place / "results").iterdir())))] == [
        "buggy"
    ]


@contextmanager
def half_done(
    place: Path, environment: dict[str, str], mode: str
) -> Iterator[subprocess.Popen[str]]:
    """A harness that has saved one run and started the next one, which would never end."""
    root = copy_of_toys(place)
    fixed = root / "scenarios" / "grow" / "fixed.py"
    hang = "import subprocess, time\nsubprocess.Popen(['sleep', '1000'])\ntime.sleep(1000)"
    fixed.write_text(fixed.read_text() + hang)
    arguments = ["run", "grow", "--mode", mode, "--catalogue", str(root)]
    command = [sys.executable, "-m", "leaklab", *arguments]
    with subprocess.Popen(
        command,
        cwd=place,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as harness:
        try:
            wait_until(lambda: has_descendant(harness.pid, "sleep"))
            yield harness
        finally:
            if harness.poll() is None:
                harness.kill()


def has_descendant(pid: int, name: str) -> bool:
    try:
        return any(p.name() == name for p in psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:  # one process ended during the listing: list them again
        return False


def copy_of_toys(place: Path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(TOYS, place / "root", ignore=ignore))
