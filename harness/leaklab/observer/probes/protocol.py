"""What is read of other processes: the interface of a platform's probes."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from leaklab.model.signals import Reading


class Descent(NamedTuple):
    """A process's parent, and where its stack starts: a mark that a fork has in common with its
    parent, and that a program which was executed has alone; 0 where it cannot be known."""

    parent_pid: int
    stack_start: int


class Probes(Protocol):
    """Reads processes by their pids. A process that is gone, or that may not be read, has None."""

    def rss_bytes(self, pid: int) -> int | None:
        """Resident memory, shared pages included."""

    def high_water_bytes(self, pid: int) -> int | None:
        """The most that was resident since the process began, or since its mark was reset."""

    def pss_bytes(self, pid: int) -> int | None:
        """Proportional set size: resident memory, each page divided by its number of users."""

    def cpu_seconds(self, pid: int) -> float | None:
        """User and system time taken so far."""

    def reading(self, pid: int) -> Reading | None:
        """All that can be read of one process from outside."""

    def cheap_reading(self, pid: int) -> Reading | None:
        """What of it costs the same for a process of any size: RSS, VMS, and the shared memory in
        RSS."""

    def descent(self, pid: int) -> Descent | None:
        """Where a process comes from."""

    def sum_readings(self, readings: Iterable[Reading]) -> Reading:
        """The sums over processes."""

    def segment_names(self, pid: int) -> frozenset[str]:
        """The names of the shared-memory segments that a process can see."""

    def shared_memory_bytes(self, pid: int) -> int | None:
        """What the files take that a process can see in /dev/shm."""

    def descendants(self, pid: int, enough: int) -> list[int]:
        """The living processes below one, without itself; the walk may end once there are more than
        `enough`."""

    def command_line(self, pid: int) -> str:
        """The words of a process on one line; empty if it is gone."""

    def require_readable(self, pid: int) -> None:
        """Stop at a process that has no memory to be read.

        Raises:
            BadInput: it belongs to another user, has ended, or is a kernel thread.
        """
