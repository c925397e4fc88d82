"""The interface of a platform's probes, which read other processes."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from leaklab.model.signals import Reading


class Descent(NamedTuple):
    """The parent of a process, and the start address of its stack.

    A forked process has the same stack start as its parent, and a process that executed a program
    has its own. The address is 0 if it cannot be read.
    """

    parent_pid: int
    stack_start: int


class Probes(Protocol):
    """Reads processes by their pids. The result is None if the process is gone or not readable."""

    def rss_bytes(self, pid: int) -> int | None:
        """Return RSS, shared pages included."""

    def high_water_bytes(self, pid: int) -> int | None:
        """Return the highest RSS since the process started, or since the mark was reset."""

    def pss_bytes(self, pid: int) -> int | None:
        """Return PSS: resident memory, each page divided by its number of users."""

    def cpu_seconds(self, pid: int) -> float | None:
        """Return the user and system time that the process has taken so far."""

    def reading(self, pid: int) -> Reading | None:
        """Return all signals of a process that can be read from outside."""

    def cheap_reading(self, pid: int) -> Reading | None:
        """Return RSS, VMS and the shared memory in RSS, which cost the same for a process of any
        size."""

    def descent(self, pid: int) -> Descent | None:
        """Return the parent and the stack start of a process."""

    def sum_readings(self, readings: Iterable[Reading]) -> Reading:
        """Return the sums over processes."""

    def segment_names(self, pid: int) -> frozenset[str]:
        """Return the names of the shared-memory segments that a process can see."""

    def shared_memory_bytes(self, pid: int) -> int | None:
        """Return the bytes of the files that a process can see in /dev/shm."""

    def descendants(self, pid: int, max_pids: int) -> list[int]:
        """Return the living descendants of a process. The walk may end once it has more than
        `max_pids`."""

    def command_line(self, pid: int) -> str:
        """Return the command line of a process on one line; empty if it is gone."""

    def require_readable(self, pid: int) -> None:
        """Require a process with readable memory.

        Raises:
            BadInput: The process belongs to another user, has ended, or is a kernel thread.
        """
