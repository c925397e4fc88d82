"""Memory for integers that are kept from one sample to the next."""

from __future__ import annotations

import mmap


def int64_slots(count: int) -> memoryview:
    """Preallocate signed 64-bit integers, all 0, outside the Python heap.

    An int object kept between samples can be the last live object of an arena and pin 1 MiB. The
    memory is private to the process; otherwise a child that the program forks would write to the
    memory of its parent.
    """
    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    return memoryview(mmap.mmap(-1, 8 * count, flags=private)).cast("q")
