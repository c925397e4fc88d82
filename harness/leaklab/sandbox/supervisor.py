"""The supervisor: one small process per run, so that no process of the run outlives the lab.

It is started by its path, `python -I -S supervisor.py ORDER`, with the standard library only. ORDER
is a `marshal` file: a dict with the fields of `protocol.SupervisorOrder` as keys. Messages go to
`records_fd`, one dict literal per line: `controls` before the start, `exit` at the end.

The supervisor is a child subreaper, so every orphan of the run becomes its child. It reads a pipe
(the lifeline) that only the harness can write to. If the harness dies, in any way, the supervisor
reads an end-of-file; it then kills the run and removes the scratch folder and the cgroups.
PR_SET_PDEATHSIG alone would leave a pool's workers alive, and would fire when the *thread* that
started the child ends.
"""

from __future__ import annotations

import ctypes
import fcntl
import marshal
import os
import resource
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing would take a quarter of the start
    from typing import Any

    Order = dict[str, Any]

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_THP_DISABLE, CLONE_NEWNS = 1, 36, 41, 0x20000
MS_NO, MS_REC, MS_PRIVATE = 0x2 | 0x4, 0x4000, 0x40000  # no setuid programs, no devices
ADDR_NO_RANDOMIZE, PERSONALITY_QUERY = 0x0040000, 0xFFFFFFFF
TERMINATE = b"t"  # on the lifeline; any other byte means to stop the run

# In the command line of the resource trackers of multiprocessing and multiprocess. When their users
# are gone, they unlink what a pool left in /dev/shm, and end. They get TRACKER_SECONDS for that.
TRACKER = b".resource_tracker import main"
TRACKER_SECONDS, BUSY_SECONDS, PAUSE_SECONDS = 1.0, 5.0, 0.001

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.personality.argtypes = [ctypes.c_ulong]
LIBC.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
LIBC.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_void_p]


def main() -> None:
    """Start the child, wait for its end or for the harness's death, and remove all that is left."""
    with open(sys.argv[1], "rb") as file:
        order = marshal.loads(file.read())
    for fd in (order["lifeline_fd"], order["records_fd"], *order["output_fds"], *order["keep_fds"]):
        os.set_inheritable(fd, False)  # noqa: FBT003  (takes no keywords)
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    controls = apply_controls(order) if order["controls"] else {}
    start_read, start_write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(start_write)
        exec_child(order, start_read)
    reasons = [ignoring_oserror(write_kernel, path, str(child)) for path in order["procs_files"]]
    refused = [f"joining a cgroup: {reason}" for reason in reasons if reason]
    confined = bool(order["procs_files"]) and not refused
    send(order, kind="controls", refused=refused, confined=confined, **controls)
    os.write(start_write, b"x")  # the child is in its cgroups now
    harness_died, status = wait(child, order["lifeline_fd"])
    kill_run(order["procs_files"], order["stop_file"])
    send(order, kind="exit", status=status)
    if harness_died:
        remove_folders(order["cgroups"], order["scratch"])


def send(order: Order, **record: object) -> None:
    """Write one record on its own line. Errors are ignored: the lifeline reports a dead harness."""
    ignoring_oserror(os.write, order["records_fd"], f"\n{record!r}\n".encode())


def ignoring_oserror(function: Any, *arguments: object) -> str:
    """Call a function and ignore an OSError; return its reason, or an empty text on success."""
    try:
        function(*arguments)
    except OSError as error:
        return str(error.strerror)
    return ""


def apply_controls(order: Order) -> dict[str, bool]:
    """Make the run repeatable, with a /dev/shm of its own (mount_namespaces(7)). The child inherits
    these controls. Return which of them the platform applied."""
    current = LIBC.personality(PERSONALITY_QUERY)
    is_own = order["own_shared_memory"] and LIBC.unshare(CLONE_NEWNS) == 0
    is_own = is_own and LIBC.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) == 0
    is_own = is_own and LIBC.mount(b"leaklab", b"/dev/shm", b"tmpfs", MS_NO, None) == 0
    return {
        "aslr_off": current != -1 and LIBC.personality(current | ADDR_NO_RANDOMIZE) != -1,
        "huge_pages_off": LIBC.prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0,
        "own_shared_memory": is_own,
    }


def read_kernel(path: str) -> bytes:
    """Read a file of the kernel; the result is empty if its process is gone."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def write_kernel(path: str, text: str) -> None:
    """Write to a file of the kernel."""
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def exec_child(order: Order, start_fd: int) -> None:
    """In the child: wait for the start byte; set descriptors, limits and CPU; run the program."""
    log = 2
    try:
        os.setsid()  # so that the whole process group can be stopped in one step
        # If the supervisor itself is killed, at least the child does not outlive it.
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if not os.read(start_fd, 1):
            return
        null = os.open(os.devnull, os.O_RDONLY)
        log = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        # First move all above the targets, because a source may be one of the targets.
        keep = [log, null, *(order["output_fds"] or [log, log]), *order["keep_fds"]]
        log, *keep = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 64) for fd in keep)
        for target, source in enumerate(keep):
            os.dup2(source, target, inheritable=True)
        # This interpreter ignores SIGPIPE and SIGXFSZ.
        for number in (signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        for number, limit in order["limits"].items():
            resource.setrlimit(number, (limit, limit))
        if order["cpu"] is not None:
            os.sched_setaffinity(0, {order["cpu"]})
        if order["controls"]:  # the OOM killer then kills the leaking process first
            ignoring_oserror(write_kernel, "/proc/self/oom_score_adj", "1000")
        os.chdir(order["cwd"])
        os.execve(order["program"], order["argv"], order["env"])
    except OSError as error:
        os.write(log, f"{error.strerror}\n".encode())
    finally:
        os._exit(127)


def wait(child: int, lifeline_fd: int) -> tuple[bool, int | None]:
    """Wait until the child ends, or the harness dies or stops the run. Return whether the harness
    died, and the child's wait status, None if the child has not ended.

    TERMINATE becomes a SIGTERM to the child's process group. Orphans that end are reaped.
    """
    wake, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        if (status := reap().get(child)) is not None:
            return False, status
        ready = select.select([lifeline_fd, wake], [], [], 1)[0]
        if lifeline_fd in ready:
            if (byte := os.read(lifeline_fd, 1)) != TERMINATE:
                return byte == b"", None
            ignoring_oserror(os.killpg, child, signal.SIGTERM)
        ignoring_oserror(os.read, wake, 4096)


def reap() -> dict[int, int]:
    """Reap all children that have ended; return their wait statuses by pid."""
    ended = {}
    try:
        while (child := os.waitpid(-1, os.WNOHANG))[0]:
            ended[child[0]] = child[1]
    except ChildProcessError:
        pass
    return ended


def kill_run(procs_files: list[str], stop_file: str | None) -> None:
    """Kill the whole run. The resource trackers are killed last, after they had time to finish."""
    # With normal priority, thousands of spinning processes would take nearly all of the CPU.
    ignoring_oserror(os.sched_setscheduler, 0, os.SCHED_RR, os.sched_param(1))
    if stop_file and any(map(read_kernel, procs_files)):
        ignoring_oserror(write_kernel, stop_file, "0")
    kill_all(TRACKER)
    for pid in stop_all():
        ignoring_oserror(os.kill, pid, signal.SIGCONT)
    give_up = time.monotonic() + TRACKER_SECONDS
    while child_pids(os.getpid()) and time.monotonic() < give_up:
        time.sleep(PAUSE_SECONDS)
        reap()
    kill_all()


def kill_all(spared: bytes = b"") -> None:
    """Kill all descendants except those with `spared` in their command line, which are stopped. All
    are stopped before any is killed, because a fork bomb forks faster than it can be killed."""
    while stopped := stop_all():
        while new := stop_all() - stopped:
            stopped |= new
        # Read only now, because reading a command line waits for a process that is busy forking.
        pids = [p for p in stopped if not spared or spared not in read_kernel(f"/proc/{p}/cmdline")]
        if not pids:
            return
        for pid in pids:
            ignoring_oserror(os.kill, pid, signal.SIGKILL)
        time.sleep(PAUSE_SECONDS)


def stop_all() -> set[int]:
    """Stop all descendants and return their pids."""
    reap()
    pids = [os.getpid()]
    for parent in pids:  # the list grows during the loop
        for pid in child_pids(parent):
            ignoring_oserror(os.kill, pid, signal.SIGSTOP)
            # If it leads a process group, this stops the group in one step, even while it forks.
            ignoring_oserror(os.killpg, pid, signal.SIGSTOP)
            pids.append(pid)
    return set(pids[1:])


def child_pids(parent: int) -> list[int]:
    """Return the pids of a process's children, including zombies that are not yet reaped."""
    try:
        tasks = os.listdir(f"/proc/{parent}/task")
    except OSError:  # the process is gone
        return []
    children = [read_kernel(f"/proc/{parent}/task/{task}/children") for task in tasks]
    return [int(pid) for pid in b" ".join(children).split()]


def remove_folders(cgroups: list[str], scratch: str) -> None:
    """Remove the folders of a dead harness. A cgroup is busy until its last process has exited."""
    from shutil import rmtree  # noqa: PLC0415  (takes a tenth of the start)

    rmtree(scratch, ignore_errors=True)
    give_up = time.monotonic() + BUSY_SECONDS
    while any(map(os.path.isdir, cgroups)) and time.monotonic() < give_up:
        for folder in cgroups:
            ignoring_oserror(os.rmdir, folder)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
