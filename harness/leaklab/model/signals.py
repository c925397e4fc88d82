"""The signals of a process or a tree of processes, one reading of them, and a series."""

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct


class Signal(StrEnum):
    """A quantity that is read repeatedly; its value is the name of its column in `Samples`."""

    RSS = "rss_bytes"
    ANON = "anon_bytes"
    IN_USE = "in_use_bytes"
    PSS = "pss_bytes"
    PSS_ANON = "pss_anon_bytes"
    USS = "uss_bytes"
    VMS = "vms_bytes"
    SHARED = "shared_bytes"
    HEAP = "heap_bytes"
    BLOCKS = "blocks"
    DESCRIPTORS = "descriptors"
    SOCKETS = "sockets"
    THREADS = "threads"
    PROCESSES = "processes"
    ZOMBIES = "zombies"
    SEGMENTS = "segments"
    TMPFS = "tmpfs_bytes"
    SHMEM = "shmem_bytes"

    @property
    def in_bytes(self) -> bool:
        """Whether it is an amount of memory in bytes; otherwise it is a number of pieces."""
        return self.value.endswith("_bytes")


# The signals that are read directly; the others are computed from several readings.
READ = tuple(signal for signal in Signal if signal not in (Signal.ANON, Signal.IN_USE))


class Reading(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The signals at one moment; None for those that were not read.

    Attributes:
        rss_bytes: Resident memory with shared pages. An estimate, off by some 100 KiB where a
            process moves between CPUs, because the kernel counts it per CPU.
        pss_bytes: Resident memory, each page divided by the number of its users. An estimate where
            users start or end while the kernel walks the page table.
        pss_anon_bytes: PSS without the pages of files (Pss_Anon + Pss_Shmem), which does not
            change when unrelated processes map the same libraries.
        uss_bytes: Resident memory that no other process maps. An estimate as `pss_bytes`.
        vms_bytes: Mapped addresses, used or not. Exact.
        shared_bytes: Resident memory of files and shared segments (RssFile + RssShmem). An
            estimate as `rss_bytes`.
        heap_bytes: Memory that malloc has allocated (mallinfo2: uordblks + hblkhd), without
            pymalloc's arenas. Exact.
        blocks: Blocks that pymalloc and the object allocators have allocated
            (`sys.getallocatedblocks`). Exact.
        descriptors: Open descriptors. Exact.
        sockets: Open descriptors that are sockets. Exact.
        threads: Threads. Exact.
        processes: The children of a process, or all processes of a tree, zombies included. Exact
            at the moment of the reading.
        zombies: Children that ended and were not waited for. Exact as `processes`.
        segments: New files in /dev/shm, including named semaphores. Exact where the run has a
            private /dev/shm (`Controls.own_shared_memory`); otherwise other programs' files count.
        tmpfs_bytes: The size of these files. Exact as `segments`.
        shmem_bytes: For a process, the part of `shared_bytes` that is shared memory (RssShmem); for
            a tree, all shared memory of its cgroup, mapped or not.
        heap_free_bytes: Free memory in malloc's heap.
        pymalloc_bytes: Memory that pymalloc has allocated (`sys._debugmallocstats`). Exact.
        arena_free_bytes: Free memory in pymalloc's arenas. Exact.
        free_list_blocks: Allocated blocks in the free lists of the interpreter's types, which are
            kept for reuse. Exact.
        free_list_bytes: The size of these blocks. Exact.
    """

    rss_bytes: int | None = None
    pss_bytes: int | None = None
    pss_anon_bytes: int | None = None
    uss_bytes: int | None = None
    vms_bytes: int | None = None
    shared_bytes: int | None = None
    heap_bytes: int | None = None
    blocks: int | None = None
    descriptors: int | None = None
    sockets: int | None = None
    threads: int | None = None
    processes: int | None = None
    zombies: int | None = None
    segments: int | None = None
    tmpfs_bytes: int | None = None
    shmem_bytes: int | None = None
    heap_free_bytes: int | None = None
    pymalloc_bytes: int | None = None
    arena_free_bytes: int | None = None
    free_list_blocks: int | None = None
    free_list_bytes: int | None = None

    @property
    def anon_bytes(self) -> int | None:
        """Resident memory without files and shared segments (RssAnon); None if not read."""
        if self.rss_bytes is None or self.shared_bytes is None:
            return None
        return self.rss_bytes - self.shared_bytes


Column: TypeAlias = list[int | None]


class Samples(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A series by columns: `units[i]` is the work done when row i was read.

    The columns are the fields of `Reading`. An empty column was never read. None in a row means
    that the signal was not read there, because its probe costs too much or does not exist here.
    """

    units: list[int] = []
    rss_bytes: Column = []
    pss_bytes: Column = []
    pss_anon_bytes: Column = []
    uss_bytes: Column = []
    vms_bytes: Column = []
    shared_bytes: Column = []
    heap_bytes: Column = []
    blocks: Column = []
    descriptors: Column = []
    sockets: Column = []
    threads: Column = []
    processes: Column = []
    zombies: Column = []
    segments: Column = []
    tmpfs_bytes: Column = []
    shmem_bytes: Column = []

    def column(self, signal: Signal) -> Column:
        """Return the values of one signal by row; empty where it was never read.

        Anonymous memory is RSS less the shared memory in it.
        """
        if signal is Signal.ANON:
            pairs = zip(self.rss_bytes, self.shared_bytes, strict=False)
            return [None if r is None or s is None else r - s for r, s in pairs]
        values: Column = getattr(self, signal.value, [])
        return values
