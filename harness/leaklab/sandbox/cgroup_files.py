"""Control groups in the file system: the mounts of their hierarchies, and the files of a group."""

import contextlib
import os
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

END_SECONDS = 10.0
PAUSE_SECONDS = 0.001


@dataclass(frozen=True)
class Mount:
    """A mounted file system, for example a hierarchy of control groups.

    Attributes:
        file_system: Its type, such as `cgroup2`.
        root: The path in the file system that is mounted, such as a group.
        folder: The mount point.
        options: The options of its super block.
    """

    file_system: str
    root: str
    folder: Path
    options: frozenset[str]

    def folder_of(self, group: str) -> Path | None:
        """Return the folder of a group below this mount; None if the mount does not show it."""
        path = PurePosixPath(group)
        if not path.is_relative_to(self.root) or ".." in path.parts:
            return None
        return self.folder / path.relative_to(self.root)


def mounts(mountinfo: str) -> list[Mount]:
    """Parse the text of a /proc/PID/mountinfo, which has octal escapes for blanks (proc(5))."""
    parsed = []
    for line in mountinfo.splitlines():
        mount, _, source = line.partition(" - ")
        root, folder = (_unescaped(part) for part in mount.split(" ")[3:5])
        file_system, *_, options = source.split(" ")
        parsed.append(Mount(file_system, root, Path(folder), frozenset(options.split(","))))
    return parsed


def _unescaped(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), path)


def remove(folder: Path) -> None:
    """Kill the processes that are left in a group and remove it, if it still exists."""
    give_up = time.monotonic() + END_SECONDS
    while folder.exists() and time.monotonic() < give_up:
        for pid in pids(folder):
            with contextlib.suppress(OSError):  # gone, or of another user
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(OSError):  # busy until the last process has exited
            folder.rmdir()
            return
        time.sleep(PAUSE_SECONDS)


def read_entry(folder: Path | None, name: str) -> str:
    """Read a file of a group; empty if the file or the folder does not exist."""
    if folder is None:
        return ""
    try:
        with open(f"{folder}/{name}", encoding="ascii") as file:  # noqa: PTH123  (faster)
            return file.read()
    except OSError:
        return ""


def pids(folder: Path) -> list[int]:
    """Return the pids of a group. 0 marks a process of another pid namespace and is skipped."""
    return [int(pid) for pid in read_entry(folder, "cgroup.procs").split() if pid != "0"]


def stat_value(text: str, name: str) -> int:
    """Return a value from lines of a name and a value; 0 if the kernel has no such name."""
    pairs = (line.split() for line in text.splitlines())
    return next((int(pair[1]) for pair in pairs if pair[0] == name), 0)
