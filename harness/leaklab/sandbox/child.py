"""A supervised process, as the harness sees it: its messages, its output, and its end."""

import contextlib
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from leaklab.model.errors import NotMeasured
from leaklab.sandbox import protocol, supervisor
from leaklab.sandbox.output import OutputFile

MAX_RECORD_BYTES = 1 << 20
# A supervisor kills its run within this time, even hundreds of processes on a busy machine.
GIVE_UP_SECONDS = 20.0
# The time that the kernel gets for a SIGKILL.
KILL_SECONDS = 2.0


@dataclass
class Child:
    """A supervised process: its messages, its output, and the way to stop it."""

    supervisor: subprocess.Popen[bytes]
    records: FileIO
    lifeline: FileIO
    output: OutputFile
    closed: bool = False
    stopped_at: float | None = None
    _rest: bytes = b""

    def read_messages(self, timeout_seconds: float) -> list[protocol.AgentMessage]:
        """Wait for messages at most this long.

        Sets `closed` once no more can come, even if the supervisor is gone and a process that it
        could not kill keeps the pipe open.
        """
        gone = self.supervisor.poll() is not None
        ready = select.select([self.records], [], [], 0 if gone else timeout_seconds)[0]
        self.closed = gone
        if not ready:
            return []
        chunk = self.records.read(MAX_RECORD_BYTES)
        self.closed = gone or not chunk
        *lines, self._rest = (self._rest + chunk)[-MAX_RECORD_BYTES:].split(b"\n")
        return [message for line in lines if (message := protocol.parse_message(line)) is not None]

    def terminate(self) -> None:
        """Ask the command to terminate (SIGTERM to its process group)."""
        with contextlib.suppress(BrokenPipeError):
            self.lifeline.write(supervisor.TERMINATE)

    @property
    def seconds_left(self) -> float:
        """How long to wait for the end of a run that was asked to stop; 0 when it is over."""
        began = time.monotonic() if self.stopped_at is None else self.stopped_at
        return max(0.0, began + GIVE_UP_SECONDS - time.monotonic())

    def stop(self) -> None:
        """Ask the supervisor to kill the whole run. Its last message follows."""
        self.stopped_at = time.monotonic() if self.stopped_at is None else self.stopped_at
        with contextlib.suppress(BrokenPipeError):
            self.lifeline.write(b"x")
        # A program may have stopped its supervisor, and then the harness would wait forever.
        self.supervisor.send_signal(signal.SIGCONT)


def end_supervisor(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for the end of a supervisor that was asked to stop its run.

    A run may trace or stop its supervisor, and a process of another user, or one that waits in the
    kernel, may not die. Then the supervisor and all of its descendants are killed from here.

    Args:
        process: The supervisor.
        seconds: How long to wait before that.

    Raises:
        NotMeasured: The supervisor did not end in time; the message names what is left of the run.
    """
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
        return
    pids = descendant_pids(process.pid)
    for pid in (process.pid, *pids):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(KILL_SECONDS)
    left = [str(pid) for pid in pids if Path(f"/proc/{pid}").exists()]
    named = f"; these processes are left: {', '.join(left)}" if left else ""
    raise NotMeasured(f"the run was given up, because it did not end when it was stopped{named}")


def descendant_pids(top: int) -> list[int]:
    """Return the pids of all descendants of a process."""
    pids = [top]
    for parent in pids:  # the list grows during the loop
        pids += supervisor.child_pids(parent)
    return pids[1:]
