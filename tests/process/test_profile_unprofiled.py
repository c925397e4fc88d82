"""`leaklab profile` without a profiler: bare, held, and under a tool of the user."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from process.conftest import Leaklab, complaints, one_line, processes_of, wait_until

pytestmark = pytest.mark.process

PATIENCE_SECONDS = 120
DUMP = (
    "<mediawiki><page><title>A</title><ns>0</ns>"
    "<revision><text>some words</text></revision></page></mediawiki>"
)


def bare_run(leaklab: Leaklab, *arguments: str) -> dict[str, Any]:
    result = leaklab("profile", *arguments, "--json")
    assert (0, []) == (result.returncode, complaints(result))
    run: dict[str, Any] = json.loads(result.stdout)
    return run


@pytest.mark.parametrize(("variant", "grows"), [("buggy", True), ("fixed", False)])
def test_the_kernel_shows_which_variant_grows(
    leaklab: Leaklab, variant: str, *, grows: bool
) -> None:
    run = bare_run(leaklab, "word_index", "--variant", variant, "--units", "800")
    assert (variant, 800) == (run["variant"], run["units"])
    assert run["high_water_bytes"] >= run["rss_bytes"]
    growth_bytes = run["rss_bytes"] - run["halfway_rss_bytes"]
    assert (growth_bytes > 1_000_000, growth_bytes < 200_000) == (grows, not grows)


def test_a_bare_run_prints_memory_before_halfway_and_after(leaklab: Leaklab) -> None:
    result = leaklab("profile", "word_index", "--units", "5")
    assert (0, "") == (result.returncode, result.stderr)
    heading, *rows = result.stdout.splitlines()
    assert "== word_index/buggy, 5 units, without a profiler" == heading
    names = ["VmRSS before", "VmRSS halfway", "VmRSS after", "VmHWM"]
    assert names == [row[:14].strip() for row in rows]


def test_options_change_the_work(leaklab: Leaklab) -> None:
    small, large = (
        bare_run(leaklab, "word_index", "--units", "100", "-o", f"words_per_article={words}")
        for words in (10, 5000)
    )
    assert large["high_water_bytes"] - small["high_water_bytes"] > 1_500_000


def test_a_bare_run_has_the_services_of_its_work(leaklab: Leaklab) -> None:
    assert 5 == bare_run(leaklab, "word_index", "--units", "5", "-o", "source=http")["units"]


def test_a_dump_is_read_again_when_it_ends(leaklab: Leaklab, place: Path) -> None:
    (place / "one.xml").write_text(DUMP, encoding="utf-8")
    assert 30 == bare_run(leaklab, "word_index", "--units", "30", "-o", "dump=one.xml")["units"]


def test_a_dump_that_ends_early_is_one_line(leaklab: Leaklab, place: Path) -> None:
    (place / "cut.xml").write_text(DUMP[:-20], encoding="utf-8")
    result = leaklab("profile", "word_index", "--units", "30", "-o", "dump=cut.xml")
    assert 3 == result.returncode
    assert "cut.xml is cut off: " in one_line(result)


def test_a_port_in_use_is_one_line(leaklab: Leaklab) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = leaklab("profile", "unclosed_sockets", "-o", f"port={port}")
    assert 3 == result.returncode
    assert f"port {port} is in use" in one_line(result)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("no_such", "no_such"),
        ("word_index --mode fork", "omit --mode fork, or give --with TOOL or -- TOOL"),
        ("word_index --mode fork --hold", "omit --mode fork, or give --with TOOL or -- TOOL"),
        ("word_index --hold -- strace", "give one of --with, --hold and -- TOOL"),
        ("word_index --hold --with mprof", "give one of --with, --hold and -- TOOL"),
        ("word_index --with mprof -- strace", "give one of --with, --hold and -- TOOL"),
        ("word_index --json -- true", "omit --json"),
        ("word_index -- no-such-tool", "'no-such-tool' cannot be started: it is not on the PATH"),
        ("word_index -- ./text", "'./text' cannot be started: it is not executable"),
        ("word_index -- ./broken", "'./broken' cannot be started: Exec format error; put its "),
        ("word_index -o nil=1", "word_index has no option 'nil'; it has: "),
    ],
)
def test_bad_input_is_one_line_with_a_remedy(
    leaklab: Leaklab, place: Path, arguments: str, text: str
) -> None:
    (place / "text").touch()
    (place / "broken").write_text("no program")
    (place / "broken").chmod(0o755)
    result = leaklab("profile", *arguments.split())
    assert 2 == result.returncode
    assert text in one_line(result)


@contextlib.contextmanager
def held(
    place: Path, environment: dict[str, str], *arguments: str
) -> Iterator[tuple[subprocess.Popen[str], psutil.Process]]:
    """A `leaklab profile --hold` that waits for Enter, and the process that it holds."""
    with subprocess.Popen(
        [sys.executable, "-m", "leaklab", "profile", *arguments, "--hold"],
        cwd=place,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        output = [process.stdout.readline() for _ in range(5)]
        assert output[0].endswith("without a profiler\n")
        _, pid, *text = process.stderr.readline().split()
        assert "keeps its memory and files open: press Enter to end it".split() == text
        yield process, psutil.Process(int(pid))


def test_the_process_stays_with_its_sockets_until_enter_is_pressed(
    place: Path, environment: dict[str, str]
) -> None:
    with held(place, environment, "unclosed_sockets", "--units", "20") as (process, worker):
        assert 20 == len([c for c in worker.net_connections() if c.status == "ESTABLISHED"])
        assert worker.is_running()
        process.communicate("\n", timeout=PATIENCE_SECONDS)
        assert (0, False) == (process.returncode, worker.is_running())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_held_process_does_not_outlive_leaklab(
    place: Path, environment: dict[str, str], number: signal.Signals, code: int
) -> None:
    with held(place, environment, "word_index", "--units", "20") as (process, _):
        process.send_signal(number)
        assert code == process.wait(PATIENCE_SECONDS)
    wait_until(lambda: not processes_of(place) and not [*(place / "tmp").iterdir()])


def test_a_held_process_that_dies_ends_the_wait(place: Path, environment: dict[str, str]) -> None:
    with held(place, environment, "word_index", "--units", "20") as (process, worker):
        worker.kill()
        assert 0 == process.wait(PATIENCE_SECONDS)


def test_without_input_a_held_process_ends_after_its_work(
    place: Path, environment: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "leaklab", "profile", "word_index", "--units", "20", "--hold"]
    result = subprocess.run(
        command,
        cwd=place,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (0, 5) == (result.returncode, len(result.stdout.splitlines()))


def test_work_that_fails_is_not_held(leaklab: Leaklab) -> None:
    result = leaklab("profile", "word_index", "--hold", "-o", "titles=0")
    assert 3 == result.returncode
    assert "the work failed; status 1: ValueError: titles is 0: " in one_line(result)


def test_a_tool_does_the_work_in_the_current_folder(leaklab: Leaklab, place: Path) -> None:
    code = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__'); open('here', 'w')"
    words = ["--", "{python}", "-c", code, "{program}"]
    result = leaklab("profile", "unclosed_sockets", "--units", "5", *words)
    assert (0, "", "") == (result.returncode, result.stdout, result.stderr)
    assert (place / "here").is_file()


def test_the_interpreter_and_the_program_are_appended_where_no_place_is_named(
    leaklab: Leaklab,
) -> None:
    result = leaklab("profile", "word_index", "--", "echo", "-n")
    python, program = result.stdout.split()
    assert (sys.executable, "leaklab_driver.py") == (python, Path(program).name)


@pytest.mark.parametrize(
    ("code", "status"),
    [("sys.exit(7)", 7), ("os.kill(os.getpid(), 15)", 143), ("sys.exit(0)", 0)],
)
def test_the_exit_code_is_that_of_the_tool(leaklab: Leaklab, code: str, status: int) -> None:
    words = ["--", "{python}", "-c", f"import os, sys; {code}"]
    assert status == leaklab("profile", "word_index", *words).returncode


def test_the_streams_of_a_tool_stay_apart(leaklab: Leaklab) -> None:
    words = ["--", "{python}", "-c", "import sys; print('a'); print('b', file=sys.stderr)"]
    result = leaklab("profile", "word_index", *words)
    assert ("a\n", "b\n") == (result.stdout, result.stderr)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_tool_does_not_outlive_leaklab(
    place: Path, environment: dict[str, str], number: signal.Signals, code: int
) -> None:
    script = "import signal, sys; sys.stdout.write('x'); sys.stdout.flush(); signal.pause()"
    words = ["-m", "leaklab", "profile", "word_index", "--", "{python}", "-c", script]
    with subprocess.Popen(
        [sys.executable, *words], cwd=place, env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert b"x" == process.stdout.read(1)
        process.send_signal(number)
        assert code == process.wait(PATIENCE_SECONDS)
    wait_until(lambda: not processes_of(place) and not [*(place / "tmp").iterdir()])
