"""The output of a supervised command: a file that is read by its descriptor.

The command knows the path of its output, and may put a pipe, a link or another file there. The
descriptor was opened before the command began, so that it always refers to the lab's own file.
"""

import os
from pathlib import Path

# More is never read, however much was printed.
MAX_READ_BYTES = 1 << 20


class OutputFile:
    """The file that a command's output is appended to; a context manager that closes it."""

    def __init__(self, path: Path) -> None:
        """Make the file.

        Raises:
            OSError: It cannot be made.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._fd = os.open(path, flags, 0o600)

    def __enter__(self) -> "OutputFile":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def text(self) -> str:
        """Return the output, at most the first MiB of it."""
        return os.pread(self._fd, MAX_READ_BYTES, 0).decode(errors="replace")

    def tail(self, size_bytes: int) -> str:
        """Return the end of the output."""
        start = max(0, os.fstat(self._fd).st_size - size_bytes)
        return os.pread(self._fd, size_bytes, start).decode(errors="replace")

    def limit(self, size_bytes: int) -> None:
        """Empty the file if it is larger; its writer appends."""
        if os.fstat(self._fd).st_size > size_bytes:
            os.ftruncate(self._fd, 0)
