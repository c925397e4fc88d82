"""What is read of a process, or of a tree of them: the signals, one reading of them, a series."""

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct


class Signal(StrEnum):
    """A quantity that is read again and again; its name is its column in `Samples`."""

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
        """Whether it is an amount of memory; else it is a number of pieces."""
        return self.value.endswith("_bytes")


# Those that are read; the others are made of several readings.
READ = tuple(signal for signal in Signal if signal not in (Signal.ANON, Signal.IN_USE))


class Reading(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The signals at one moment, where they were read; None where they were not.

    rss_bytes: resident memory, shared pages included. The kernel's counters, which are kept per
        CPU and summed up roughly: an estimate (off by some 100 KiB) where a process moves between
        CPUs.
    pss_bytes: resident memory, each page divided by the number of its users: an estimate where
        users come and go while the page table is walked, and so is
    uss_bytes: resident memory that the process has alone.
    pss_anon_bytes: what of PSS is no page of a file (Pss_Anon + Pss_Shmem): strangers share files
        with us, interpreter and libraries, and come and go; this they do not move.
    vms_bytes: mapped addresses, whether or not anything is behind them: exact.
    shared_bytes: resident memory that belongs to files or shared segments (the kernel's
        RssFile + RssShmem); an estimate as rss_bytes is.
    shmem_bytes: of shared_bytes of one process, what is shared memory (RssShmem); of a tree all
        that is charged to its cgroup, whether or not anything has it mapped.
    heap_bytes: what malloc has handed out (mallinfo2: uordblks + hblkhd), without pymalloc's
        arenas: exact.
    blocks: what pymalloc and the object allocators have handed out (`sys.getallocatedblocks`):
        exact.
    descriptors, sockets: open descriptors, and those of them that are sockets: exact.
    threads: exact.
    processes: of one process its children, of a tree all that are in it; ended ones that nobody
        waited for (`zombies`) included: exact at the moment of each look.
    segments: files in /dev/shm that were not there before, named semaphores among them;
        tmpfs_bytes: what they take. Exact where the run has a /dev/shm of its own
        (`Controls.own_shared_memory`), else other programs' are counted, too.
    heap_free_bytes, arena_free_bytes: what malloc, and pymalloc's arenas, hold without having
        handed it out.
    pymalloc_bytes: what pymalloc has handed out. It and arena_free_bytes are the interpreter's own
        count (`sys._debugmallocstats`), exact, and so are
    free_list_blocks, free_list_bytes: what of it lies in the free lists of the interpreter's types,
        for reuse: nobody's, though it counts as handed out.
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
        """Resident memory that no file and no shared segment is behind (the kernel's RssAnon)."""
        if self.rss_bytes is None or self.shared_bytes is None:
            return None
        return self.rss_bytes - self.shared_bytes


Column: TypeAlias = list[int | None]


class Samples(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A series, by columns: `units[i]` is the work done when row i was read.

    The columns are those of `Reading`; an empty one was never read. None: not read at that row,
    because the probe would have cost too much or does not exist here.
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
        """The values of one signal, row by row; empty where it was never read. Anonymous memory is
        had from RSS and the shared memory in it."""
        if signal is Signal.ANON:
            pairs = zip(self.rss_bytes, self.shared_bytes, strict=False)
            return [None if r is None or s is None else r - s for r, s in pairs]
        values: Column = getattr(self, signal.value, [])
        return values
