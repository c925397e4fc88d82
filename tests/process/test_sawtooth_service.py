"""`sawtooth_service`: its client or its worker dies in the middle of a run, or its port is used."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from process.conftest import Leaklab, one_line, processes_of, wait_until

pytestmark = pytest.mark.process

RUN = ("run", "sawtooth_service", "--variant", "fixed")


def is_client(process: psutil.Process) -> bool:
    """Whether a process makes the requests."""
    return "fixtures.load" in process.cmdline()


def is_worker(process: psutil.Process) -> bool:
    """Whether a process is a worker of the service: a copy of the agent, and its child."""
    return is_agent(process) and is_agent(psutil.Process(process.ppid()))


def is_agent(process: psutil.Process) -> bool:
    return any("leaklab/agent" in word for word in process.cmdline())


def running(place: Path, is_wanted: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """Return some of the processes of a folder."""
    wanted = []
    for pid in [int(line.split()[0]) for line in processes_of(place)]:
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            wanted += [process] if is_wanted(process) else []
    return wanted


@contextmanager
def session_in(place: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run the service until it is killed."""
    command = [sys.executable, "-m", "leaklab", *RUN, "--units", "1000000", "--time-limit", "60s"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=place, env=environment, stdout=pipe, stderr=pipe, text=True
    ) as session:
        yield session


def has_ended_without(
    is_wanted: Callable[[psutil.Process], bool], session: subprocess.Popen[str], place: Path
) -> bool:
    """Kill every such process once the service works; the run survives that of its rehearsal."""
    for process in running(place, is_wanted) if running(place, is_worker) else []:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return session.poll() is not None


def end_of(session: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the exit code of a session, and its one line."""
    output, errors = session.communicate()
    ended = subprocess.CompletedProcess(session.args, session.returncode, output, errors)
    return ended.returncode, one_line(ended)


def test_a_client_that_dies_ends_the_run_in_one_line(
    place: Path, environment: dict[str, str]
) -> None:
    with session_in(place, environment) as session:
        wait_until(lambda: running(place, is_worker))
        wait_until(lambda: has_ended_without(is_client, session, place))
        code, line = end_of(session)
    assert "the service 'load' died during the run: killed by SIGKILL" in line
    assert code == 3
    assert processes_of(place) == []


def test_a_worker_that_dies_ends_the_run_in_one_line(
    place: Path, environment: dict[str, str]
) -> None:
    with session_in(place, environment) as session:
        wait_until(lambda: has_ended_without(is_worker, session, place))
        code, line = end_of(session)
    assert "RuntimeError: the worker has ended with wait status 9" in line
    assert code == 2
    assert processes_of(place) == []


def test_a_port_in_use_is_named_in_one_line(leaklab: Leaklab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = leaklab(*RUN, "-o", f"service_port={port}")
    assert result.returncode == 2
    assert f"port {port} is in use: choose another" in one_line(result)
