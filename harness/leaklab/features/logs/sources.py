"""The lines of logs: of files, of compressed files, and of a stream, in bounded memory.

A log may have gigabytes, and may have no lines at all. Blocks of bytes without a record are passed
over as a whole, and a line that is longer than any record is left out.
"""

import gzip
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader, FileIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from leaklab.features.logs.records import has_mark
from leaklab.model.errors import BadInput

BLOCK_BYTES = 1 << 18
# A record of 25 frames has some 3 KB.
MAX_LINE_BYTES = 1 << 16
GZIP = b"\x1f\x8b"
# The programs that make text of other files, by the first bytes of these.
CONVERTERS = {
    b"BZh": "bzcat",
    b"\xfd7zXZ": "xzcat",
    b"(\xb5/\xfd": "zstdcat",
    b"\xff\xfe": "iconv -f UTF-16 -t UTF-8",
    b"\xfe\xff": "iconv -f UTF-16 -t UTF-8",
}
MAX_SIGNATURE_BYTES = max(map(len, CONVERTERS))
STDIN = Path("-")
REMEDY = "name a log file, or - for standard input"

# Waits until a descriptor can be read, or without one for a while; returns whether to go on.
Wait = Callable[[int | None], bool]


class Batch(NamedTuple):
    """Some lines of a log.

    Attributes:
        lines: Those that may have a record.
        passed: How many lines there were in all.
        ended: Whether the last of them has its end.
    """

    lines: list[bytes]
    passed: int
    ended: bool = True


class LineSplitter:
    """Splits blocks of bytes into lines."""

    def __init__(self) -> None:
        """Begin at the beginning of a line."""
        self._rest = b""
        self._too_long = False

    def split(self, block: bytes) -> Batch:
        """Return the lines that end in a block."""
        count = block.count(b"\n")
        if not count:
            self._keep(self._rest + block)
            return Batch([], 0)
        end = block.rindex(b"\n")
        complete = block[:end] if self._too_long else self._rest + block[:end]
        lines = complete.split(b"\n") if has_mark(complete) else []
        # The end of a line that was too long is not a line.
        lines = lines[1:] if self._too_long and lines else lines
        self._too_long = False
        self._keep(block[end + 1 :])
        return Batch([line for line in lines if len(line) <= MAX_LINE_BYTES], count)

    def last(self) -> Batch:
        """Return the line that has no end, if there is one."""
        if not self._rest and not self._too_long:
            return Batch([], 0)
        return Batch([self._rest] if self._rest else [], 1, ended=False)

    def _keep(self, rest: bytes) -> None:
        self._too_long = self._too_long or len(rest) > MAX_LINE_BYTES
        self._rest = b"" if self._too_long else rest


def read_batches(path: Path) -> Iterator[Batch]:
    """Yield the lines of a log.

    Args:
        path: A file, also one that gzip has compressed; `-` is standard input.

    Raises:
        BadInput: It cannot be read, it is not text, or what gzip has compressed is damaged.
    """
    splitter = LineSplitter()
    with _opened(path) as file:
        while block := _block(file, path):
            yield splitter.split(block)
    yield splitter.last()


def follow_batches(path: Path, wait: Wait) -> Iterator[Batch]:
    """Yield the lines of a log as they are written, until `wait` says that it is enough.

    A file that is replaced or emptied, as by a rotation of logs, is followed by the new one.

    Args:
        path: A file, or `-` for standard input. A pipe is read to its end.
        wait: Called with a descriptor before each block is read, and with None at a file's end.

    Raises:
        BadInput: It cannot be read.
    """
    splitter = LineSplitter()
    fd = _open(path)
    try:
        while wait(fd):
            was_replaced = _was_replaced(fd, path)  # before the file's end is read
            if block := os.read(fd, BLOCK_BYTES):
                yield splitter.split(block)
            elif not stat.S_ISREG(os.fstat(fd).st_mode):
                break
            elif was_replaced:
                os.close(fd)
                fd = _open(path)
                yield splitter.last()
                splitter = LineSplitter()
            elif not wait(None):
                break
    finally:
        os.close(fd)
    yield splitter.last()


def _open(path: Path) -> int:
    try:
        fd = os.dup(sys.stdin.fileno()) if path == STDIN else os.open(path, os.O_RDONLY)
        os.read(fd, 0)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; {REMEDY}") from error
    return fd


def _was_replaced(fd: int, path: Path) -> bool:
    """Return whether a file is another one now, or shorter than what was read of it.

    A new file counts once something is in it: until then, the service still writes to the old one.
    A file that is emptied and written to the same length between two calls is not noticed.
    """
    if path == STDIN:
        return False
    try:
        now = path.stat()
    except OSError:
        return False  # between the removal of the old file and the making of the new one
    before = os.fstat(fd)
    if (now.st_dev, now.st_ino) != (before.st_dev, before.st_ino):
        return now.st_size > 0
    return now.st_size < os.lseek(fd, 0, os.SEEK_CUR)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with BufferedReader(FileIO(_open(path))) as file:
        begin = file.peek(MAX_SIGNATURE_BYTES)
        _require_text(begin, path)
        if not begin.startswith(GZIP):
            yield file
            return
        with gzip.open(file) as unpacked:
            yield unpacked  # type: ignore[misc]  # a GzipFile is read as a file is


def _require_text(begin: bytes, path: Path) -> None:
    """Refuse a file that another program must convert first, by its first bytes."""
    for signature, converter in CONVERTERS.items():
        if begin.startswith(signature):
            raise BadInput(f"{path} is not text: use '{converter} {path} | leaklab logs'")


def _block(file: BinaryIO, path: Path) -> bytes:
    try:
        return file.read(BLOCK_BYTES)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(f"{path}: its compressed part is damaged: {error}; unpack it") from error
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; {REMEDY}") from error
