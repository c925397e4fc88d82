"""Other processes as the Linux kernel accounts for them, read from /proc.

A process that is gone, or whose file may not be read, has None: a tree changes while it is read.
"""

import os

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PIECE_BYTES = 1 << 16


def rss_bytes(pid: int) -> int | None:
    """Resident memory, shared pages included; an estimate on multi-core kernels since 6.2."""
    fields = _read(f"/proc/{pid}/statm").split(None, 2)
    return int(fields[1]) * PAGE_BYTES if len(fields) > 1 else None


def high_water_bytes(pid: int) -> int | None:
    """VmHWM: the most that was resident since the process began, or since it was reset."""
    return _kilobytes(_read(f"/proc/{pid}/status"), b"VmHWM:")


def pss_bytes(pid: int) -> int | None:
    """Proportional set size: resident memory with each page divided by its number of users.

    The kernel walks the page table for it: exact, and dear for a large process.
    """
    return _kilobytes(_read(f"/proc/{pid}/smaps_rollup"), b"\nPss:")


def descendants(pid: int, enough: int) -> list[int]:
    """The living processes below `pid`, without itself; no more are looked for once there are
    more than `enough`, for a fork bomb is faster than a walk."""
    found = [pid]
    for parent in found:  # which grows
        for task in _tasks(parent):
            found += map(int, _read(f"/proc/{parent}/task/{task}/children").split())
        if len(found) > enough + 1:
            break
    return found[1:]


def _tasks(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")  # noqa: PTH208  (names, not paths)
    except OSError:
        return []


def _read(path: str) -> bytes:
    """The whole of one of the kernel's files, which are read at every look: without the layers
    of `open`, in a third of the time. The kernel gives a long one in pieces of a page."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return b"".join(iter(lambda: os.read(fd, PIECE_BYTES), b""))
    except OSError:  # the process ended meanwhile
        return b""
    finally:
        os.close(fd)


def _kilobytes(text: bytes, field: bytes) -> int | None:
    _, found, rest = text.partition(field)
    return int(rest.split(None, 1)[0]) * 1024 if found else None
