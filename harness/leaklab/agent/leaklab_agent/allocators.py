"""Statistics of the two allocators: glibc's malloc and pymalloc."""

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
FREE_LIST_LINE = b" bytes each"
GC_HEADER_BYTES = ALIGNMENT_BYTES = 16
MALLINFO2 = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"


class MallInfo2(ctypes.Structure):
    """`struct mallinfo2` of <malloc.h> (mallinfo(3)), glibc 2.33 and newer."""

    _fields_ = [(name, ctypes.c_size_t) for name in MALLINFO2.split()]


def libc_heap() -> tuple[Any, Any]:
    """Return glibc's mallinfo2 and malloc_trim, each None if the C library lacks it."""
    libc = ctypes.CDLL(None)
    mallinfo = getattr(libc, "mallinfo2", None)
    if mallinfo:
        mallinfo.restype = MallInfo2
    return mallinfo, getattr(libc, "malloc_trim", None)


class PymallocStats:
    """Reads the allocated and the free memory in pymalloc's arenas.

    The source is `sys._debugmallocstats`, which can write only to descriptor 2. Its text goes to a
    file in memory that stays mapped, and the numbers are parsed in place: a buffer that was
    allocated and freed at every reading left a trace in the heap that looked like a step.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._fd = channel.guard(os.memfd_create("statistics"))
        os.ftruncate(self._fd, STATISTICS_BYTES)
        self._text = mmap.mmap(self._fd, STATISTICS_BYTES)

    def read(self) -> dict[str, int]:
        """Return the statistics by their names in `leaklab.model.signals.Reading`.

        `pymalloc_bytes` are in allocated blocks. `arena_free_bytes` are in free blocks, both of
        pools in use and of unused pools. `free_list_blocks` and `free_list_bytes` are in the free
        lists of the interpreter's types, which pymalloc counts as allocated. The dict is empty if
        the statistics do not have the format of Python 3.8 to 3.13.
        """
        if not self._write():
            return {}
        values = {
            "pymalloc_bytes": self._number_after(b"bytes in allocated blocks"),
            "arena_free_bytes": self._number_after(b"bytes in available blocks")
            + self._number_after(b"unused pools"),
        }
        if NOT_READ in values.values():
            return {}
        values["free_list_blocks"], values["free_list_bytes"] = self._free_lists()
        return values

    def _write(self) -> bool:
        """Make the interpreter write its statistics; return whether it did."""
        write = getattr(sys, "_debugmallocstats", None)
        self._channel.verify()
        try:
            stderr = os.dup(2)
        except OSError:  # the program has closed it, or has no descriptor left
            return False
        os.lseek(self._fd, 0, os.SEEK_SET)
        os.dup2(self._fd, 2)
        try:
            if write:
                write()
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
        return write is not None

    def _number_after(self, label: bytes) -> int:
        line = self._text.find(label)
        equals = self._text.find(b"=", line)
        end = self._text.find(b"\n", equals)
        if -1 in (line, equals, end):
            return NOT_READ
        return int(self._text[equals + 1 : end].replace(b",", b""))

    def _free_lists(self) -> tuple[int, int]:
        """Sum the blocks and bytes of lines like `8 free 2-sized PyTupleObjects * 40 bytes each =
        320`.

        The printed size is that of the object alone. All types except float have the collector's
        header in front of the object, and pymalloc rounds the block up.
        """
        blocks = size = 0
        end = self._text.find(FREE_LIST_LINE)
        written = self._written_bytes()
        while 0 <= end < written:
            fields = self._text[self._text.rfind(b"\n", 0, end) + 1 : end].split()
            header = 0 if fields[-3] == b"PyFloatObjects" else GC_HEADER_BYTES
            block = -(-(int(fields[-1]) + header) // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
            blocks += int(fields[0])
            size += int(fields[0]) * block
            end = self._text.find(FREE_LIST_LINE, end + 1)
        return blocks, size

    def _written_bytes(self) -> int:
        """Return the length of the text; the bytes behind it are from an earlier reading."""
        return os.lseek(self._fd, 0, os.SEEK_CUR)
