"""The standard streams, usable even if the shell closed them; a failed write is an error."""

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
    """The output could not be written, so the exit code must not report success."""


class ReaderGone(OutputLost):
    """The reader closed the pipe: there is no point in a message."""


class _StrictOutput(io.FileIO):
    """Standard output that raises `OutputLost`, so that its errors differ from those of files."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write all or a part of the data, and return the number of bytes that were written.

        Raises:
            OutputLost: The output cannot be written; `ReaderGone` if its reader is gone.
        """
        try:
            return super().write(data) or 0
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise ReaderGone("the reader of the output is gone") from error
            lost = f"the output could not be written: {error.strerror}"
            raise OutputLost(f"{lost}; free space, or redirect it elsewhere") from error


def install() -> None:
    """Make the three streams safe to use.

    A closed stream is opened on /dev/null, so that no file of the lab gets its number. Standard
    output writes `?` for a character that its encoding lacks, and raises `OutputLost` if a write
    fails.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number: this one
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    with contextlib.suppress(AttributeError, OutputLost):
        sys.stdout.flush()
    out = io.BufferedWriter(_StrictOutput(1, "w", closefd=False))
    sys.stdout = io.TextIOWrapper(
        out, encoding=encoding, errors="replace", line_buffering=out.isatty()
    )
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def flush() -> None:
    """Write buffered output.

    Raises:
        OutputLost: The output cannot be written.
    """
    sys.stdout.flush()


def to_devnull(fd: int) -> None:
    """Redirect a failed stream to /dev/null, or the interpreter would retry it at its exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, fd)
    os.close(nowhere)


def write_stderr(text: str) -> None:
    """Write to standard error; a failure is ignored because it cannot be reported."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        to_devnull(2)
