"""The memory limit of a process: that of its control group, or the memory of the machine.

The limit of a group applies to all processes in it and below it. So the limit of a process is the
lowest one from its own group up to the root of the mounted hierarchy. For "no limit", cgroup
version 2 has "max" and version 1 a number that is larger than the memory of any machine.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from leaklab.features.watch.forecast import MemoryLimit
from leaklab.sandbox.cgroup_files import mounts, read_entry

CGROUP = "the limit of its cgroup"
MACHINE = "this machine's memory"


class LimitFile(NamedTuple):
    """The file with the memory limit in a hierarchy, and the controller that it belongs to.

    Version 1 has a hierarchy for each controller. Version 2 has one for all, without a name.
    """

    controller: str
    name: str


LIMIT_FILES = {
    "cgroup2": LimitFile("", "memory.max"),
    "cgroup": LimitFile("memory", "memory.limit_in_bytes"),
}


def memory_limit(pid: int, machine_bytes: int, proc: Path = Path("/proc")) -> MemoryLimit:
    """Find the memory limit of a process.

    Args:
        pid: The process.
        machine_bytes: The memory of the machine, the limit if no group has a lower one.
        proc: The folder in which the process's `cgroup` and our own `self/mountinfo` are read.
    """
    lowest = min(_limits(pid, proc), default=machine_bytes)
    if lowest < machine_bytes:
        return MemoryLimit(memory_bytes=lowest, source=CGROUP)
    return MemoryLimit(memory_bytes=machine_bytes, source=MACHINE)


def group_folders(pid: int, proc: Path) -> Iterator[tuple[str, list[Path]]]:
    """Yield the hierarchies that count a process's memory.

    Each has the type of its file system, and the folders from the process's own group up to the
    root of the mounted hierarchy.
    """
    own = _own_groups(read_entry(proc / str(pid), "cgroup"))
    for mount in mounts(read_entry(proc / "self", "mountinfo")):
        file = LIMIT_FILES.get(mount.file_system)
        if file is None or file.controller not in {"", *mount.options} & own.keys():
            continue
        if (folder := mount.folder_of(own[file.controller])) is None:
            continue
        depth = len(folder.relative_to(mount.folder).parts)
        yield mount.file_system, [folder, *folder.parents[:depth]]


def _limits(pid: int, proc: Path) -> Iterator[int]:
    for hierarchy, folders in group_folders(pid, proc):
        for group in folders:
            if (text := read_entry(group, LIMIT_FILES[hierarchy].name).strip()).isdecimal():
                yield int(text)


def _own_groups(text: str) -> dict[str, str]:
    """Return a process's groups by controller in version 1, and under "" that in version 2."""
    lines = (line.split(":", 2) for line in text.splitlines())
    return {name: group for _, names, group in lines for name in names.split(",")}
