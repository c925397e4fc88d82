"""The kernel's figures for this process, from /proc/self."""

from __future__ import annotations

import os
from stat import S_ISSOCK

from .layout import NOT_READ

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing would cost the measured process 1.7 MiB
    from collections.abc import Iterator

MAX_FD = 1 << 16
SHM_FOLDER = "/dev/shm"  # noqa: S108  (where the kernel has it)


def count_descriptors() -> int:
    """Count the open descriptors.

    Since Linux 6.2 the size of /proc/self/fd is their number. On older kernels the folder is
    listed, and the descriptor that lists it is not counted.
    """
    return os.stat("/proc/self/fd").st_size or len(os.listdir("/proc/self/fd")) - 1


def count_sockets() -> int:
    """Count the open descriptors that are sockets.

    Calling fstat for each number until all open descriptors are counted is three times cheaper than
    reading the links in /proc/self/fd.
    """
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
    """Count the threads of this process, the first included, as folders in its task folder."""
    return os.stat("/proc/self/task").st_nlink - 2


def count_children() -> int:
    """Count the children of all threads of this process, zombies included; NOT_READ if the
    program has no descriptor left."""
    try:
        return sum(len(pids) for pids in child_pids())
    except OSError:
        return NOT_READ


def count_zombies() -> int:
    """Count the children that have ended and were not waited for, by the state in their stat file;
    NOT_READ if the program has no descriptor left."""
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
    """Yield the pids of each thread's children, one thread after another.

    Many lists at once would stay in the interpreter's free list and look like a step.
    """
    folder = "/proc/self/task"
    for task in os.listdir(folder):
        yield read_file("%s/%s/children" % (folder, task)).split()


def shared_memory_usage() -> tuple[int, int]:
    """Return the number of files in /dev/shm and the bytes they take; NOT_READ for both if the
    file system cannot be read.

    The files are shared-memory segments and named semaphores. Files in subfolders count; folders at
    the top level do not.
    """
    try:
        system, top = os.statvfs(SHM_FOLDER), os.stat(SHM_FOLDER)
    except OSError:  # /dev/shm does not exist, or the program has no descriptor left
        return NOT_READ, NOT_READ
    size = (system.f_blocks - system.f_bfree) * system.f_frsize
    if not system.f_files:  # mounted without a limit of inodes, so the kernel does not count them
        return sum(len(names) for _, _, names in os.walk(SHM_FOLDER)), size
    folders = top.st_nlink - 1  # the folder itself, and one ".." link for each folder in it
    files = system.f_files - system.f_ffree - folders
    return max(files, 0), size


def resident_shared_memory_bytes() -> int:
    """Return RssShmem, the part of this process's RSS that is shared memory, of tmpfs files and
    without a file; NOT_READ if the program has no descriptor left."""
    try:
        _, label, rest = read_file("/proc/self/status").partition(b"RssShmem:")
    except OSError:
        return NOT_READ
    return int(rest.split(None, 1)[0]) * 1024 if label else NOT_READ


def read_file(path: str) -> bytes:
    """Read a file of the kernel; the result is empty if the process that it describes is gone."""
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
    """Reset VmHWM to the current RSS (proc(5), clear_refs 5); return whether the kernel did it."""
    try:
        fd = os.open("/proc/self/clear_refs", os.O_WRONLY)
        try:
            os.write(fd, b"5")
        finally:
            os.close(fd)
    except OSError:
        return False
    return True
