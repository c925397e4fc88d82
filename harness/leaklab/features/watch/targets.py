"""What is watched from outside: a process that is there already, or a command that we start.

A process that was there is held by a descriptor (pidfd), which no later process of its number can
be mistaken for, and nothing is done to it. A command runs under the lab's supervisor, so that
nothing of it outlives us, but with none of the lab's controls.
"""

import contextlib
import errno
import os
import select
import shutil
import signal
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from leaklab.model.errors import BadInput, NotMeasured
from leaklab.model.text import cut
from leaklab.observer.probes.protocol import Probes
from leaklab.sandbox.launch import Child, Command, Unmodified, describe_exit, supervised
from leaklab.sandbox.protocol import Exited
from leaklab.sandbox.scratch import run_folder, session_folder

# A tree with more processes than that is watched by this many of them.
MAX_PROCESSES = 4096
START_POLL_SECONDS = 0.002
GRACE_SECONDS = 5.0


class WatchTarget(Protocol):
    """A tree of processes under one that we know.

    `name` is what people call it, `pid` its first process; `status` is how that ended, as a shell
    tells it (a signal as a negative number), None where that is not ours to know.
    """

    name: str
    pid: int
    status: int | None

    @property
    def descriptor(self) -> int:
        """It can be read from once there is something to be learnt by asking `over`."""

    def pids(self) -> list[int]:
        """The living processes of the tree."""

    def has_ended(self) -> bool:
        """Whether its first process has ended. Does not wait."""

    def describe_end(self) -> str:
        """How it ended, in words; empty where it goes on."""

    def finish(self, interrupt_fd: int) -> None:
        """The watch is over. What is ours is asked to end, which is waited for some seconds, or
        until the descriptor `interrupt_fd` can be read from."""


class AttachedProcess:
    """A process that was there before us; it is never touched."""

    status: int | None = None

    def __init__(self, pid: int, descriptor: int, probes: Probes) -> None:
        """Watch a process by its pidfd."""
        self.pid = pid
        self.descriptor = descriptor
        self.name = f"process {pid}"
        self._probes = probes

    def pids(self) -> list[int]:
        """All below it, but not ourselves, for a shell may watch itself."""
        found = [self.pid, *self._probes.descendants(self.pid, MAX_PROCESSES)]
        return [pid for pid in found if pid != os.getpid()]

    def has_ended(self) -> bool:
        """Its descriptor can be read from as soon as it has ended."""
        return bool(select.select([self.descriptor], [], [], 0)[0])

    def describe_end(self) -> str:
        """Only its parent can know more."""
        return "it ended" if self.has_ended() else ""

    def finish(self, interrupt_fd: int) -> None:
        """It goes on."""


class StartedCommand:
    """A command of ours, and all that it starts."""

    def __init__(self, name: str, child: Child, probes: Probes) -> None:
        """Watch a command by its supervisor's pipe."""
        self.name = name
        self.pid = 0
        self.status: int | None = None
        self.descriptor = child.records.fileno()
        self._child = child
        self._probes = probes
        self._ended = False
        self._asked = False

    def pids(self) -> list[int]:
        """All that the supervisor has below it."""
        return self._probes.descendants(self._child.supervisor.pid, MAX_PROCESSES)

    def has_ended(self) -> bool:
        """The supervisor says so.

        Raises:
            BadInput: it could not be started.
        """
        return self._hear(0)

    def describe_end(self) -> str:
        """As the supervisor has it, or else as we will have it."""
        if self.status is None and not self._ended:
            return "it did not end when it was asked to (SIGTERM), and was killed"
        if self.status is None:
            return describe_exit(None)
        if self._asked and self.status == -signal.SIGTERM:
            return "ended with the watch (SIGTERM)"
        return describe_exit(-self.status if self.status < 0 else self.status << 8)

    def wait_for_start(self) -> None:
        """Until the command itself runs in the place of the supervisor's copy, or has ended.

        Raises:
            BadInput: as `over`.
        """
        supervisor = self._probes.command_line(self._child.supervisor.pid)
        while not self._hear(START_POLL_SECONDS):
            first = self._probes.descendants(self._child.supervisor.pid, 0)[:1]
            self.pid = first[0] if first else 0
            if first and self._probes.command_line(self.pid) not in {supervisor, ""}:
                return

    def finish(self, interrupt_fd: int) -> None:
        """Ask it to end (SIGTERM); what is left after that is killed when the target is left."""
        self._asked = not self._hear(0)
        self._child.terminate()
        give_up = time.monotonic() + GRACE_SECONDS
        while not self._hear(0) and (left := give_up - time.monotonic()) > 0:
            if interrupt_fd in select.select([interrupt_fd, self.descriptor], [], [], left)[0]:
                return

    def _hear(self, seconds: float) -> bool:
        for message in self._child.read_messages(seconds):
            if isinstance(message, Exited) and message.status is not None:
                self.status = os.waitstatus_to_exitcode(message.status)
                self._refuse_unstarted()
        self._ended = self._ended or self._child.closed or self.status is not None
        return self._ended

    def _refuse_unstarted(self) -> None:
        """The supervisor's copy writes there why it could not become the command."""
        if said := self._child.output.read_text(errors="replace").strip():
            raise BadInput(f"{self.name!r} cannot be started: {said}; name what runs it before it")


@contextlib.contextmanager
def attached(pid: int, probes: Probes) -> Iterator[AttachedProcess]:
    """A process that is there.

    Raises:
        BadInput: there is none, it is none, it has ended, or it may not be read.
        NotMeasured: the kernel is older than pidfds.
    """
    try:
        descriptor = os.pidfd_open(pid)
    except (OSError, OverflowError) as error:
        raise _refusal(pid, error) from error
    try:
        probes.refuse_unreadable(pid)
        yield AttachedProcess(pid, descriptor, probes)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def started(argv: Sequence[str], output_fd: int, probes: Probes) -> Iterator[StartedCommand]:
    """A command, started in the current folder with our environment and no input; on leaving,
    whatever is left of it is killed.

    Args:
        argv: the program and its arguments.
        output_fd: where what it prints goes, standard output and error alike.
        probes: of this platform.

    Raises:
        BadInput: it cannot be started.
        NotMeasured: there is no room for the lab's own files, or no process can be started.
    """
    name = cut(argv[0])
    program = shutil.which(argv[0])
    if program is None:
        raise BadInput(f"{name!r} cannot be started: {_why_not(argv[0])}")
    with session_folder() as session, run_folder(session, 0) as folder:
        as_it_is = Unmodified(Path(program), _current_folder(), output_fd)
        command = Command(argv, dict(os.environ), folder, session, as_it_is=as_it_is)
        with supervised(command) as child:
            target = StartedCommand(name, child, probes)
            target.wait_for_start()
            yield target


def _why_not(program: str) -> str:
    """Why a program is not to be found, and what to do about it."""
    if "/" not in program:
        return "it is not on the PATH; name one that is, or give its path (./…)"
    try:
        mode = Path(program).stat().st_mode
    except OSError as error:
        return f"{error.strerror}; name one that is there"
    if stat.S_ISDIR(mode):
        return "it is a folder; name a program in it"
    return "it may not be executed; name what runs it before it, or make it executable (chmod +x)"


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        raise BadInput(f"the current folder: {error.strerror}; change to another one") from error


def _refusal(pid: int, error: OSError | OverflowError) -> BadInput | NotMeasured:
    if getattr(error, "errno", None) == errno.ENOSYS:
        return NotMeasured("watching a process needs Linux 5.3; start it with -- COMMAND instead")
    if Path("/proc", str(pid)).exists():
        return BadInput(f"{pid} is a thread, not a process; name the process it belongs to")
    return BadInput(f"there is no process {pid}; ps lists those there are")
