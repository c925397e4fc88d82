"""`terminal_window`: a real xterm that ends with its run, and displays that cannot be had."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from process.conftest import Leaklab, one_line, processes_of, wait_until

pytestmark = pytest.mark.process

RUN = ("run", "terminal_window", "--variant", "fixed")
needs_xterm = pytest.mark.skipif(
    not (shutil.which("xterm") and shutil.which("Xvfb")),
    reason="install them with apt-get install xterm xvfb",
)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder that comes first on the PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    return folder


def replace(programs: Path, name: str, script: str) -> dict[str, str]:
    """Put a program in front of the real one; return the environment with it."""
    path = programs / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}


def names_of(folder: Path) -> set[str]:
    """Return the programs that run with a folder in their environment."""
    pids = [int(process.split()[0]) for process in processes_of(folder)]
    return {psutil.Process(pid).name() for pid in pids if psutil.pid_exists(pid)}


def test_a_missing_program_skips_the_scenario_with_the_line_that_installs_it(
    leaklab: Leaklab, programs: Path
) -> None:
    for name in ("sh", "od"):
        (programs / name).symlink_to(shutil.which(name) or name)
    result = leaklab(*RUN, PATH=str(programs))
    assert one_line(result) == (
        "leaklab: terminal_window: skipped, the program 'xterm' is not installed: "
        "install it with apt-get install xterm xvfb"
    )


@needs_xterm
def test_a_display_that_does_not_start_is_one_line_with_its_reason(
    leaklab: Leaklab, programs: Path
) -> None:
    script = "echo '(EE) no screens found' >&2; echo '(EE) ' >&2; exit 1"
    result = leaklab(*RUN, **replace(programs, "Xvfb", script))
    assert one_line(result).endswith("Xvfb did not start a display: no screens found")
    assert result.returncode == 2


@needs_xterm
def test_an_xterm_that_ends_is_one_line(leaklab: Leaklab, programs: Path) -> None:
    result = leaklab(*RUN, **replace(programs, "xterm", "exit 7"))
    assert one_line(result).endswith("RuntimeError: the xterm ended by itself, with status 7")
    assert result.returncode == 2


@needs_xterm
def test_everything_ends_with_a_killed_session(place: Path, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "leaklab", *RUN, "--units", "1000000"]
    displays = abstract_displays()
    session = subprocess.Popen(
        command, cwd=place, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: {"xterm", "Xvfb", "sh"} <= names_of(place))
    finally:
        session.send_signal(signal.SIGKILL)
        session.wait()
    wait_until(lambda: not processes_of(place))
    wait_until(lambda: not list((place / "tmp").iterdir()))
    assert abstract_displays() <= displays


def abstract_displays() -> set[str]:
    """Return the abstract sockets of X servers."""
    sockets = Path("/proc/net/unix").read_text().split()
    return {socket for socket in sockets if socket.startswith("@/tmp/.X11-unix/")}
