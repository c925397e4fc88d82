"""Other processes as the Linux kernel accounts for them, read from /proc.

A process that is gone, or whose file may not be read, has None: a tree changes while it is read.
"""

import os
from collections.abc import Iterable

from leaklab.model.errors import BadInput, one_line
from leaklab.model.signals import Reading
from leaklab.model.units import PAGE_BYTES
from leaklab.observer.probes.protocol import Descent

PIECE_BYTES = 1 << 16
TICKS = os.sysconf("SC_CLK_TCK")


def rss_bytes(pid: int) -> int | None:
    """Resident memory, shared pages included; an estimate on multi-core kernels since 6.2."""
    fields = _read(f"/proc/{pid}/statm").split(None, 2)
    return int(fields[1]) * PAGE_BYTES if len(fields) > 1 else None


def high_water_bytes(pid: int) -> int | None:
    """VmHWM: the most that was resident since the process began, or since it was reset."""
    return _kilobytes(_read(f"/proc/{pid}/status"), b"VmHWM:")


def pss_bytes(pid: int) -> int | None:
    """Proportional set size: resident memory with each page divided by its number of users.

    The kernel walks the page table for it, dear for a large process; an estimate where users of its
    pages come and go meanwhile.
    """
    return _kilobytes(_read(f"/proc/{pid}/smaps_rollup"), b"\nPss:")


def reading(pid: int) -> Reading | None:
    """All that can be read of one process from outside; None where it is gone.

    A zombie holds nothing but its place in the process table. What may not be read (another
    user's process) is None.
    """
    state = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split(None, 1)
    if not state:
        return None
    if state[0] in b"ZX":
        return Reading(processes=1, zombies=1)
    pages = _read(f"/proc/{pid}/statm").split()
    rollup = _read(f"/proc/{pid}/smaps_rollup")
    if len(pages) < 3 or ((resident := int(pages[1])) == 0 and not rollup):
        return Reading(processes=1, zombies=0)
    return Reading(
        rss_bytes=resident * PAGE_BYTES,
        vms_bytes=int(pages[0]) * PAGE_BYTES,
        shared_bytes=int(pages[2]) * PAGE_BYTES,
        pss_bytes=_kilobytes(rollup, b"\nPss:"),
        pss_anon_bytes=_sum_of(rollup, b"\nPss_Anon:", b"\nPss_Shmem:"),
        uss_bytes=_sum_of(rollup, b"\nPrivate_Clean:", b"\nPrivate_Dirty:", b"\nPrivate_Hugetlb:"),
        descriptors=_entries(f"/proc/{pid}/fd"),
        sockets=_sockets(pid),
        threads=_entries(f"/proc/{pid}/task"),
        processes=1,
        zombies=0,
    )


def cheap_reading(pid: int) -> Reading | None:
    """What statm tells, which costs as little for a large process as for a small one; None where it
    is gone. A zombie, and a thread of the kernel's, has no memory."""
    pages = _read(f"/proc/{pid}/statm").split()
    if len(pages) < 3:
        return None
    if pages[1] == b"0":
        return Reading(processes=1)
    return Reading(
        rss_bytes=int(pages[1]) * PAGE_BYTES,
        vms_bytes=int(pages[0]) * PAGE_BYTES,
        shared_bytes=int(pages[2]) * PAGE_BYTES,
        processes=1,
    )


def descent(pid: int) -> Descent | None:
    """Where a process comes from. The start of its stack (proc_pid_stat(5)) is as random as the
    layout of a program's addresses; a fork inherits it, and whoever executes a program gets a
    new one. It is 0 where we may not know it."""
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return Descent(int(fields[1]), int(fields[25])) if len(fields) > 25 else None


def cpu_seconds(pid: int) -> float | None:
    """User and system time that a process has taken so far; to a hundredth of a second."""
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS if len(fields) > 12 else None


def require_readable(pid: int) -> None:
    """Stop at a process that has no memory to be read.

    Raises:
        BadInput: it belongs to another user, has ended, or is a kernel thread.
    """
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:  # noqa: PTH123  (as the others)
            if file.read():
                return
    except PermissionError as error:
        words = f"process {pid} belongs to another user"
        raise BadInput(f"{words}; run leaklab as that user, or as root") from error
    except OSError:
        pass
    state = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split(None, 1)[:1]
    kernel = state and state[0] not in b"ZX"
    words = "is a thread of the kernel's, without memory" if kernel else "has ended already"
    raise BadInput(f"process {pid} {words}; ps lists those there are")


def command_line(pid: int) -> str:
    """The words of a process, with white space and control characters replaced; its name in
    brackets where it has none; empty where it is gone."""
    words = _read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").decode(errors="replace").strip()
    name = _read(f"/proc/{pid}/comm").decode(errors="replace").strip()
    return one_line(words or (f"[{name}]" if name else ""))


def sum_readings(readings: Iterable[Reading]) -> Reading:
    """The sums over processes. Summed RSS and shared memory count a page once for each user;
    summed PSS counts it once."""
    found = list(readings)

    def total(name: str) -> int | None:
        values = [value for one in found if (value := getattr(one, name)) is not None]
        return sum(values) if values else None

    return Reading(**{name: total(name) for name in Reading.__struct_fields__})


def segment_names(pid: int) -> frozenset[str]:
    """The files in /dev/shm that a process can see, segments and named semaphores, by their paths
    below it; folders are none."""
    top = f"/proc/{pid}/root/dev/shm"
    return frozenset(
        os.path.relpath(f"{folder}/{name}", top)
        for folder, _, names in os.walk(top)
        for name in names
    )


def shared_memory_bytes(pid: int) -> int | None:
    """What the files in a process's /dev/shm take; None where that is no file system of its own."""
    folder = f"/proc/{pid}/root/dev/shm"
    try:
        system, above = os.statvfs(folder), os.stat(f"{folder}/..")  # noqa: PTH116  (as the others)
        if os.stat(folder).st_dev == above.st_dev:  # noqa: PTH116  (as the others)
            return None
    except OSError:
        return None
    return (system.f_blocks - system.f_bfree) * system.f_frsize


def descendants(pid: int, enough: int) -> list[int]:
    """The living processes below `pid`, without itself; no more are looked for once there are
    more than `enough`, for a fork bomb is faster than a walk."""
    found = [pid]
    for parent in found:  # which grows
        for task in _names(f"/proc/{parent}/task"):
            found += map(int, _read(f"/proc/{parent}/task/{task}/children").split())
        if len(found) > enough + 1:
            break
    return found[1:]


def _sum_of(rollup: bytes, *fields: bytes) -> int | None:
    """The sum of some fields of smaps_rollup; None where the kernel does not have them all."""
    found = [_kilobytes(rollup, field) for field in fields]
    return None if None in found else sum(value or 0 for value in found)


def _sockets(pid: int) -> int | None:
    folder = f"/proc/{pid}/fd"
    links = [_link(f"{folder}/{fd}") for fd in _names(folder)]
    return sum(link.startswith("socket:") for link in links) if os.access(folder, os.R_OK) else None


def _link(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115  (a name, not a path)
    except OSError:
        return ""


def _entries(folder: str) -> int | None:
    """How many entries a folder of the kernel's has."""
    return len(_names(folder)) if os.access(folder, os.R_OK) else None


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  (names, not paths)
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
