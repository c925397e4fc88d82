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
    _snapshot()  # compiles the patterns of the filters, which would be in the difference


def warmed_up() -> None:
    """Take the first snapshot."""
    _early.append(_snapshot())


def finish(output: str) -> None:
    """Take the second snapshot, and print what was allocated in between and is still alive."""
    del output
    late = _snapshot()
    tracemalloc.stop()
    print("[ Top 10 differences ]")
    for line in late.compare_to(_early[0], "lineno")[:MAX_DIFFERENCES]:
        print(line)
    by_traceback = [d for d in late.compare_to(_early[0], "traceback") if d.size_diff > 0]
    for difference in by_traceback[:MAX_TRACEBACKS]:
        blocks, kib = difference.count_diff, difference.size_diff / 1024
        print(f"\n{blocks:+,} memory blocks: {kib:+.1f} KiB")
        print("\n".join(difference.traceback.format()))


def _snapshot() -> tracemalloc.Snapshot:
    own = [
        tracemalloc.Filter(inclusive=False, filename_pattern=path)
        for path in (tracemalloc.__file__, __file__)
    ]
    return tracemalloc.take_snapshot().filter_traces(own)
