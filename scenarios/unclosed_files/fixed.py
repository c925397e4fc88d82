"""Follows a log through its rotations, as a log shipper does."""

# pathlib would cost 2 MiB, and a follower keeps its file open.
from __future__ import annotations

import os


class Follower:
    """Reads what is appended to a log, also after it was rotated away.

    A service goes on writing to the file that it has open until it hears of the rotation. So the
    file rotated away last is followed, too.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._files = [open(path, "rb")]

    def read(self) -> bytes:
        """What was written since the last call."""
        written = [file.read() for file in self._files]
        if self._rotated():
            self._files.append(open(self._path, "rb"))
            written.append(self._files[-1].read())
            if len(self._files) > 2:
                self._files.pop(0).close()
        return b"".join(written)

    def _rotated(self) -> bool:
        """Whether the log's name now stands for another file than the one opened last."""
        try:
            named = os.stat(self._path)
        except FileNotFoundError:  # renamed, and the next one is not there yet
            return False
        return not os.path.samestat(named, os.fstat(self._files[-1].fileno()))
