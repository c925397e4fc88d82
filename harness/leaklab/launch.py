"""Starting a process of the lab: its scratch folder, its supervisor, its pipes.

The harness never is the parent of what it measures. Between them stands `supervisor.py`, which
applies the controls (no ASLR, one CPU, no huge pages), reaps, and kills all that is left when the
run or the harness ends.
"""

import ast
import contextlib
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leaklab import agent, supervisor

Record = dict[str, Any]

LONGEST_RECORD = 1 << 20


@dataclass(frozen=True)
class Command:
    """What the supervisor is to start, and how."""

    argv: Sequence[str]
    env: Mapping[str, str]
    folder: Path
    session: Path
    cpu: int | None = None
    data_limit_bytes: int | None = None
    keep_fds: Sequence[int] = ()


@dataclass
class Child:
    """A supervised process: its records, where its output goes, and the way to stop it."""

    supervisor: subprocess.Popen[bytes]
    records_fd: int
    life_fd: int
    output: Path
    _rest: bytes = b""
    closed: bool = field(default=False)

    def read_records(self, timeout_seconds: float) -> list[Record]:
        """Wait for records at most this long. Sets `closed` once no more can come."""
        if not select.select([self.records_fd], [], [], timeout_seconds)[0]:
            return []
        chunk = os.read(self.records_fd, 1 << 16)
        self.closed = not chunk
        *lines, self._rest = (self._rest + chunk)[-LONGEST_RECORD:].split(b"\n")
        return [record for line in lines if (record := _parse(line)) is not None]

    def stop(self) -> None:
        """Ask the supervisor to kill the whole run; its `exit` record follows."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.life_fd, b"x")


@contextlib.contextmanager
def supervised(command: Command) -> Iterator[Child]:
    """Start a command under a supervisor; on leaving, whatever is left of it is killed.

    Args:
        command: what to start. `keep_fds` become the child's descriptors 3, 4 …; a pipe for
            records is put before them, as descriptor 3.
    """
    records_read, records_write = os.pipe()
    life_read, life_write = os.pipe()
    output = command.folder / "output"
    spec = command.folder / "spec"
    keep = [records_write, *command.keep_fds]
    spec.write_text(
        repr(
            {
                "argv": list(command.argv),
                "env": dict(command.env),
                "cwd": str(command.folder / "home"),
                "life_fd": life_read,
                "records_fd": records_write,
                "keep_fds": keep,
                "output": str(output),
                "cpu": command.cpu,
                "data_limit_bytes": command.data_limit_bytes,
                "scratch": str(command.session),
            }
        )
    )
    process = subprocess.Popen(  # noqa: S603  (our own interpreter and our own file)
        [sys.executable, "-I", "-S", supervisor.__file__, str(spec)],
        pass_fds=[life_read, *keep],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(records_write)
    os.close(life_read)
    try:
        yield Child(process, records_read, life_write, output)
    finally:
        with contextlib.suppress(BrokenPipeError):
            os.write(life_write, b"x")
        process.wait()
        os.close(life_write)
        os.close(records_read)


def agent_argv(job: Path) -> list[str]:
    """How the agent is started: no user site, and neither the current folder nor its own on the
    path, so that no file there shadows a module."""
    return [sys.executable, "-s", "-P", agent.__file__, str(job)]


def fixed_environment(home: Path, bytecode: Path) -> dict[str, str]:
    """The whole environment of a measured process; nothing of the caller's but PATH gets in."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "PYTHONHASHSEED": "0",
        "PYTHONPYCACHEPREFIX": str(bytecode),
        "LC_ALL": "C.UTF-8",
    }


def _parse(line: bytes) -> Record | None:
    """A record, or None for anything else that the program may have written there."""
    try:
        record = ast.literal_eval(line.decode())
    except (ValueError, SyntaxError):
        return None
    return record if isinstance(record, dict) and "kind" in record else None
