"""What tracemalloc costs: the same work without it, and with 1 and with 25 frames.

The work is of two kinds: many small objects, and few large buffers that are filled.
"""

import json
import sys
import time
import tracemalloc
from collections.abc import Callable

TRACED_ROUNDS = 3
TRACED_FRAMES = (0, 1, 25)


def many_small_objects() -> None:
    """Make 200,000 strings."""
    len([f"order {number}" for number in range(200_000)])


def few_large_buffers() -> None:
    """Fill 500 buffers of 4 MB."""
    for _ in range(500):
        len(b"x" * 4_000_000)


def traced_cpu_seconds(work: Callable[[], None], frames: int) -> float:
    """Return the CPU time of some work, traced with this many frames; 0 is without."""
    if frames:
        tracemalloc.start(frames)
    began = time.process_time()
    work()
    taken = time.process_time() - began
    tracemalloc.stop()
    return taken


def main() -> None:
    """Print the least CPU time of alternating rounds, by the work and the frames."""
    figures = {}
    for name, work in (("small", many_small_objects), ("large", few_large_buffers)):
        rounds = [
            [traced_cpu_seconds(work, frames) for frames in TRACED_FRAMES]
            for _ in range(TRACED_ROUNDS)
        ]
        figures[name] = [min(taken) for taken in zip(*rounds, strict=True)]
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
