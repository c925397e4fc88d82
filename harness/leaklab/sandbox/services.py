"""Services: the programs that a scenario talks to, run outside the measured process.

A service is the module `fixtures.<name>`, started as `python -m fixtures.<name> PORT`. It listens
on 127.0.0.1, prints its address as one line when it accepts connections, and serves until killed.
Its port is the scenario's option `port`, 0 (any free one) where there is none.
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
from leaklab.sandbox.launch import Child, Command, describe_exit, fixed_environment, supervised
from leaklab.sandbox.protocol import Exited
from leaklab.sandbox.scratch import make_parts, reporting_disk_errors

START_SECONDS = 30.0
HEALTH_SECONDS = 5.0
HEALTH_POLL_SECONDS = 0.005


@dataclass
class Services:
    """Running services: their addresses by name, and whether they still live."""

    addresses: dict[str, str] = field(default_factory=dict)
    _children: dict[str, Child] = field(default_factory=dict)
    _death: str = ""

    def death(self) -> str:
        """How the first that died ended, in words; empty as long as all live. Does not wait."""
        for name, child in self._children.items():
            if self._death:
                break
            ended = [m.status for m in child.read_messages(0) if isinstance(m, Exited)]
            if ended or child.closed:
                how = describe_exit(ended[0] if ended else None)
                words = f"; its last words: {said}" if (said := _last_words(child)) else ""
                self._death = f"the service {name!r} died in mid-run: {how}{words}"
        return self._death


@contextlib.contextmanager
def running(
    job: Job, roots: Sequence[Path], folder: Path, session: Path, cancelled: threading.Event
) -> Iterator[Services]:
    """Start the services of a run; end them on leaving.

    Args:
        job: the run; of its options, `port` is for them.
        roots: for `sys.path`.
        folder: the run's own, in which each service gets one.
        session: the session's folder.
        cancelled: once it is set, in whatever thread, no start is waited for.

    Raises:
        BadInput: the option `port` is none.
        Cancelled: before all were started.
        NotMeasured: one does not start, or does not accept a connection.
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
    """The address the service printed, once it has; its last words where it ended instead."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        if cancelled.is_set():
            raise Cancelled(f"the service {name!r}: given up before it started")
        ended = any(isinstance(m, Exited) for m in child.read_messages(HEALTH_POLL_SECONDS))
        first, newline, _ = child.output.read_text(errors="replace").partition("\n")
        if ended or child.closed:
            words = _last_words(child) or "it said nothing"
            hint = " (-o port=N chooses another)" if "port" in words else ""
            raise NotMeasured(f"the service {name!r} did not start: {words}{hint}")
        if "://" in first and newline:
            return first.strip()
    raise NotMeasured(f"the service {name!r} gave no address within {START_SECONDS:.0f} s")


def _last_words(child: Child) -> str:
    """The last line a service printed, but for its address."""
    lines = child.output.read_text(errors="replace").splitlines()[-1:]
    return "".join(line.strip() for line in lines if "://" not in line)


def _try_connection(name: str, address: str) -> None:
    """The health check: the service accepts a connection where it says it does."""
    url = urlsplit(address)
    try:
        socket.create_connection((url.hostname, url.port), timeout=HEALTH_SECONDS).close()
    except (OSError, TypeError) as error:
        raise NotMeasured(
            f"the service {name!r} said {address!r}, and nothing answers there: {error}"
        ) from error
