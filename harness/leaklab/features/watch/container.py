"""What a process's control group holds, all of whose processes count, beside the tree's own memory:
page cache, shared memory and tmpfs are in no process's PSS, but a container is killed for them."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from leaklab.features.watch.memory_limit import group_folders
from leaklab.sandbox.cgroup_files import read_entry, stat_value


class Fields(NamedTuple):
    """What the figures are called in the memory.stat of one version. `cache` has `shmem` in it."""

    anon: str
    cache: str
    shmem: str


# Those of version 1 that count the groups below, too, as all of version 2 do.
FIELDS = {
    "cgroup2": Fields("anon", "file", "shmem"),
    "cgroup": Fields("total_rss", "total_cache", "total_shmem"),
}


class ContainerReading(Struct, frozen=True, kw_only=True):
    """Of all processes of a control group: anonymous memory, the page cache without tmpfs, and
    shared memory, in which files in a tmpfs are."""

    anon_bytes: int
    file_bytes: int
    shmem_bytes: int


class ContainerGrowth(Struct, frozen=True, kw_only=True):
    """The control group of a tree at the end of a watch, and by how much each figure grew. They are
    the whole group's, whoever is in it. `dev_shm_bytes` is what the files in /dev/shm take, whoever
    put them there; None where there is no such file system."""

    now: ContainerReading
    grew: ContainerReading
    dev_shm_bytes: int | None = None
    dev_shm_grew_bytes: int | None = None


def container_reading(pid: int, proc: Path = Path("/proc")) -> ContainerReading | None:
    """What the group of a process holds; None where none counts memory, or it cannot be read."""
    return next(_readings(pid, proc), None)


def container_growth(first: ContainerReading, last: ContainerReading) -> ContainerReading:
    """From one reading to the next."""
    return ContainerReading(
        anon_bytes=last.anon_bytes - first.anon_bytes,
        file_bytes=last.file_bytes - first.file_bytes,
        shmem_bytes=last.shmem_bytes - first.shmem_bytes,
    )


def _readings(pid: int, proc: Path) -> Iterator[ContainerReading]:
    for kind, folders in group_folders(pid, proc):
        if text := read_entry(folders[0], "memory.stat"):
            anon, cache, shmem = (stat_value(text, name) for name in FIELDS[kind])
            yield ContainerReading(anon_bytes=anon, file_bytes=cache - shmem, shmem_bytes=shmem)
