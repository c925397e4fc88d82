"""Services: the peers a scenario talks to, run outside the measured process.

A service is the module `fixtures.<name>`, started as `python -m fixtures.<name> PORT`. It listens
on 127.0.0.1, prints its address as one line when it accepts connections, and serves until killed.
Its port is the scenario's option `port`, 0 (any free one) where there is none.
"""

import contextlib
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from leaklab.errors import BadInput, NotMeasured
from leaklab.launch import Child, Command, fixed_environment, supervised
from leaklab.model import Option
from leaklab.protocol import Exited

START_SECONDS = 30.0
HEALTH_SECONDS = 5.0
LOOK_SECONDS = 0.005


@contextlib.contextmanager
def running(
    names: Sequence[str], options: Mapping[str, Option], *, roots: Sequence[Path], session: Path
) -> Iterator[dict[str, str]]:
    """Start services; give their addresses by name; end them on leaving.

    Raises:
        BadInput: the option `port` is none.
        NotMeasured: one does not start, or does not accept a connection.
    """
    port = str(options.get("port", 0))
    if names and not (port.isdecimal() and int(port) < 1 << 16):
        raise BadInput(f"-o port={port}: a port is a number from 0 (any free one) to 65535")
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(_service(name, port, roots, session)) for name in names}


@contextlib.contextmanager
def _service(name: str, port: str, roots: Sequence[Path], session: Path) -> Iterator[str]:
    folder = session / f"service-{name}"
    (folder / "home").mkdir(parents=True, exist_ok=True)
    (folder / "output").write_bytes(b"")
    environment = fixed_environment(folder / "home", session / "bytecode")
    environment["PYTHONPATH"] = os.pathsep.join(map(str, roots))
    argv = [sys.executable, "-s", "-P", "-m", f"fixtures.{name}", port]
    with supervised(Command(argv, environment, folder, session)) as child:
        address = _address(name, child)
        _try_connection(name, address)
        yield address


def _address(name: str, child: Child) -> str:
    """The address the service printed, once it has; its last words where it ended instead."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        ended = any(isinstance(m, Exited) for m in child.read_messages(LOOK_SECONDS))
        said = child.output.read_text(errors="replace").splitlines(keepends=True) or [""]
        if ended or child.closed:
            words = said[-1].strip() or "it said nothing"
            hint = " (-o port=N chooses another)" if "port" in words else ""
            raise NotMeasured(f"the service {name!r} did not start: {words}{hint}")
        if "://" in said[0] and said[0].endswith("\n"):
            return said[0].strip()
    raise NotMeasured(f"the service {name!r} gave no address within {START_SECONDS:.0f} s")


def _try_connection(name: str, address: str) -> None:
    """The health check: the service accepts a connection where it says it does."""
    url = urlsplit(address)
    try:
        socket.create_connection((url.hostname, url.port), timeout=HEALTH_SECONDS).close()
    except (OSError, TypeError) as error:
        raise NotMeasured(
            f"the service {name!r} said {address!r}, and nothing answers there: {error}"
        ) from error
