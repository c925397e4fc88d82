"""The target of a watch: a process that already runs, or a command that leaklab starts.

A running process is identified by a descriptor (pidfd), so that a later process with the same pid
is not mistaken for it. It is never changed or ended. A command runs under the lab's supervisor, so
that none of its processes outlives leaklab, but without the lab's controls.
"""

import contextlib
import errno
import os
import select
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from leaklab.model.errors import BadInput, NotMeasured, printable
from leaklab.model.text import cut
from leaklab.observer.probes.protocol import Probes
from leaklab.sandbox.child import Child
from leaklab.sandbox.launch import Command, Unmodified, describe_exit, supervised
from leaklab.sandbox.programs import current_folder, find_program, require_executed
from leaklab.sandbox.protocol import Exited
from leaklab.sandbox.scratch import run_folder, session_folder

# The maximum number of processes that are watched; the others of a larger tree are not read.
MAX_PROCESSES = 4096
START_POLL_SECONDS = 0.002
GRACE_SECONDS = 5.0


class WatchTarget(Protocol):
    """A tree of processes below a known one.

    `name` is the name for messages, `pid` the first process. `status` is the exit code of that
    process, or a signal as a negative number; None if only its parent can know.
    """

    name: str
    pid: int
    status: int | None

    @property
    def descriptor(self) -> int:
        """A descriptor that becomes readable when `has_ended` may have changed."""

    def pids(self) -> list[int]:
        """Return the living processes of the tree."""

    def has_ended(self) -> bool:
        """Return whether the first process has ended, without waiting."""

    def describe_end(self) -> str:
        """Describe how the first process ended; empty if it still runs."""

    def finish(self, interrupt_fd: int) -> None:
        """End what leaklab started, after the watch.

        This waits some seconds for the end, or until the descriptor `interrupt_fd` is readable.
        """


class AttachedProcess:
    """A process that ran before the watch; it is never changed or ended."""

    status: int | None = None

    def __init__(self, pid: int, descriptor: int, probes: Probes) -> None:
        """Watch a process by its pidfd."""
        self.pid = pid
        self.descriptor = descriptor
        self.name = f"process {pid}"
        self._probes = probes

    def pids(self) -> list[int]:
        """Return the process and all below it.

        leaklab is left out: a user may watch the shell from which leaklab was started.
        """
        pids = [self.pid, *self._probes.descendants(self.pid, MAX_PROCESSES)]
        return [pid for pid in pids if pid != os.getpid()]

    def has_ended(self) -> bool:
        """Return whether the process has ended, by its pidfd."""
        return bool(select.select([self.descriptor], [], [], 0)[0])

    def describe_end(self) -> str:
        """Return that the process ended, if so; only its parent can know how."""
        return "it ended" if self.has_ended() else ""

    def finish(self, interrupt_fd: int) -> None:
        """Leave the process running."""


class StartedCommand:
    """A command that leaklab started, and all processes that it starts."""

    def __init__(self, name: str, child: Child, probes: Probes) -> None:
        """Watch a command by its supervisor's pipe."""
        self.name = name
        self.pid = 0
        self.status: int | None = None
        self.descriptor = child.records.fileno()
        self._child = child
        self._probes = probes
        self._ended = False
        self._terminated = False

    def pids(self) -> list[int]:
        """Return all processes below the supervisor."""
        return self._probes.descendants(self._child.supervisor.pid, MAX_PROCESSES)

    def has_ended(self) -> bool:
        """Return whether the command has ended, by the messages of its supervisor.

        Raises:
            BadInput: The command could not be started.
        """
        return self._read_messages(0)

    def describe_end(self) -> str:
        """Describe how the command ended, or that it is killed if it still runs."""
        if self.status is None and not self._ended:
            return "it did not end on SIGTERM, and was killed"
        if self.status is None:
            return describe_exit(None)
        if self._terminated and self.status == -signal.SIGTERM:
            return "ended with the watch (SIGTERM)"
        return describe_exit(-self.status if self.status < 0 else self.status << 8)

    def wait_for_start(self) -> None:
        """Wait until the command has replaced the supervisor's fork, or has ended.

        Raises:
            BadInput: The command could not be started.
        """
        supervisor = self._probes.command_line(self._child.supervisor.pid)
        while not self._read_messages(START_POLL_SECONDS):
            first = self._probes.descendants(self._child.supervisor.pid, 0)[:1]
            self.pid = first[0] if first else 0
            if first and self._probes.command_line(self.pid) not in {supervisor, ""}:
                return

    def finish(self, interrupt_fd: int) -> None:
        """Send SIGTERM and wait for the end. `started` kills what is left on its exit."""
        self._terminated = not self._read_messages(0)
        self._child.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        while not self._read_messages(0) and (left := deadline - time.monotonic()) > 0:
            if interrupt_fd in select.select([interrupt_fd, self.descriptor], [], [], left)[0]:
                return

    def _read_messages(self, seconds: float) -> bool:
        for message in self._child.read_messages(seconds):
            if isinstance(message, Exited) and message.status is not None:
                self.status = os.waitstatus_to_exitcode(message.status)
                self._raise_if_not_started()
        self._ended = self._ended or self._child.closed or self.status is not None
        return self._ended

    def _raise_if_not_started(self) -> None:
        """Raise the error that the supervisor's fork wrote if it could not execute the command."""
        require_executed(self.name, self._child)


@contextlib.contextmanager
def attached(pid: int, probes: Probes) -> Iterator[AttachedProcess]:
    """Open a running process as the target of a watch.

    Raises:
        BadInput: The pid is that of no process, of a thread or of an ended process, or the process
            may not be read.
        NotMeasured: The kernel is older than pidfds (Linux 5.3).
    """
    try:
        descriptor = os.pidfd_open(pid)
    except (OSError, OverflowError) as error:
        raise _open_error(pid, error) from error
    try:
        probes.require_readable(pid)
        yield AttachedProcess(pid, descriptor, probes)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def started(argv: Sequence[str], output_fd: int, probes: Probes) -> Iterator[StartedCommand]:
    """Start a command in the current folder, with this process's environment and no input.

    On exit, all of its processes that are left are killed.

    Args:
        argv: The program and its arguments.
        output_fd: The descriptor for its standard output and standard error.
        probes: Those of this platform.

    Raises:
        BadInput: The command cannot be started.
        NotMeasured: There is no space for the lab's own files, or no process can be started.
    """
    name = printable(cut(argv[0]))
    program = find_program(argv[0])
    with session_folder() as session, run_folder(session, 0) as folder:
        unmodified = Unmodified(program, current_folder(), (output_fd, output_fd))
        command = Command(argv, dict(os.environ), folder, session, unmodified=unmodified)
        with supervised(command) as child:
            target = StartedCommand(name, child, probes)
            target.wait_for_start()
            yield target


def _open_error(pid: int, error: OSError | OverflowError) -> BadInput | NotMeasured:
    if getattr(error, "errno", None) == errno.ENOSYS:
        return NotMeasured("watching a process needs Linux 5.3; start it with -- COMMAND instead")
    if Path("/proc", str(pid)).exists():
        return BadInput(f"{pid} is a thread, not a process; name the process it belongs to")
    return BadInput(f"there is no process {pid}; 'ps -e' lists them")
