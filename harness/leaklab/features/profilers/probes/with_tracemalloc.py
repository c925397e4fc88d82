"""tracemalloc: the difference of two snapshots by line, and the tracebacks of the first lines."""

from __future__ import annotations

import tracemalloc
from types import ModuleType

MAX_FRAMES = 10
MAX_DIFFERENCES = 10
MAX_TRACEBACKS = 3

_early: list[tracemalloc.Snapshot] = []


def begin(program: ModuleType | None) -> None:
    """Start tracing."""
    del program
    tracemalloc.start(MAX_FRAMES)


def warmed_up() -> None:
    """Take the first snapshot."""
    _early.append(tracemalloc.take_snapshot())


def finish(output: str) -> None:
    """Take the second snapshot, and print what was allocated in between and is still alive."""
    del output
    late = tracemalloc.take_snapshot()
    tracemalloc.stop()
    early, late = _without_own(_early[0]), _without_own(late)
    print("[ Top 10 differences ]")
    for line in late.compare_to(early, "lineno")[:MAX_DIFFERENCES]:
        print(line)
    by_traceback = [d for d in late.compare_to(early, "traceback") if d.size_diff > 0]
    for difference in by_traceback[:MAX_TRACEBACKS]:
        blocks, kib = difference.count_diff, difference.size_diff / 1024
        print(f"\n{blocks:+,} memory blocks: {kib:+.1f} KiB")
        print("\n".join(difference.traceback.format()))


def _without_own(snapshot: tracemalloc.Snapshot) -> tracemalloc.Snapshot:
    """Leave out the snapshots; filters allocate, so they come after the second snapshot."""
    own = [
        tracemalloc.Filter(inclusive=False, filename_pattern=path)
        for path in (tracemalloc.__file__, __file__)
    ]
    return snapshot.filter_traces(own)
