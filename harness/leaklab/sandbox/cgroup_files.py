"""Control groups in the file system: where their hierarchies are mounted, and the files of one."""

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
    """A mounted hierarchy of control groups (or any other file system): its kind, the group that is
    its root, the folder where that is seen, and the super block's options."""

    file_system: str
    root: str
    folder: Path
    options: frozenset[str]

    def folder_of(self, group: str) -> Path | None:
        """Where a group is seen below this mount; None if it is not."""
        path = PurePosixPath(group)
        if not path.is_relative_to(self.root) or ".." in path.parts:
            return None
        return self.folder / path.relative_to(self.root)


def mounts(mountinfo: str) -> list[Mount]:
    """The mounts of a /proc/PID/mountinfo, which has octal escapes for blanks (proc(5))."""
    found = []
    for line in mountinfo.splitlines():
        ours, _, theirs = line.partition(" - ")
        root, folder = (_unescaped(part) for part in ours.split(" ")[3:5])
        file_system, *_, options = theirs.split(" ")
        found.append(Mount(file_system, root, Path(folder), frozenset(options.split(","))))
    return found


def _unescaped(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), path)


def remove(folder: Path) -> None:
    """Kill what is left in a group, and take it away; it may be gone already."""
    give_up = time.monotonic() + END_SECONDS
    while folder.exists() and time.monotonic() < give_up:
        for pid in pids(folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(OSError):  # busy as long as one of them is on its way out
            folder.rmdir()
            return
        time.sleep(PAUSE_SECONDS)


def read_entry(folder: Path | None, name: str) -> str:
    """A file of a group, empty where there is none; read at every look, so without pathlib."""
    if folder is None:
        return ""
    try:
        with open(f"{folder}/{name}", encoding="ascii") as file:  # noqa: PTH123  (as said)
            return file.read()
    except OSError:
        return ""


def pids(folder: Path) -> list[int]:
    """The processes of a group; 0 marks one of another pid namespace, and is left out."""
    return [int(pid) for pid in read_entry(folder, "cgroup.procs").split() if pid != "0"]


def stat_value(text: str, name: str) -> int:
    """Of lines of names and values; 0 where the kernel has none of that name."""
    pairs = (line.split() for line in text.splitlines())
    return next((int(pair[1]) for pair in pairs if pair[0] == name), 0)
