"""Other processes as the Linux kernel accounts for them, read from /proc.

A process that is gone, or whose file may not be read, has None: a tree changes while it is read.
"""

import os
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")


def rss_bytes(pid: int) -> int | None:
    """Resident memory, shared pages included; an estimate on multi-core kernels since 6.2."""
    fields = _read(pid, "statm").split()
    return int(fields[1]) * PAGE_BYTES if len(fields) > 1 else None


def high_water_bytes(pid: int) -> int | None:
    """VmHWM: the most that was resident since the process began, or since it was reset."""
    return _kilobytes(_read(pid, "status"), "VmHWM:")


def pss_bytes(pid: int) -> int | None:
    """Proportional set size: resident memory with each page divided by its number of users.

    The kernel walks the page table for it: exact, and dear for a large process.
    """
    return _kilobytes(_read(pid, "smaps_rollup"), "Pss:")


def descendants(pid: int) -> list[int]:
    """All living processes below `pid`, without itself."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        for task in _tasks(parent):
            children = [int(child) for child in _read(parent, f"task/{task}/children").split()]
            found += children
            waiting += children
    return found


def _tasks(pid: int) -> list[str]:
    try:
        return os.listdir(PROC / str(pid) / "task")  # noqa: PTH208  (names, not paths)
    except OSError:
        return []


def _read(pid: int, name: str) -> str:
    try:
        return (PROC / str(pid) / name).read_text()
    except OSError:
        return ""


def _kilobytes(text: str, field: str) -> int | None:
    for line in text.splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    return None
