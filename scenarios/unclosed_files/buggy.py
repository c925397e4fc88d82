"""Follows a log through its rotations, like a log shipper."""

# pathlib would add 2 MiB, and a follower keeps its file open.
from __future__ import annotations

import os


class Follower:
    """Reads the data that is appended to a log, also after its rotation.

    A service continues to write to its open file until it is notified of the rotation. So the
    file that was rotated last is followed, too.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._files = [open(path, "rb")]

    def read(self) -> bytes:
        """Return the data that was written since the last call."""
        written = [file.read() for file in self._files]
        if self._rotated():
            self._files.append(open(self._path, "rb"))
            written.append(self._files[-1].read())
        return b"".join(written)

    def _rotated(self) -> bool:
        """Return whether the log's name now refers to another file than the one opened last."""
        try:
            named = os.stat(self._path)
        except FileNotFoundError:  # renamed, and the new file does not exist yet
            return False
        return not os.path.samestat(named, os.fstat(self._files[-1].fileno()))
