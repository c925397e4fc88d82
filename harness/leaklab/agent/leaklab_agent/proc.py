"""What the kernel says of this process, from /proc/self."""

from __future__ import annotations

import os
from stat import S_ISSOCK

from .layout import NOT_READ

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing would cost the measured process 1.7 MiB
    from collections.abc import Iterator

MAX_FD = 1 << 16
SHARED_MEMORY = "/dev/shm"  # noqa: S108  (the kernel's place for it)


def count_descriptors() -> int:
    """Open descriptors: the size of /proc/self/fd where the kernel gives it there (6.2), else by
    listing them, less the one that lists."""
    return os.stat("/proc/self/fd").st_size or len(os.listdir("/proc/self/fd")) - 1


def count_sockets() -> int:
    """Open descriptors that are sockets, by fstat of each number until all are found: three times
    cheaper than reading the links in /proc/self/fd."""
    sockets, left, fd = 0, count_descriptors(), 0
    while left > 0 and fd < MAX_FD:
        try:
            sockets += S_ISSOCK(os.fstat(fd).st_mode)
            left -= 1
        except OSError:
            pass
        fd += 1
    return sockets


def count_threads() -> int:
    """Threads of this process, its first included: the folders in its task folder."""
    return os.stat("/proc/self/task").st_nlink - 2


def count_children() -> int:
    """Children of this process, of every thread; ended ones that were not waited for included."""
    try:
        return sum(len(pids) for pids in child_pids())
    except OSError:  # the program has no descriptor left
        return NOT_READ


def count_zombies() -> int:
    """Children that have ended and were not waited for, by the state in their stat file."""
    zombies = 0
    try:
        for pids in child_pids():
            for pid in pids:
                state = read_file("/proc/%d/stat" % int(pid)).rpartition(b")")[2].split(None, 1)
                zombies += state[:1] == [b"Z"]
    except OSError:
        return NOT_READ
    return zombies


def child_pids() -> Iterator[list[bytes]]:
    """The pids of each thread's children, one thread after the other: many lists at once would stay
    in the interpreter's free list, and look like a step."""
    folder = "/proc/self/task"
    for task in os.listdir(folder):
        yield read_file("%s/%s/children" % (folder, task)).split()


def shared_memory_usage() -> tuple[int, int]:
    """Files in /dev/shm, shared-memory segments and named semaphores alike, and the bytes they
    take. A file in a folder counts, a folder at the top does not; NOT_READ twice where there is no
    such file system."""
    try:
        system, top = os.statvfs(SHARED_MEMORY), os.stat(SHARED_MEMORY)
    except OSError:  # there is none, or the program has no descriptor left
        return NOT_READ, NOT_READ
    size = (system.f_blocks - system.f_bfree) * system.f_frsize
    if not system.f_files:  # mounted without a limit of inodes, and so without a count
        return sum(len(names) for _, _, names in os.walk(SHARED_MEMORY)), size
    folders = top.st_nlink - 1  # itself and those in it: each has a ".." that leads to it
    files = system.f_files - system.f_ffree - folders
    return max(files, 0), size


def resident_shared_memory_bytes() -> int:
    """RssShmem: what of this process's RSS is shared memory, of files in tmpfs and without a file;
    NOT_READ where there is no descriptor left."""
    try:
        _, found, rest = read_file("/proc/self/status").partition(b"RssShmem:")
    except OSError:
        return NOT_READ
    return int(rest.split(None, 1)[0]) * 1024 if found else NOT_READ


def read_file(path: str) -> bytes:
    """One of the kernel's files; empty if the process it is about is gone."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return b""
    try:
        return b"".join(iter(lambda: os.read(fd, 65536), b""))
    except ProcessLookupError:
        return b""
    finally:
        os.close(fd)


def reset_high_water() -> bool:
    """Set VmHWM back to what is resident now (proc(5), clear_refs 5); whether the kernel did."""
    try:
        fd = os.open("/proc/self/clear_refs", os.O_WRONLY)
        try:
            os.write(fd, b"5")
        finally:
            os.close(fd)
    except OSError:
        return False
    return True
