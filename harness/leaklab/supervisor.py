"""The supervisor: one small process per run, so that nothing of the run outlives the lab.

Started by its path, `python -I -S supervisor.py SPEC`, standard library only. SPEC is a file that
holds a dict literal: `argv`, `env`, `cwd`, `life_fd`, `records_fd`, `keep_fds` (they become the
child's 3, 4 ...), `output` (a path), `cpu`, `data_limit_bytes`, `scratch`.

It is a child subreaper, so every orphan of the run becomes its child; it holds the read end of a
pipe whose other end only the harness has, so the harness's death, of whatever kind, is an
end-of-file here: everything is killed and the scratch folder removed. PR_SET_PDEATHSIG alone
leaves the workers of a pool alive, and fires when the *thread* that started the child ends.

Records, to `records_fd`, one dict literal a line: `controls` before the child is started, `exit`
after it is gone and everything else with it.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import select
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

Spec = dict[str, Any]

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_THP_DISABLE = 41
ADDR_NO_RANDOMIZE = 0x0040000
PERSONALITY_QUERY = 0xFFFFFFFF

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.personality.argtypes = [ctypes.c_ulong]
LIBC.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4


def main() -> None:
    """Start the child, wait for it or for the harness's death, and leave nothing behind."""
    with open(sys.argv[1], encoding="utf-8") as file:
        # The harness wrote it with repr; only literals can be in it.
        spec = eval(file.read(), {"__builtins__": {}})
    for fd in (spec["life_fd"], spec["records_fd"], *spec["keep_fds"]):
        os.set_inheritable(fd, False)  # noqa: FBT003  (takes no keywords)
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    send(spec, {"kind": "controls", **apply_controls()})
    child = os.fork()
    if child == 0:
        become(spec)
    harness_is_gone, status = wait(child, spec["life_fd"])
    kill_descendants()
    send(spec, {"kind": "exit", "status": status})
    if harness_is_gone:
        shutil.rmtree(spec["scratch"], ignore_errors=True)


def send(spec: Spec, record: Spec) -> None:
    """Write one record, on a line of its own; that the harness is gone is learnt from its pipe."""
    try:
        os.write(spec["records_fd"], ("\n" + repr(record) + "\n").encode())
    except BrokenPipeError:
        pass


def apply_controls() -> Spec:
    """Make the run repeatable; all of these are inherited. What the platform refuses is named."""
    refused = []
    current = LIBC.personality(PERSONALITY_QUERY)
    if current == -1 or LIBC.personality(current | ADDR_NO_RANDOMIZE) == -1:
        refused.append("aslr_off")
    if LIBC.prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0:
        refused.append("huge_pages_off")
    return {
        "aslr_off": "aslr_off" not in refused,
        "huge_pages_off": "huge_pages_off" not in refused,
        "refused": refused,
    }


def become(spec: Spec) -> None:
    """In the child: descriptors, limits, processor, then the measured program itself."""
    try:
        null = os.open(os.devnull, os.O_RDONLY)
        output = os.open(spec["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        keep = [os.dup(fd) for fd in (null, output, output, *spec["keep_fds"])]
        # Moved above every target first: a source may be one of the targets.
        keep = [dup_above(fd, 64) for fd in keep]
        for target, source in enumerate(keep):
            os.dup2(source, target, inheritable=True)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        # Should the supervisor itself be killed, the child at least does not outlive it.
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if spec["data_limit_bytes"]:
            limit = spec["data_limit_bytes"]
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if spec["cpu"] is not None:
            os.sched_setaffinity(0, {spec["cpu"]})
        first_for_the_oom_killer()
        os.chdir(spec["cwd"])
        os.execve(spec["argv"][0], spec["argv"], spec["env"])
    except OSError as error:
        os.write(2, f"{error}\n".encode())
    finally:
        os._exit(127)


def dup_above(fd: int, lowest: int) -> int:
    """Duplicate a descriptor to a number of at least `lowest`."""
    return fcntl.fcntl(fd, fcntl.F_DUPFD, lowest)


def first_for_the_oom_killer() -> None:
    """A leak lab's victim should be the leak."""
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("1000")
    except OSError:
        pass


def wait(child: int, life_fd: int) -> tuple[bool, int | None]:
    """Until the child ends, or the harness dies or says stop: (it died, wait status or None).

    A byte on the life pipe is the harness's word to stop, an end-of-file its death. Orphans of the
    run that end meanwhile are reaped here.
    """
    wake, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    poll = select.poll()
    poll.register(life_fd, select.POLLIN)
    poll.register(wake, select.POLLIN)
    while True:
        for pid, status in reap():
            if pid == child:
                return False, status
        ready = dict(poll.poll(1000))
        if life_fd in ready:
            return os.read(life_fd, 1) == b"", None
        if wake in ready:
            os.read(wake, 4096)


def reap() -> Iterator[tuple[int, int]]:
    """The (pid, status) of every child that has ended and was not waited for."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, status


def kill_descendants() -> None:
    """Kill until none is left: their orphans come to us, and are killed in the next round."""
    while True:
        for _ in reap():
            pass
        left = children()
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.001)


def children() -> list[int]:
    """The pids of our own children, zombies included until they are reaped."""
    found = []
    for task in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{task}/children", encoding="ascii") as file:
            found += [int(pid) for pid in file.read().split()]
    return found


if __name__ == "__main__":
    main()
