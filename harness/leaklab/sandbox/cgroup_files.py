"""The files of one control group, as both versions of the kernel's interface have them."""

import contextlib
import os
import signal
import time
from pathlib import Path

END_SECONDS = 10.0
PAUSE_SECONDS = 0.001


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


def read(folder: Path | None, name: str) -> str:
    """A file of a group, empty where there is none; read at every look, so without pathlib."""
    if folder is None:
        return ""
    try:
        with open(f"{folder}/{name}", encoding="ascii") as file:  # noqa: PTH123  (as said)
            return file.read()
    except OSError:
        return ""


def pids(folder: Path) -> list[int]:
    """The processes of a group; one of another pid namespace has the number 0, and is none."""
    return [int(pid) for pid in read(folder, "cgroup.procs").split() if pid != "0"]


def entry(text: str, name: str) -> int:
    """Of lines of names and values; 0 where the kernel has none of that name."""
    pairs = (line.split() for line in text.splitlines())
    return next((int(pair[1]) for pair in pairs if pair[0] == name), 0)
