"""How much memory a process may come to have: its control group's limit, or the machine's memory.

A group's limit holds for all in it and below it, so the lowest of the limits from a process's own
group up to the root of what is mounted here is its limit. Version 2 says "max" where there is
none, version 1 a number that no machine has.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from leaklab.features.watch.forecast import MemoryLimit
from leaklab.sandbox.cgroup_files import mounts, read_entry

CGROUP = "the limit of its cgroup"
MACHINE = "this machine's memory"


class LimitFile(NamedTuple):
    """Where a kind of hierarchy has its limit of memory, and the option of the one that counts it:
    version 1 has a hierarchy for each controller, version 2 one for all, without a name."""

    controller: str
    name: str


LIMIT_FILES = {
    "cgroup2": LimitFile("", "memory.max"),
    "cgroup": LimitFile("memory", "memory.limit_in_bytes"),
}


def memory_limit(pid: int, machine_bytes: int, proc: Path = Path("/proc")) -> MemoryLimit:
    """The limit of a process.

    Args:
        pid: whose.
        machine_bytes: what the machine has, the limit where no group has a lower one.
        proc: where the process's `cgroup` and our own `self/mountinfo` are read.
    """
    found = min(_limits(pid, proc), default=machine_bytes)
    if found < machine_bytes:
        return MemoryLimit(memory_bytes=found, source=CGROUP)
    return MemoryLimit(memory_bytes=machine_bytes, source=MACHINE)


def group_folders(pid: int, proc: Path) -> Iterator[tuple[str, list[Path]]]:
    """The hierarchies that count a process's memory: their kind, and the folders from its own group
    up to the root of what is mounted here."""
    own = _own_groups(read_entry(proc / str(pid), "cgroup"))
    for mount in mounts(read_entry(proc / "self", "mountinfo")):
        file = LIMIT_FILES.get(mount.kind)
        if file is None or file.controller not in {"", *mount.options} & own.keys():
            continue
        if (folder := mount.folder_of(own[file.controller])) is None:
            continue
        depth = len(folder.relative_to(mount.folder).parts)
        yield mount.kind, [folder, *folder.parents[:depth]]


def _limits(pid: int, proc: Path) -> Iterator[int]:
    for kind, folders in group_folders(pid, proc):
        for group in folders:
            if (text := read_entry(group, LIMIT_FILES[kind].name).strip()).isdecimal():
                yield int(text)


def _own_groups(text: str) -> dict[str, str]:
    """By controller a process's group in version 1, and by "" that in version 2."""
    lines = (line.split(":", 2) for line in text.splitlines())
    return {name: group for _, names, group in lines for name in names.split(",")}
