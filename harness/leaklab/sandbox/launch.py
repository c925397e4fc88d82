"""Starting a process of the lab: its scratch folder, its supervisor, its pipes.

The harness never is the parent of what it measures. Between them stands `supervisor.py`, which
applies the controls (no ASLR, one CPU, no huge pages), reaps, and kills all that is left when the
run or the harness ends.
"""

import contextlib
import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from leaklab import agent
from leaklab.model.errors import NotMeasured
from leaklab.model.job import Limits
from leaklab.sandbox import protocol, supervisor
from leaklab.sandbox.cgroups import UNCONFINED, Confinement
from leaklab.sandbox.protocol import SupervisorOrder
from leaklab.sandbox.scratch import reporting_disk_errors

MAX_RECORD_BYTES = 1 << 20
# malloc's cache of freed chunks, one for each thread, counts as in use: with many sizes, or several
# threads, its filling looks like a leak for several octaves.
NO_THREAD_CACHE = "glibc.malloc.tcache_count=0"
PATH_LENGTH = 2048
AGENT = Path(agent.__file__).with_name("__main__.py")
SHARED_MEMORY_FOLDER = "/dev/shm"  # noqa: S108  (the kernel's place for it)
# What the kernel takes for a socket's path, and what multiprocessing makes in a temporary folder.
MAX_SOCKET_PATH = 107
SOCKET = "/pymp-12345678/listener-12345678"


@dataclass(frozen=True)
class Unmodified:
    """For a command that is none of the lab's: none of the controls, but its own file and working
    folder, and a descriptor for what it prints."""

    program: Path
    cwd: Path
    output_fd: int


@dataclass(frozen=True)
class Command:
    """What the supervisor is to start, and how.

    `limits.descriptors` holds for each process; without limits, it may open all that we may.
    `reads` are the folders from which it imports.
    With `unmodified` there are no limits, no CPU of its own, and no pipe for records.
    """

    argv: Sequence[str]
    env: Mapping[str, str]
    folder: Path
    session: Path
    cpu: int | None = None
    data_limit_bytes: int | None = None
    keep_fds: Sequence[int] = ()
    confinement: Confinement = UNCONFINED
    limits: Limits | None = None
    unmodified: Unmodified | None = None
    reads: Sequence[Path] = ()

    @property
    def is_in_shared_memory(self) -> bool:
        """Whether anything it needs lies in /dev/shm, which then cannot be another one for it."""
        needed = [self.folder, Path(sys.prefix), *self.reads]
        return any(path.resolve().is_relative_to(SHARED_MEMORY_FOLDER) for path in needed)


@dataclass
class Child:
    """A supervised process: its messages, where its output goes, and the way to stop it."""

    supervisor: subprocess.Popen[bytes]
    records: FileIO
    lifeline: FileIO
    output: Path
    closed: bool = False
    _rest: bytes = b""

    def read_messages(self, timeout_seconds: float) -> list[protocol.AgentMessage]:
        """Wait for messages at most this long. Sets `closed` once no more can come, also where
        the supervisor is gone and something that it could not kill holds the pipe open."""
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
        """Ask the command itself to end (SIGTERM to its process group)."""
        with contextlib.suppress(BrokenPipeError):
            self.lifeline.write(supervisor.TERMINATE)

    def stop(self) -> None:
        """Ask the supervisor to kill the whole run; its last message follows."""
        with contextlib.suppress(BrokenPipeError):
            self.lifeline.write(b"x")
        # A program may have stopped its supervisor, which would wait with all of us for ever.
        self.supervisor.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def supervised(command: Command) -> Iterator[Child]:
    """Start a command under a supervisor; on leaving, whatever is left of it is killed.

    Args:
        command: what to start. A pipe for records becomes the child's descriptor 3, `keep_fds`
            become 4, 5 …

    Raises:
        NotMeasured: the temporary folder is full, or no process can be started.
    """
    with contextlib.ExitStack() as stack:
        records, records_write, life_read, life = (
            stack.enter_context(end) for end in (*_pipe(), *_pipe())
        )
        keep = [records_write.fileno(), *command.keep_fds]
        order = command.folder / "order"
        with reporting_disk_errors(order):
            (command.folder / "output").touch()
            order.write_bytes(protocol.encode_order(_order(command, life_read.fileno(), keep)))
        foreign = [command.unmodified.output_fd] if command.unmodified else []
        process = _start_supervisor(order, [life_read.fileno(), *keep, *foreign])
        records_write.close()
        life_read.close()
        child = Child(process, records, life, command.folder / "output")
        try:
            yield child
        finally:
            child.stop()
            process.wait()


def describe_exit(status: int | None) -> str:
    """A wait status in words; None is that of a process whose supervisor died first."""
    if status is None:
        return "its supervisor was killed"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        # Most real-time signals have no name.
        named = number in signal.Signals.__members__.values()
        return f"killed by {signal.Signals(number).name if named else f'signal {number}'}"
    return f"it left with exit status {os.waitstatus_to_exitcode(status)}"


def _start_supervisor(order: Path, fds: Sequence[int]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  (our own interpreter and our own file)
            [sys.executable, "-I", "-S", supervisor.__file__, str(order)],
            pass_fds=fds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise NotMeasured(
            f"no process could be started: {error.strerror}; end some others, or lower --jobs"
        ) from error


def _order(command: Command, lifeline_fd: int, keep: Sequence[int]) -> SupervisorOrder:
    confinement, foreign = command.confinement, command.unmodified
    return SupervisorOrder(
        program=str(foreign.program) if foreign else command.argv[0],
        argv=list(command.argv),
        env=dict(command.env),
        cwd=str(foreign.cwd if foreign else command.folder / "home"),
        lifeline_fd=lifeline_fd,
        records_fd=keep[0],
        keep_fds=[] if foreign else list(keep),
        output=str(command.folder / "output"),
        output_fds=[foreign.output_fd] if foreign else [],
        controls=foreign is None,
        own_shared_memory=not command.is_in_shared_memory,
        cpu=command.cpu,
        limits={} if foreign else _process_limits(command),
        procs_files=[str(path) for path in confinement.procs_files()],
        stop_file=str(confinement.stop_file) if confinement.stop_file else None,
        cgroups=[str(folder) for folder in confinement.folders],
        scratch=str(command.session),
    )


def _process_limits(command: Command) -> dict[int, int]:
    """The kernel's limits of each process, by their numbers."""
    limits = {resource.RLIMIT_CORE: 0}
    if command.data_limit_bytes is not None:
        limits[resource.RLIMIT_DATA] = command.data_limit_bytes
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = command.limits.descriptors if command.limits else most
    unlimited = most == resource.RLIM_INFINITY
    limits[resource.RLIMIT_NOFILE] = wanted if unlimited else min(wanted, most)
    return limits


def _pipe() -> tuple[FileIO, FileIO]:
    read, write = os.pipe()
    return FileIO(read, "rb"), FileIO(write, "wb")


def agent_argv(python: str, job: Path) -> list[str]:
    """How the agent is started: without user site, by a file in its folder, which takes the current
    folder's place on the path and has one name to import, `leaklab_agent`."""
    return [python, "-s", str(AGENT), str(job)]


def fixed_environment(folder: Path, bytecode: Path) -> dict[str, str]:
    """The whole environment of a process that is run in `folder`; nothing of the caller's but
    PATH gets in.

    PATH is padded to a fixed length: it lies on the process's stack and in its os.environ, and a
    longer one moved a peak by 36 KiB. Temporary files go away with the folder, for a fork server
    that is killed leaves its socket behind; but in a folder so deep that the kernel takes no such
    socket there, they are left to Python's own choice.
    """
    path = os.environ.get("PATH", os.defpath)
    temporary = folder / "tmp"
    fits = len(os.fsencode(temporary)) + len(SOCKET) <= MAX_SOCKET_PATH
    return {
        "PATH": path + ":/" + "-" * max(0, PATH_LENGTH - len(path)),
        "HOME": str(folder / "home"),
        **({"TMPDIR": str(temporary)} if fits else {}),
        "PYTHONHASHSEED": "0",
        "GLIBC_TUNABLES": NO_THREAD_CACHE,
        "PYTHONPYCACHEPREFIX": str(bytecode),
        "LC_ALL": "C.UTF-8",
    }
