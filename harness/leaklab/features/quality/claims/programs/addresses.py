"""Reserve addresses and touch none of them, until the kernel refuses, and print what it took."""

import json
import mmap
import os
import sys

RESERVED_BYTES = 1 << 30
# 256 TiB: more than the addresses of a process on x86-64 with four levels of page tables.
MAX_BLOCKS = 1 << 18


def resident_bytes(statm: int) -> int:
    """Return the resident memory of this process, from a descriptor that is open already."""
    return int(os.pread(statm, 100, 0).split()[1]) * mmap.PAGESIZE


def main() -> None:
    """Print how much was reserved, what it added to RES, and the kernel's message."""
    statm = os.open("/proc/self/statm", os.O_RDONLY)
    before = resident_bytes(statm)
    reserved: list[mmap.mmap] = []
    refusal = ""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    try:
        while len(reserved) < MAX_BLOCKS:
            reserved.append(mmap.mmap(-1, RESERVED_BYTES, flags=flags, prot=mmap.PROT_READ))
    except OSError as error:
        refusal = error.strerror or str(error)
    added, count = resident_bytes(statm) - before, len(reserved)
    # Python needs addresses to end.
    reserved.clear()
    figures = {"reserved_gib": count, "added_rss_bytes": added, "refusal": refusal}
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
