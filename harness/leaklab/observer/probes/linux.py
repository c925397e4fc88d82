"""The probes of Linux, which read other processes from /proc.

The result is None if a process is gone or its file is not readable, because a tree changes while it
is read.
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
    """Return RSS, shared pages included. On multi-core kernels since 6.2 it is an estimate."""
    fields = _read(f"/proc/{pid}/statm").split(None, 2)
    return int(fields[1]) * PAGE_BYTES if len(fields) > 1 else None


def high_water_bytes(pid: int) -> int | None:
    """Return VmHWM, the highest RSS since the process started or since the mark was reset."""
    return _kilobytes(_read(f"/proc/{pid}/status"), b"VmHWM:")


def pss_bytes(pid: int) -> int | None:
    """Return PSS: resident memory with each page divided by its number of users.

    The kernel walks the page table for it, which is expensive for a large process. The result is an
    estimate if users of its pages come and go during the walk.
    """
    return _kilobytes(_read(f"/proc/{pid}/smaps_rollup"), b"\nPss:")


def reading(pid: int) -> Reading | None:
    """Return all signals of a process that can be read from outside; None if it is gone.

    A zombie has only its entry in the process table. Signals that are not readable, as those of
    another user's process, are None.
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
    """Return the signals in statm, which cost the same for a process of any size; None if it is
    gone. Zombies and kernel threads have no memory."""
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
    """Return the parent and the stack start (proc_pid_stat(5)) of a process; None if it is gone.

    The stack start is as random as the address layout of a program. A fork inherits it, and
    executing a program makes a new one. It is 0 if this process may not read it.
    """
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return Descent(int(fields[1]), int(fields[25])) if len(fields) > 25 else None


def cpu_seconds(pid: int) -> float | None:
    """Return the user and system time of a process so far, with a resolution of 10 ms."""
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS if len(fields) > 12 else None


def require_readable(pid: int) -> None:
    """Require a process with readable memory.

    Raises:
        BadInput: The process belongs to another user, has ended, or is a kernel thread.
    """
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:  # noqa: PTH123  (as in `_read`)
            if file.read():
                return
    except PermissionError as error:
        problem = f"process {pid} belongs to another user"
        raise BadInput(f"{problem}; run leaklab as that user, or as root") from error
    except OSError:
        pass
    state = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split(None, 1)[:1]
    is_kernel_thread = state and state[0] not in b"ZX"
    problem = "is a kernel thread, without memory" if is_kernel_thread else "has already ended"
    raise BadInput(f"process {pid} {problem}; run ps to list the processes")


def command_line(pid: int) -> str:
    """Return the command line of a process, with white space and control characters replaced.

    The result is the name in brackets if the process has no command line, and empty if it is gone.
    """
    line = _read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").decode(errors="replace").strip()
    name = _read(f"/proc/{pid}/comm").decode(errors="replace").strip()
    return one_line(line or (f"[{name}]" if name else ""))


def sum_readings(readings: Iterable[Reading]) -> Reading:
    """Return the sums over processes; None for a signal that was read of no process.

    Summed RSS and shared memory count a page once for each user; summed PSS counts it once.
    """
    all_readings = list(readings)

    def total(name: str) -> int | None:
        """Return the sum of a signal over the processes of which it was read."""
        values = [getattr(reading, name) for reading in all_readings]
        known = [value for value in values if value is not None]
        return sum(known) if known else None

    return Reading(**{name: total(name) for name in Reading.__struct_fields__})


def segment_names(pid: int) -> frozenset[str]:
    """Return the files in /dev/shm that a process can see, as paths relative to it. The files are
    segments and named semaphores; folders do not count."""
    top = f"/proc/{pid}/root/dev/shm"
    return frozenset(
        os.path.relpath(f"{folder}/{name}", top)
        for folder, _, names in os.walk(top)
        for name in names
    )


def shared_memory_bytes(pid: int) -> int | None:
    """Return the bytes of the files in a process's /dev/shm; None if that is not a mount point."""
    folder = f"/proc/{pid}/root/dev/shm"
    try:
        system, above = os.statvfs(folder), os.stat(f"{folder}/..")  # noqa: PTH116  (as in `_read`)
        if os.stat(folder).st_dev == above.st_dev:  # noqa: PTH116  (as in `_read`)
            return None
    except OSError:
        return None
    return (system.f_blocks - system.f_bfree) * system.f_frsize


def descendants(pid: int, max_pids: int) -> list[int]:
    """Return the living descendants of a process, without itself.

    The walk ends once it has more than `max_pids`, because a fork bomb is faster than a walk.
    """
    pids = [pid]
    for parent in pids:  # the list grows during the loop
        for task in _names(f"/proc/{parent}/task"):
            pids += map(int, _read(f"/proc/{parent}/task/{task}/children").split())
        if len(pids) > max_pids + 1:
            break
    return pids[1:]


def _sum_of(rollup: bytes, *fields: bytes) -> int | None:
    """Return the sum of fields of smaps_rollup in bytes; None if the kernel lacks one of them."""
    values = [_kilobytes(rollup, field) for field in fields]
    return None if None in values else sum(value or 0 for value in values)


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
    """Return the number of entries of a folder of the kernel; None if it is not readable."""
    return len(_names(folder)) if os.access(folder, os.R_OK) else None


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  (names, not paths)
    except OSError:
        return []


def _read(path: str) -> bytes:
    """Read a file of the kernel; empty if it cannot be read.

    `os.read` takes a third of the time of `open`, which matters because these files are read at
    every poll. The kernel returns a long file in pieces of a page.
    """
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return b"".join(iter(lambda: os.read(fd, PIECE_BYTES), b""))
    except OSError:  # the process has ended during the reading
        return b""
    finally:
        os.close(fd)


def _kilobytes(text: bytes, field: bytes) -> int | None:
    """Return the value of a field in kB, in bytes; None if the text lacks the field."""
    _, label, rest = text.partition(field)
    return int(rest.split(None, 1)[0]) * 1024 if label else None
