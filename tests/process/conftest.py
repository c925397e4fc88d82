"""Runs the command as users do, and checks that it leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

# A shell ignores Ctrl-C in background jobs, and child processes inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

TOYS = Path(__file__).parents[1] / "catalogue"
# A run that ended: `[3/10] word_index/buggy/inline: leak, 12 s`.
PROGRESS = re.compile(r"\[\d+/\d+\] [\w/]+: (leak|clean|undecided|measured), .+")
Leaklab = Callable[..., subprocess.CompletedProcess[str]]


def processes_of(folder: Path) -> list[str]:
    """Return every live process with a folder in its command, place or environment."""
    living = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            texts = [*command, process.cwd(), *process.environ().values()]
            alive = process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            continue
        if alive and process.pid != os.getpid() and any(str(folder) in word for word in texts):
            living.append(f"{process.pid} {command}")
    return living


def unwrapped(text: str) -> str:
    """Return wrapped text as one line."""
    return " ".join(text.split())


def wait_until(fact: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait for a fact, not for a time: the most is for a machine with seven times as much to do as
    it has CPUs."""
    give_up = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < give_up, f"not within {seconds} s"
        time.sleep(0.02)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder to run in, with its own temporary folder, which must be empty at the end."""
    (tmp_path / "tmp").mkdir()
    yield tmp_path
    assert list((tmp_path / "tmp").iterdir()) == []
    assert processes_of(tmp_path) == []


@pytest.fixture
def environment(place: Path) -> dict[str, str]:
    ours = {"TMPDIR": str(place / "tmp"), "COLUMNS": "80", "LEAKLAB_RESULTS": "results"}
    return {**os.environ, **ours}


@pytest.fixture
def leaklab(place: Path, environment: dict[str, str]) -> Leaklab:
    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "leaklab", *arguments],
            cwd=place,
            env={**environment, **changes},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture
def toy(leaklab: Leaklab) -> Leaklab:
    """`leaklab` on the toy catalogue."""

    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return leaklab(*arguments, "--catalogue", str(TOYS), **changes)

    return run


def complaints(result: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines of standard error without the progress of runs."""
    return [line for line in result.stderr.splitlines() if not PROGRESS.match(line)]


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that a failed command prints, and never a traceback."""
    lines = complaints(result)
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("leaklab: ")
    assert "Traceback" not in result.stdout
    return lines[0]


# The files that take longest come first, so that no worker is left alone with one of them.
LONG_FILES = ("test_catalogue.py", "test_asv.py", "test_figures.py", "test_wheel.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the long files of all tests first."""

    def rank(item: pytest.Item) -> int:
        """Return the place of the item's file."""
        name = item.path.name
        return LONG_FILES.index(name) if name in LONG_FILES else len(LONG_FILES)

    items.sort(key=rank)
