"""`leaklab profile` with real profilers; those that are not installed are named."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from leaklab.features.profilers.interpreters import python_with
from leaklab.features.profilers.registry import PROFILERS
from leaklab.model.errors import NotMeasured
from process.conftest import Leaklab, complaints, one_line, processes_of, wait_until

pytestmark = pytest.mark.process


def is_installed(name: str) -> bool:
    try:
        python_with(PROFILERS[name])
    except NotMeasured:
        return False
    return True


def profiles(leaklab: Leaklab, *arguments: str) -> list[dict[str, Any]]:
    result = leaklab("profile", *arguments, "--json")
    assert (0, []) == (result.returncode, complaints(result))
    document: list[dict[str, Any]] = json.loads(result.stdout)
    return document


@pytest.mark.parametrize("name", PROFILERS)
def test_each_installed_profiler_gives_its_own_report(
    leaklab: Leaklab, place: Path, name: str
) -> None:
    arguments = ["word_index", "--units", "100", "--with", name]
    if not is_installed(name):
        result = leaklab("profile", *arguments)
        assert 3 == result.returncode
        assert f"{name} is not installed: pip install" in one_line(result)
        return
    (profile,) = profiles(leaklab, *arguments)
    assert (name, 100) == (profile["profiler"], profile["units"])
    assert profile["report"].strip()
    assert profile["cpu_ratio"] > 0.5
    folder = place / "profiles" / f"word_index.buggy.inline.{name}"
    assert profile["files"] == (sorted(p.name for p in folder.iterdir()) if folder.exists() else [])


def test_tracemalloc_names_the_line_that_allocates_and_not_the_one_that_retains(
    leaklab: Leaklab,
) -> None:
    (profile,) = profiles(leaklab, "word_index", "--with", "tracemalloc")
    assert "fixtures/articles.py:45" in profile["first_answer"]


def test_the_lines_of_memory_profiler_are_those_of_the_program(leaklab: Leaklab) -> None:
    (profile,) = profiles(leaklab, "word_index", "--with", "memory_profiler")
    assert 100 == profile["units"]
    assert "self._articles[word].append(article)" in profile["report"]


def test_mprof_leaves_its_data_and_a_picture(leaklab: Leaklab, place: Path) -> None:
    profiles(leaklab, "word_index", "--units", "200", "--with", "mprof")
    folder = place / "profiles" / "word_index.buggy.inline.mprof"
    assert (folder / "mprof.png").read_bytes().startswith(b"\x89PNG")
    assert "MEM" in (folder / "mprofile.dat").read_text()


def test_a_profiler_that_fails_is_named_and_the_others_go_on(leaklab: Leaklab) -> None:
    arguments = ["--with", "memory_profiler", "--with", "tracemalloc", "--mode", "spawn"]
    result = leaklab("profile", "word_index", "--units", "40", *arguments)
    assert 3 == result.returncode
    assert "memory_profiler: the work failed under it; status 1: " in one_line(result)
    assert "in a pool, tracemalloc traces the process that it is started in" in result.stdout


def test_a_folder_that_cannot_be_written_is_one_line(leaklab: Leaklab, place: Path) -> None:
    (place / "file").touch()
    result = leaklab("profile", "word_index", "--with", "tracemalloc", "--output", "file/below")
    assert 3 == result.returncode
    assert "file/below cannot be written: " in one_line(result)


def test_the_first_answers_are_graded_and_written(leaklab: Leaklab, place: Path) -> None:
    arguments = ["--mode", "inline", "--with", "tracemalloc", "--with", "psleak"]
    result = leaklab("selftest", "profilers", "word_index", *arguments, "--write", "answers.md")
    assert (0, []) == (result.returncode, complaints(result))
    page = (place / "answers.md").read_text()
    assert "| the line that allocates; 2nd: the line that retains |" in page
    assert "| word_index | psleak" in page
    assert str(place) not in page


def test_a_control_has_no_first_answers(leaklab: Leaklab) -> None:
    result = leaklab("selftest", "profilers", "vocabulary")
    assert 2 == result.returncode
    assert "vocabulary is a control, and has no line that retains: name a pair" in one_line(result)


def test_an_unknown_profiler_is_bad_input(leaklab: Leaklab) -> None:
    result = leaklab("profile", "word_index", "--with", "heapy")
    assert 2 == result.returncode
    assert "'heapy' is not one of 'tracemalloc', 'memory_profiler'" in one_line(result)


SHOP = """
kept = []


def place():
    kept.append(bytearray(5_000))


class Orders:
    def __init__(self):
        self._placed = []

    def place(self):
        self._placed.append(bytearray(5_000))
"""


@pytest.mark.parametrize("target", ["shop:place", "shop.py:Orders.place"])
def test_a_function_of_the_user_is_profiled_like_a_scenario(
    leaklab: Leaklab, place: Path, target: str
) -> None:
    (place / "shop.py").write_text(SHOP)
    (profile,) = profiles(leaklab, target, "--units", "100", "--with", "tracemalloc")
    assert "shop.py:" in profile["first_answer"]
    assert [] == [path.name for path in place.iterdir() if path.suffix not in {".py", ""}]


def test_a_function_of_the_user_is_profiled_in_a_pool(leaklab: Leaklab, place: Path) -> None:
    (place / "shop.py").write_text(SHOP)
    arguments = ["--units", "100", "--with", "tracemalloc", "--mode", "spawn"]
    (profile,) = profiles(leaklab, "shop:place", *arguments)
    assert profile["pools"]


def test_a_function_that_is_not_there_is_one_line(leaklab: Leaklab, place: Path) -> None:
    (place / "shop.py").write_text(SHOP)
    result = leaklab("profile", "shop:deliver", "--with", "tracemalloc")
    assert 3 == result.returncode
    assert "shop has no deliver: check the name" in one_line(result)


def test_a_set_up_is_for_targets(leaklab: Leaklab) -> None:
    result = leaklab("profile", "word_index", "--with", "tracemalloc", "--setup", "shop:orders")
    assert 2 == result.returncode
    assert "--setup is for a target, and 'word_index' is a scenario" in one_line(result)


def tools_of(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return [c for c in psutil.Process(pid).children() if "leaklab_driver" in str(c.cmdline())]
    return []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_tool_outlives_leaklab(place: Path, number: signal.Signals) -> None:
    (place / "shop.py").write_text("import time\n\n\ndef wait():\n    time.sleep(600)\n")
    command = [sys.executable, "-m", "leaklab", "profile", "shop:wait", "--with", "tracemalloc"]
    environment = {**os.environ, "TMPDIR": str(place / "tmp")}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=place, env=environment, stderr=quiet) as process:
        wait_until(lambda: tools_of(process.pid))
        (tool,) = tools_of(process.pid)
        process.send_signal(number)
    wait_until(lambda: not tool.is_running() or tool.status() == psutil.STATUS_ZOMBIE)
    # What leaklab leaves is removed by other processes, which end after it.
    wait_until(lambda: not processes_of(place) and not list((place / "tmp").iterdir()))
