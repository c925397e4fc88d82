"""The standard streams: there even where the shell closed them, and loud where they fail."""

import contextlib
import errno
import io
import os
import sys
from typing import TYPE_CHECKING

from leaklab.model.errors import NotMeasured

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class OutputLost(NotMeasured):
    """What a command had to say could not be written, so its exit code must not say all is well."""


class ReaderGone(OutputLost):
    """Whoever read the output has seen enough; there is nobody left to tell."""


class _Loud(io.FileIO):
    """A file whose failures cannot be taken for those of the lab's own files."""

    def write(self, words: "ReadableBuffer", /) -> int:
        try:
            return super().write(words) or 0
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise ReaderGone("the reader of the output is gone") from error
            raise OutputLost(f"the output could not be written: {error.strerror}") from error


def install() -> None:
    """Make the three streams safe to use.

    A missing one is opened on nothing, so that no file of the lab's gets its number. Standard
    output writes `?` for what its encoding lacks, and raises `OutputLost` where it fails.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    with contextlib.suppress(AttributeError, OutputLost):
        sys.stdout.flush()
    out = io.BufferedWriter(_Loud(1, "w", closefd=False))
    sys.stdout = io.TextIOWrapper(
        out, encoding=encoding, errors="replace", line_buffering=out.isatty()
    )
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def flush() -> None:
    """Write what is held back.

    Raises:
        OutputLost: it cannot be written.
    """
    sys.stdout.flush()


def to_devnull(fd: int) -> None:
    """Send a stream that failed to nowhere, or the interpreter's exit would try it once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, fd)
    os.close(nowhere)


def write_stderr(text: str) -> None:
    """Write to standard error; where that cannot be written, there is nobody to tell."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        to_devnull(2)
