"""The resources: the signals that judge each one, its noise floor and its limit."""

from leaklab.model.scenario import Resource
from leaklab.model.signals import Signal
from leaklab.model.units import MIB, PAGE_BYTES
from leaklab.verdict.octaves import BLOCKS

# The noise floor is one smallest item per block of an octave, below which growth is chance:
# glibc's smallest chunk is 32 bytes; of blocks and descriptors it is one. RSS moves by whole arenas
# of pymalloc.
NOISE_FLOOR = {
    Signal.IN_USE: BLOCKS * 32.0,
    Signal.HEAP: BLOCKS * 32.0,
    Signal.BLOCKS: BLOCKS * 1.0,
    Signal.ANON: float(MIB),
    Signal.PSS_ANON: float(MIB),
    Signal.PSS: float(MIB),
    Signal.RSS: float(MIB),
    Signal.USS: float(MIB),
    Signal.VMS: float(MIB),
    Signal.SHARED: float(MIB),
    Signal.DESCRIPTORS: BLOCKS * 1.0,
    Signal.SOCKETS: BLOCKS * 1.0,
    Signal.THREADS: BLOCKS * 1.0,
    Signal.PROCESSES: BLOCKS * 1.0,
    Signal.ZOMBIES: BLOCKS * 1.0,
    Signal.SEGMENTS: BLOCKS * 1.0,
    Signal.TMPFS: BLOCKS * float(PAGE_BYTES),
    Signal.SHMEM: float(MIB),
}

# The noise floor of anonymous memory that rises in order: a page per block.
NOISE_FLOOR_IN_PAGES = BLOCKS * float(PAGE_BYTES)

# The signals that decide on each resource; the others are judged and reported only.
COUNTED = {
    Resource.DESCRIPTORS: (Signal.DESCRIPTORS,),
    Resource.SOCKETS: (Signal.SOCKETS,),
    Resource.THREADS: (Signal.THREADS,),
    Resource.PROCESSES: (Signal.PROCESSES,),
    Resource.SHARED_MEMORY: (Signal.SEGMENTS, Signal.TMPFS),
}
SIGNALS_OF = {Resource.MEMORY: (Signal.HEAP, Signal.BLOCKS, Signal.ANON), **COUNTED}
SIGNALS_OF_TREE = {
    Resource.MEMORY: (Signal.PSS_ANON, Signal.PSS),
    **COUNTED,
    Resource.SHARED_MEMORY: (*COUNTED[Resource.SHARED_MEMORY], Signal.SHMEM),
}

# Steady growth to this share of a limit is a leak, because limits are set so that no program needs
# as much without a leak.
EXTREME_SHARE = 0.5

# The limit of threads (`sandbox/cgroups.py` limits tasks: processes and threads).
MAX_THREADS = 4096.0


def resource_limits(
    memory_bytes: float, processes: float, descriptors: float
) -> dict[Resource, float]:
    """Return the limit of each resource of a run, in bytes or pieces."""
    return {
        Resource.MEMORY: float(memory_bytes),
        Resource.DESCRIPTORS: float(descriptors),
        Resource.SOCKETS: float(descriptors),
        Resource.THREADS: MAX_THREADS,
        Resource.PROCESSES: float(processes),
        Resource.SHARED_MEMORY: 16_384.0,
    }


# The limits of old results, which do not name them.
DEFAULT_RESOURCE_LIMITS = resource_limits(memory_bytes=1 << 30, processes=256, descriptors=16_384)

SIGNAL_LABELS = {
    Signal.RSS: "RSS",
    Signal.PSS: "PSS",
    Signal.PSS_ANON: "PSS without files",
    Signal.USS: "USS",
    Signal.VMS: "VMS",
    Signal.SHARED: "shared memory in RSS",
    Signal.ANON: "anonymous RSS",
    Signal.IN_USE: "memory in use",
    Signal.HEAP: "heap in use",
    Signal.BLOCKS: "allocated blocks",
    Signal.DESCRIPTORS: "descriptors",
    Signal.SOCKETS: "sockets",
    Signal.THREADS: "threads",
    Signal.PROCESSES: "processes",
    Signal.ZOMBIES: "zombies",
    Signal.SEGMENTS: "shared-memory segments",
    Signal.TMPFS: "bytes in /dev/shm",
    Signal.SHMEM: "shared memory of the cgroup",
}
