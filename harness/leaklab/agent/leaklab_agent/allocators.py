"""What the two allocators say of themselves: glibc's malloc, and pymalloc."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys

from .layout import NOT_READ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .channel import Channel

STATISTICS_BYTES = 1 << 16
MALLINFO2 = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"


class MallInfo2(ctypes.Structure):
    """`struct mallinfo2` of <malloc.h> (mallinfo(3)), glibc 2.33 and newer."""

    _fields_ = [(name, ctypes.c_size_t) for name in MALLINFO2.split()]


def libc_heap() -> tuple[Any, Any]:
    """glibc's mallinfo2 and malloc_trim, or None for each that the C library lacks."""
    libc = ctypes.CDLL(None)
    mallinfo = getattr(libc, "mallinfo2", None)
    if mallinfo:
        mallinfo.restype = MallInfo2
    return mallinfo, getattr(libc, "malloc_trim", None)


class PymallocStats:
    """Reads what is free in pymalloc's arenas: from `sys._debugmallocstats`, which writes to
    descriptor 2 and nowhere else.

    The text goes to a file in memory that stays mapped, and numbers are cut out of it in place: a
    buffer that came and went left a trace in the heap, which looked like a step.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._fd = channel.guard(os.memfd_create("statistics"))
        os.ftruncate(self._fd, STATISTICS_BYTES)
        self._text = mmap.mmap(self._fd, STATISTICS_BYTES)

    def free_bytes(self) -> int:
        """Bytes in free blocks, of pools in use and of pools without any block in use; NOT_READ if
        the statistics are not written as Python 3.8 to 3.13 write them."""
        write = getattr(sys, "_debugmallocstats", None)
        self._channel.verify()
        try:
            stderr = os.dup(2)
        except OSError:  # the program has closed it, or has no descriptor left
            return NOT_READ
        os.lseek(self._fd, 0, os.SEEK_SET)
        os.dup2(self._fd, 2)
        try:
            if write:
                write()
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
        in_used_pools = self._number_after(b"bytes in available blocks")
        in_unused_pools = self._number_after(b"unused pools")
        if NOT_READ in (in_used_pools, in_unused_pools):
            return NOT_READ
        return in_used_pools + in_unused_pools

    def _number_after(self, label: bytes) -> int:
        line = self._text.find(label)
        equals = self._text.find(b"=", line)
        end = self._text.find(b"\n", equals)
        if -1 in (line, equals, end):
            return NOT_READ
        return int(self._text[equals + 1 : end].replace(b",", b""))
