"""Ask the kernel to evict pages of a file and pages of shared memory, and see which stay.

`evicted.py BYTES` maps a file of the current folder and an anonymous shared mapping, asks for the
eviction of both (MADV_PAGEOUT), and counts the pages that are still in memory (mincore).
"""

import ctypes
import json
import mmap
import os
import sys
import tempfile

# linux/mman.h, since Linux 5.4.
MADV_PAGEOUT = 21


def kept_after_eviction(mapping: mmap.mmap) -> int:
    """Return the bytes of a mapping that are still in memory after the kernel evicted it."""
    pages = len(mapping) // mmap.PAGESIZE
    mapping.madvise(MADV_PAGEOUT)
    libc = ctypes.CDLL(None, use_errno=True)
    states = (ctypes.c_ubyte * pages)()
    first = ctypes.c_char.from_buffer(mapping)
    failed = libc.mincore(
        ctypes.c_void_p(ctypes.addressof(first)), ctypes.c_size_t(len(mapping)), states
    )
    if failed:
        raise OSError(ctypes.get_errno(), "mincore failed")
    return sum(state & 1 for state in states) * mmap.PAGESIZE


def main() -> None:
    """Print the bytes that stayed of each."""
    size = int(sys.argv[1])
    with tempfile.TemporaryFile(dir=".") as file:
        file.write(b"x" * size)
        file.flush()
        os.fsync(file.fileno())
        of_file = mmap.mmap(file.fileno(), size)
        sum(of_file[i] for i in range(0, size, mmap.PAGESIZE))
        shared = mmap.mmap(-1, size)
        shared.write(b"x" * size)
        figures = {
            "size_bytes": size,
            "file_kept_bytes": kept_after_eviction(of_file),
            "shared_kept_bytes": kept_after_eviction(shared),
        }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
