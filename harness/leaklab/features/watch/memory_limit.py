"""How much memory a process may come to have: its control group's limit, or the machine's memory.

A group's limit holds for all in it and below it, so the lowest of the limits from a process's own
group up to the root of what is mounted here is its limit. Version 2 says "max" where there is
none, version 1 a number that no machine has.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from leaklab.features.watch.forecast import Limit
from leaklab.sandbox.cgroup_files import read

CGROUP = "the limit of its cgroup"
MACHINE = "this machine's memory"
# By the kind of the file system: what its super block must have among its options ("" is always
# there), and the file with the limit.
KINDS = {"cgroup2": ("", "memory.max"), "cgroup": ("memory", "memory.limit_in_bytes")}


def memory_limit(pid: int, machine_bytes: int, proc: Path = Path("/proc")) -> Limit:
    """The limit of a process.

    Args:
        pid: whose.
        machine_bytes: what the machine has, the limit where no group has a lower one.
        proc: where the process's `cgroup` and our own `self/mountinfo` are read.
    """
    found = min(_limits(pid, proc), default=machine_bytes)
    if found < machine_bytes:
        return Limit(memory_bytes=found, whose=CGROUP)
    return Limit(memory_bytes=machine_bytes, whose=MACHINE)


def _limits(pid: int, proc: Path) -> Iterator[int]:
    own = _own_groups(read(proc / str(pid), "cgroup"))
    for line in read(proc / "self", "mountinfo").splitlines():
        ours, _, theirs = line.partition(" - ")
        root, mount = ours.split(" ")[3:5]
        kind, *_, options = theirs.split(" ")
        option, file = KINDS.get(kind, ("", ""))
        if not file or option not in ["", *options.split(",")] or option not in own:
            continue
        if (inside := _inside(own[option], root)) is not None:
            folder = Path(mount) / inside
            for group in [folder, *folder.parents[: len(inside.parts)]]:
                if (text := read(group, file).strip()).isdecimal():
                    yield int(text)


def _own_groups(text: str) -> dict[str, str]:
    """By controller a process's group in version 1, and by "" that in version 2."""
    lines = (line.split(":", 2) for line in text.splitlines())
    return {name: group for _, names, group in lines for name in names.split(",")}


def _inside(group: str, root: str) -> Path | None:
    """Where a group is below the root of a mount; None where it is not."""
    path = PurePosixPath(group)
    return (
        Path(path.relative_to(root))
        if path.is_relative_to(root) and ".." not in path.parts
        else None
    )
