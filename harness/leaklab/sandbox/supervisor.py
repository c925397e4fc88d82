"""The supervisor: one small process per run, so that nothing of the run outlives the lab.

Started by its path, `python -I -S supervisor.py ORDER`, standard library only. ORDER is a file in
the format of `marshal`: a dict with the fields of `protocol.SupervisorOrder` as keys.

It is a child subreaper, so every orphan of the run becomes its child; it holds the read end of a
pipe whose other end only the harness has, so the harness's death, of whatever kind, is an
end-of-file here: all is killed, and the scratch folder and the cgroups removed. PR_SET_PDEATHSIG
alone leaves a pool's workers alive, and fires when the *thread* that started the child ends.

Answers go to `records_fd`, a dict literal a line: `controls` before the start, `exit` at the end.
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
TERMINATE = b"t"  # on the life pipe; any other byte is the word to stop

# In the command line of multiprocessing's resource trackers (and multiprocess's), which unlink what
# a pool has left in /dev/shm, and end, when all its users are gone; and their time for it.
TRACKER = b".resource_tracker import main"
TRACKER_SECONDS, BUSY_SECONDS, PAUSE_SECONDS = 1.0, 5.0, 0.001

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.personality.argtypes = [ctypes.c_ulong]
LIBC.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
LIBC.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_void_p]


def main() -> None:
    """Start the child, wait for it or for the harness's death, and leave nothing behind."""
    with open(sys.argv[1], "rb") as file:
        order = marshal.loads(file.read())
    for fd in (order["lifeline_fd"], order["records_fd"], *order["output_fds"], *order["keep_fds"]):
        os.set_inheritable(fd, False)  # noqa: FBT003  (takes no keywords)
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    controls = apply_controls(order) if order["controls"] else {}
    may_go, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(go)
        exec_child(order, may_go)
    reasons = filter(
        None,
        [ignoring_oserror(write_kernel, file, str(child)) for file in order["procs_files"]],
    )
    refused = [f"joining a cgroup: {reason}" for reason in reasons]
    confined = bool(order["procs_files"]) and not refused
    send(order, kind="controls", refused=refused, confined=confined, **controls)
    os.write(go, b"x")
    gone, status = wait(child, order["lifeline_fd"])
    leave_nothing(order["procs_files"], order["stop_file"])
    send(order, kind="exit", status=status)
    if gone:
        remove_folders(order["cgroups"], order["scratch"])


def send(order: Order, **record: object) -> None:
    """Write one record, on a line of its own; that the harness is gone is learnt from its pipe."""
    ignoring_oserror(os.write, order["records_fd"], f"\n{record!r}\n".encode())


def ignoring_oserror(do: Any, *words: object) -> str:
    """Do what may be refused, or be too late; the reason, or nothing where it was done."""
    try:
        do(*words)
    except OSError as error:
        return str(error.strerror)
    return ""


def apply_controls(order: Order) -> dict[str, bool]:
    """Make the run repeatable, and what it leaves in /dev/shm its own (mount_namespaces(7)); all of
    these are inherited. Whether the platform did."""
    current = LIBC.personality(PERSONALITY_QUERY)
    alone = order["own_shared_memory"] and LIBC.unshare(CLONE_NEWNS) == 0
    alone = alone and LIBC.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) == 0
    alone = alone and LIBC.mount(b"leaklab", b"/dev/shm", b"tmpfs", MS_NO, None) == 0
    return {
        "aslr_off": current != -1 and LIBC.personality(current | ADDR_NO_RANDOMIZE) != -1,
        "huge_pages_off": LIBC.prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0,
        "own_shared_memory": alone,
    }


def read_kernel(path: str) -> bytes:
    """One of the kernel's files; empty where its process is gone."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def write_kernel(path: str, text: str) -> None:
    """Write to one of the kernel's files."""
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def exec_child(order: Order, may_go: int) -> None:
    """In the child: descriptors, limits, processor, then the measured program itself."""
    log = 2
    try:
        os.setsid()  # a process group of its own can be stopped in one step
        # Should the supervisor itself be killed, the child at least does not outlive it.
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if not os.read(may_go, 1):
            return
        null = os.open(os.devnull, os.O_RDONLY)
        log = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        # Moved above every target first: a source may be one of the targets.
        keep = [log, null, *(order["output_fds"] or [log]) * 2, *order["keep_fds"]]
        log, *keep = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 64) for fd in keep)
        for target, source in enumerate(keep):
            os.dup2(source, target, inheritable=True)
        for number in (signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores the two
            signal.signal(number, signal.SIG_DFL)
        for number, most in order["limits"].items():
            resource.setrlimit(number, (most, most))
        if order["cpu"] is not None:
            os.sched_setaffinity(0, {order["cpu"]})
        if order["controls"]:
            # The OOM killer kills the leak first.
            ignoring_oserror(write_kernel, "/proc/self/oom_score_adj", "1000")
        os.chdir(order["cwd"])
        os.execve(order["program"], order["argv"], order["env"])
    except OSError as error:
        os.write(log, f"{error.strerror}\n".encode())
    finally:
        os._exit(127)


def wait(child: int, lifeline_fd: int) -> tuple[bool, int | None]:
    """Until the child ends, or the harness dies or says stop: (it died, wait status or None).

    Its word to terminate goes to the child's group; orphans that end meanwhile are reaped here.
    """
    wake, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        if (status := reap().get(child)) is not None:
            return False, status
        ready = select.select([lifeline_fd, wake], [], [], 1)[0]
        if lifeline_fd in ready:
            if (word := os.read(lifeline_fd, 1)) != TERMINATE:
                return word == b"", None
            ignoring_oserror(os.killpg, child, signal.SIGTERM)
        ignoring_oserror(os.read, wake, 4096)


def reap() -> dict[int, int]:
    """The wait status by pid of all our children that have ended and were not waited for."""
    ended = {}
    try:
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended[found[0]] = found[1]
    except ChildProcessError:
        pass
    return ended


def leave_nothing(procs_files: list[str], stop_file: str | None) -> None:
    """Kill the whole run: first all but the resource trackers, then what they did not get done."""
    # Or thousands of processes that spin would leave us next to nothing of the CPU.
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
    """Kill until none is left but those with `spared` in their command line, which are stopped.
    Orphans come to us. All are stopped before any is killed, for a fork bomb is faster."""
    while found := stop_all():
        while new := stop_all() - found:
            found |= new
        # Not read before: it waits for a process that is busy forking.
        left = [p for p in found if not spared or spared not in read_kernel(f"/proc/{p}/cmdline")]
        if not left:
            return
        for pid in left:
            ignoring_oserror(os.kill, pid, signal.SIGKILL)
        time.sleep(PAUSE_SECONDS)


def stop_all() -> set[int]:
    """Stop on sight all below us; the pids that were seen."""
    reap()
    found = [os.getpid()]
    for parent in found:  # which grows
        for pid in child_pids(parent):
            ignoring_oserror(os.kill, pid, signal.SIGSTOP)
            # Where it leads a process group: all of that, in one step that no fork slips through.
            ignoring_oserror(os.killpg, pid, signal.SIGSTOP)
            found.append(pid)
    return set(found[1:])


def child_pids(parent: int) -> list[int]:
    """The pids of a process's children, zombies included until they are reaped."""
    try:
        tasks = os.listdir(f"/proc/{parent}/task")
    except OSError:  # it is gone
        return []
    found = [read_kernel(f"/proc/{parent}/task/{task}/children") for task in tasks]
    return [int(pid) for pid in b" ".join(found).split()]


def remove_folders(cgroups: list[str], scratch: str) -> None:
    """In the harness's place: its folders. A cgroup is busy while the last in it drain."""
    from shutil import rmtree  # noqa: PLC0415  (a tenth of the start)

    rmtree(scratch, ignore_errors=True)
    give_up = time.monotonic() + BUSY_SECONDS
    while any(map(os.path.isdir, cgroups)) and time.monotonic() < give_up:
        for folder in cgroups:
            ignoring_oserror(os.rmdir, folder)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
