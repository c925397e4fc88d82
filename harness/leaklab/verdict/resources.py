"""The resources: by which signals each is judged, and what of it is too little, or too much."""

from leaklab.model.scenario import Resource
from leaklab.model.signals import Signal
from leaklab.model.units import MIB
from leaklab.verdict.octaves import BLOCKS

# Growth smaller than one smallest thing per block of an octave is not told from chance: glibc's
# smallest chunk is 32 bytes, a block or a descriptor is one. RSS moves by pymalloc's arenas.
FLOOR = {
    Signal.HEAP: BLOCKS * 32.0,
    Signal.BLOCKS: BLOCKS * 1.0,
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
}

# By resource the signals that decide; the others are judged and shown beside them.
COUNTED = {
    Resource.DESCRIPTORS: (Signal.DESCRIPTORS,),
    Resource.SOCKETS: (Signal.SOCKETS,),
    Resource.THREADS: (Signal.THREADS,),
    Resource.PROCESSES: (Signal.PROCESSES,),
    Resource.SHARED_MEMORY: (Signal.SEGMENTS,),
}
SIGNALS_OF = {Resource.MEMORY: (Signal.HEAP, Signal.BLOCKS, Signal.RSS), **COUNTED}
SIGNALS_OF_TREE = {Resource.MEMORY: (Signal.PSS_ANON, Signal.PSS), **COUNTED}

# So much of a resource nothing innocent in a catalogue keeps (CONTRIBUTING.md asks for it): half of
# the 1 GiB that a run may take, a quarter of the descriptors, threads and processes.
EXTREME = {
    Resource.MEMORY: 512.0 * MIB,
    Resource.DESCRIPTORS: 4096.0,
    Resource.SOCKETS: 4096.0,
    Resource.THREADS: 1024.0,
    Resource.PROCESSES: 64.0,
    Resource.SHARED_MEMORY: 4096.0,
}

LABEL = {
    Signal.RSS: "RSS",
    Signal.PSS: "PSS",
    Signal.PSS_ANON: "PSS without files",
    Signal.USS: "USS",
    Signal.VMS: "VMS",
    Signal.SHARED: "shared memory in RSS",
    Signal.HEAP: "heap in use",
    Signal.BLOCKS: "allocated blocks",
    Signal.DESCRIPTORS: "descriptors",
    Signal.SOCKETS: "sockets",
    Signal.THREADS: "threads",
    Signal.PROCESSES: "processes",
    Signal.ZOMBIES: "zombies",
    Signal.SEGMENTS: "shared-memory segments",
}
