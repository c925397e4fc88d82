"""A process that ends the tools under way if leaklab dies before them.

A tool leads a process group of its own, which a signal to leaklab does not reach.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Learns which groups live, and kills those that are left at the end of its input.
GUARD = """
import os, signal, sys
living = set()
for line in sys.stdin:
    (living.add if line[0] == "+" else living.discard)(int(line[1:]))
for pid in living:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


class ToolGuard:
    """The process groups under way; several threads may change them at a time."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._pids: set[int] = set()

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that lead these groups."""
        return tuple(self._pids)

    def add(self, pid: int) -> None:
        """Guard the process group that a process leads."""
        self._pids.add(pid)
        self._tell(f"+{pid}")

    def discard(self, pid: int) -> None:
        """Guard a process group no longer, because it has ended."""
        self._pids.discard(pid)
        self._tell(f"-{pid}")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101  (for type checkers)
        os.write(self._process.stdin.fileno(), f"{line}\n".encode())


@contextmanager
def open_guard() -> Iterator[ToolGuard]:
    """Start a guard; on exit it kills the groups that are left, and ends."""
    process = subprocess.Popen(  # noqa: S603  (this interpreter and a constant)
        [sys.executable, "-I", "-S", "-c", GUARD],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield ToolGuard(process)
    finally:
        process.communicate()
