"""Services: the programs that a scenario talks to, run outside the measured process.

A service is the module `fixtures.<name>`, started as `python -m fixtures.<name> PORT`. It listens
on 127.0.0.1, prints its address on one line when it accepts connections, and serves until killed.
Its port is the scenario's option `port`. The default, 0, means any free port.
"""

import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from leaklab.model.errors import BadInput, Cancelled, NotMeasured
from leaklab.model.job import Job
from leaklab.sandbox.child import Child
from leaklab.sandbox.launch import Command, describe_exit, fixed_environment, supervised
from leaklab.sandbox.protocol import Exited
from leaklab.sandbox.scratch import make_parts, reporting_disk_errors

START_SECONDS = 30.0
HEALTH_SECONDS = 5.0
HEALTH_POLL_SECONDS = 0.005


@dataclass
class Services:
    """Running services: their addresses by name, and the death of a service."""

    addresses: dict[str, str] = field(default_factory=dict)
    _children: dict[str, Child] = field(default_factory=dict)
    _death: str = ""

    def death(self) -> str:
        """Describe how the first dead service ended; empty while all services live. Does not
        wait."""
        for name, child in self._children.items():
            if self._death:
                break
            ended = [m.status for m in child.read_messages(0) if isinstance(m, Exited)]
            if ended or child.closed:
                how = describe_exit(ended[0] if ended else None)
                line = _last_output_line(child)
                output = f"; its last output: {line}" if line else ""
                self._death = f"the service {name!r} died during the run: {how}{output}"
        return self._death


@contextlib.contextmanager
def running(
    job: Job, roots: Sequence[Path], folder: Path, session: Path, cancelled: threading.Event
) -> Iterator[Services]:
    """Start the services of a run; end them on exit.

    Args:
        job: The run. Its option `port` is the port of its service.
        roots: The folders for `sys.path`.
        folder: The run's folder, in which each service gets a folder.
        session: The session's folder.
        cancelled: Once any thread sets it, waiting for a start ends.

    Raises:
        BadInput: The option `port` is not a port number.
        Cancelled: `cancelled` was set before all services were started.
        NotMeasured: A service does not start, or does not accept a connection.
    """
    names = job.scenario.services
    port = str(job.options.get("port", 0))
    if names and not (port.isdecimal() and int(port) < 1 << 16):
        raise BadInput(f"-o port={port}: a port is a number from 0 (any free one) to 65535")
    services = Services()
    with contextlib.ExitStack() as stack:
        for name in names:
            command = _command(name, port, roots, session, folder / f"service-{name}")
            child = stack.enter_context(supervised(command))
            address = _address(name, child, cancelled)
            _try_connection(name, address)
            services.addresses[name] = address
            services._children[name] = child
        yield services


def _command(name: str, port: str, roots: Sequence[Path], session: Path, folder: Path) -> Command:
    with reporting_disk_errors(folder):
        make_parts(folder)
    environment = fixed_environment(folder, session / "bytecode")
    environment["PYTHONPATH"] = os.pathsep.join(map(str, roots))
    argv = [sys.executable, "-s", "-P", "-m", f"fixtures.{name}", port]
    return Command(argv, environment, folder, session, reads=roots)


def _address(name: str, child: Child, cancelled: threading.Event) -> str:
    """Wait for the address that the service prints, and return it."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        if cancelled.is_set():
            raise Cancelled(f"the service {name!r} was cancelled before it started")
        ended = any(isinstance(m, Exited) for m in child.read_messages(HEALTH_POLL_SECONDS))
        first, newline, _ = child.output.text().partition("\n")
        if ended or child.closed:
            line = _last_output_line(child) or "it printed nothing"
            hint = " (-o port=N chooses another)" if "port" in line else ""
            raise NotMeasured(f"the service {name!r} did not start: {line}{hint}")
        if "://" in first and newline:
            return first.strip()
    raise NotMeasured(
        f"the service {name!r} printed no address within {START_SECONDS:.0f} s; is the "
        "machine overloaded? Run it again"
    )


def _last_output_line(child: Child) -> str:
    """Return the last line that a service printed; empty if that is its address."""
    lines = child.output.text().splitlines()[-1:]
    return "".join(line.strip() for line in lines if "://" not in line)


def _try_connection(name: str, address: str) -> None:
    """Check that the service accepts a connection at the address that it printed."""
    url = urlsplit(address)
    try:
        socket.create_connection((url.hostname, url.port), timeout=HEALTH_SECONDS).close()
    except (OSError, TypeError) as error:
        raise NotMeasured(
            f"the service {name!r} printed {address!r} but accepts no connection there: {error}; "
            "run it again"
        ) from error
