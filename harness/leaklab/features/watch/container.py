"""The memory of a process's control group, which counts all processes in it.

Page cache, shared memory and tmpfs are in no process's PSS, but a container can be killed for them.
So they are read beside the memory of the watched tree.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from leaklab.features.watch.memory_limit import group_folders
from leaklab.sandbox.cgroup_files import read_entry, stat_value


class Fields(NamedTuple):
    """The names of the figures in memory.stat of one cgroup version. `cache` includes `shmem`."""

    anon: str
    cache: str
    shmem: str


# Those of version 1 that include the groups below, as all of version 2 do.
FIELDS = {
    "cgroup2": Fields("anon", "file", "shmem"),
    "cgroup": Fields("total_rss", "total_cache", "total_shmem"),
}


class ContainerReading(Struct, frozen=True, kw_only=True):
    """The memory of all processes of a control group, in bytes.

    `anon_bytes` is anonymous memory, `file_bytes` the page cache without tmpfs, and `shmem_bytes`
    shared memory including the files in a tmpfs.
    """

    anon_bytes: int
    file_bytes: int
    shmem_bytes: int


class ContainerGrowth(Struct, frozen=True, kw_only=True):
    """The control group of a tree at the end of a watch, and the growth of each figure.

    The figures are those of the whole group, including processes outside the tree.
    `dev_shm_bytes` is the size of all files in /dev/shm, also of other programs; None if there is
    no such file system.
    """

    now: ContainerReading
    grew: ContainerReading
    dev_shm_bytes: int | None = None
    dev_shm_grew_bytes: int | None = None


def container_reading(pid: int, proc: Path = Path("/proc")) -> ContainerReading | None:
    """Read the control group of a process; None if no group counts memory or can be read."""
    return next(_readings(pid, proc), None)


def container_growth(first: ContainerReading, last: ContainerReading) -> ContainerReading:
    """Return the growth of each figure from one reading to another, in bytes."""
    return ContainerReading(
        anon_bytes=last.anon_bytes - first.anon_bytes,
        file_bytes=last.file_bytes - first.file_bytes,
        shmem_bytes=last.shmem_bytes - first.shmem_bytes,
    )


def _readings(pid: int, proc: Path) -> Iterator[ContainerReading]:
    for hierarchy, folders in group_folders(pid, proc):
        if text := read_entry(folders[0], "memory.stat"):
            anon, cache, shmem = (stat_value(text, name) for name in FIELDS[hierarchy])
            yield ContainerReading(anon_bytes=anon, file_bytes=cache - shmem, shmem_bytes=shmem)
