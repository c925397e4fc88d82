"""The profilers that `leaklab profile --with` knows."""

from leaklab.features.profilers.memory_profiler_lines import MemoryProfilerLines
from leaklab.features.profilers.mprof import Mprof
from leaklab.features.profilers.profiler import Profiler
from leaklab.features.profilers.with_fil import Fil
from leaklab.features.profilers.with_guppy import Guppy
from leaklab.features.profilers.with_memray import Memray
from leaklab.features.profilers.with_objgraph import Objgraph
from leaklab.features.profilers.with_psleak import Psleak
from leaklab.features.profilers.with_pympler import Pympler
from leaklab.features.profilers.with_scalene import Scalene
from leaklab.features.profilers.with_tracemalloc import Tracemalloc

PROFILERS: dict[str, Profiler] = {
    "tracemalloc": Tracemalloc(),
    "memory_profiler": MemoryProfilerLines(),
    "mprof": Mprof(),
    "memray": Memray(),
    "objgraph": Objgraph(),
    "pympler": Pympler(),
    "guppy3": Guppy(),
    "scalene": Scalene(),
    "fil": Fil(),
    "psleak": Psleak(),
}
