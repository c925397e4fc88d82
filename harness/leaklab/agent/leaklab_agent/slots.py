"""Memory for what is kept from one sample to the next."""

from __future__ import annotations

import mmap


def int64_slots(count: int) -> memoryview:
    """Signed 64-bit integers, all 0, outside the Python heap: an int that is kept between samples
    can be the last live object of an arena, and so keep 1 MiB from being freed.

    They are private to the process, or a child that the program forks would write to its parent's.
    """
    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    return memoryview(mmap.mmap(-1, 8 * count, flags=private)).cast("q")
