"""Starting a process of the lab: its scratch folder, its supervisor, its pipes.

The harness is never the parent of the processes that it measures. `supervisor.py` runs between
them: it applies the controls (no ASLR, one CPU, no huge pages), reaps children, and kills all
remaining processes when the run or the harness ends.
"""

import contextlib
import os
import resource
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
from leaklab.sandbox.child import Child, end_supervisor
from leaklab.sandbox.output import OutputFile
from leaklab.sandbox.protocol import SupervisorOrder
from leaklab.sandbox.scratch import reporting_disk_errors

# The chunks in malloc's per-thread cache count as in use. With many sizes or several threads, the
# filling of this cache looks like a leak for several octaves.
NO_THREAD_CACHE = "glibc.malloc.tcache_count=0"
PATH_LENGTH = 2048
AGENT = Path(agent.__file__).with_name("__main__.py")
SHARED_MEMORY_FOLDER = "/dev/shm"  # noqa: S108  (where the kernel has it)
# The longest socket path that the kernel accepts, and the socket that multiprocessing makes in a
# temporary folder.
MAX_SOCKET_PATH = 107
SOCKET = "/pymp-12345678/listener-12345678"


@dataclass(frozen=True)
class Unmodified:
    """How to run a user's command without controls: its file, its working folder, and the
    descriptors for its standard output and standard error."""

    program: Path
    cwd: Path
    output_fds: tuple[int, int]


@dataclass(frozen=True)
class Command:
    """The command that the supervisor starts, and how.

    Attributes:
        limits: `limits.descriptors` applies to each process. Without limits, a process may open as
            many descriptors as this one.
        reads: The folders from which the command imports.
        unmodified: If set, the command runs without limits, CPU pinning and a pipe for records.
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
        """Whether the command needs files in /dev/shm, and so cannot get a /dev/shm of its own."""
        needed = [self.folder, Path(sys.prefix), *self.reads]
        return any(path.resolve().is_relative_to(SHARED_MEMORY_FOLDER) for path in needed)


@contextlib.contextmanager
def supervised(command: Command) -> Iterator[Child]:
    """Start a command under a supervisor. On exit, kill all processes that are left of it.

    Args:
        command: The command. A pipe for records becomes the child's descriptor 3, and `keep_fds`
            become 4, 5 …

    Raises:
        NotMeasured: The temporary folder is full, or no process can be started.
    """
    with contextlib.ExitStack() as stack:
        records, records_write, lifeline_read, lifeline = (
            stack.enter_context(end) for end in (*_pipe(), *_pipe())
        )
        keep = [records_write.fileno(), *command.keep_fds]
        order = command.folder / "order"
        with reporting_disk_errors(order):
            output = stack.enter_context(OutputFile(command.folder / "output"))
            order.write_bytes(protocol.encode_order(_order(command, lifeline_read.fileno(), keep)))
        output_fds = command.unmodified.output_fds if command.unmodified else ()
        process = _start_supervisor(order, [lifeline_read.fileno(), *keep, *output_fds])
        records_write.close()
        lifeline_read.close()
        child = Child(process, records, lifeline, output)
        try:
            yield child
        finally:
            child.stop()
            end_supervisor(process, child.seconds_left)


def describe_exit(status: int | None) -> str:
    """Describe a wait status. The status is None if the supervisor died first."""
    if status is None:
        return "its supervisor was killed"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        # Most real-time signals have no name.
        named = number in signal.Signals.__members__.values()
        return f"killed by {signal.Signals(number).name if named else f'signal {number}'}"
    return f"exited with status {os.waitstatus_to_exitcode(status)}"


def _start_supervisor(order: Path, fds: Sequence[int]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  (this interpreter and a file of leaklab)
            [sys.executable, "-I", "-S", supervisor.__file__, str(order)],
            pass_fds=fds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise NotMeasured(
            f"cannot start a process: {error.strerror}; end other processes, or lower --jobs"
        ) from error


def _order(command: Command, lifeline_fd: int, keep: Sequence[int]) -> SupervisorOrder:
    confinement, unmodified = command.confinement, command.unmodified
    return SupervisorOrder(
        program=str(unmodified.program) if unmodified else command.argv[0],
        argv=list(command.argv),
        env=dict(command.env),
        cwd=str(unmodified.cwd if unmodified else command.folder / "home"),
        lifeline_fd=lifeline_fd,
        records_fd=keep[0],
        keep_fds=[] if unmodified else list(keep),
        output=str(command.folder / "output"),
        output_fds=list(unmodified.output_fds) if unmodified else [],
        controls=unmodified is None,
        own_shared_memory=not command.is_in_shared_memory,
        cpu=command.cpu,
        limits={} if unmodified else _process_limits(command),
        procs_files=[str(path) for path in confinement.procs_files()],
        stop_file=str(confinement.stop_file) if confinement.stop_file else None,
        cgroups=[str(folder) for folder in confinement.folders],
        scratch=str(command.session),
    )


def _process_limits(command: Command) -> dict[int, int]:
    """Return the kernel's limits of each process, by the numbers of their RLIMIT constants."""
    limits = {resource.RLIMIT_CORE: 0}
    if command.data_limit_bytes is not None:
        limits[resource.RLIMIT_DATA] = command.data_limit_bytes
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = command.limits.descriptors if command.limits else hard_limit
    unlimited = hard_limit == resource.RLIM_INFINITY
    limits[resource.RLIMIT_NOFILE] = wanted if unlimited else min(wanted, hard_limit)
    return limits


def _pipe() -> tuple[FileIO, FileIO]:
    read, write = os.pipe()
    return FileIO(read, "rb"), FileIO(write, "wb")


def agent_argv(python: str, job: Path) -> list[str]:
    """Return the command that starts the agent.

    The user site is off. The agent is a file, so its folder replaces the current folder on the
    path, and the only name to import from there is `leaklab_agent`.
    """
    return [python, "-s", str(AGENT), str(job)]


def fixed_environment(folder: Path, bytecode: Path) -> dict[str, str]:
    """Return the whole environment of a process that runs in `folder`. PATH is the only variable
    that comes from the caller.

    PATH is padded to a fixed length: it is on the process's stack and in its os.environ, and a
    longer one moved a peak by 36 KiB. Temporary files are in the folder, so that they are removed
    with it, because a fork server that is killed leaves its socket behind. If the path is too long
    for the kernel to accept a socket there, Python chooses the folder for temporary files.
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
