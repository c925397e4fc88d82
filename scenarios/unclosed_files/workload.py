"""A service writes a log, and its shipper follows it; a unit is one rotation.

The log is rotated in logrotate's way: the file is renamed, a new file gets its name, and the
service is notified a little later. The last five files are kept.
"""

# pathlib would add 2 MiB, and a service keeps its log open.
from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

FILES_KEPT = 5
LATE_LINES = 3


class Service:
    """The service that writes the log, in lines of 100 bytes."""

    def __init__(self, folder: str, seed: int) -> None:
        self.log = os.path.join(folder, "service.log")
        self._random = Random(seed)
        self._lines = count()
        self._rotations = count(1)
        self._file = open(self.log, "ab", buffering=0)

    def write(self, lines: int) -> bytes:
        """Write that many lines, and return them."""
        bits = (self._random.getrandbits(64) for _ in range(lines))
        written = b"".join(b"%012d GET /%-81x\n" % (next(self._lines), number) for number in bits)
        self._file.write(written)
        return written

    def rotate(self) -> None:
        """Start a new file; lines written before `reopen` still go to the old file."""
        number = next(self._rotations)
        os.rename(self.log, f"{self.log}.{number}")
        open(self.log, "ab").close()
        if number > FILES_KEPT:
            os.remove(f"{self.log}.{number - FILES_KEPT}")

    def reopen(self) -> None:
        """Write to the new file from now on."""
        self._file.close()
        self._file = open(self.log, "ab", buffering=0)


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Write a file, rotate it and read the lines, again and again."""
    lines = int(lab.options["lines"])
    service = Service(lab.scratch, lab.seed)
    follower = program.Follower(service.log)
    while True:
        service.write(lines)
        follower.read()
        service.rotate()
        service.write(LATE_LINES)
        follower.read()
        service.reopen()
        yield


def check(program: Any, lab: Lab) -> None:
    """Every byte is read once, in order, whether it is written before or after a rotation."""
    service = Service(lab.scratch, lab.seed)
    before = service.write(5)
    follower = program.Follower(service.log)
    assert follower.read() == before, "the lines written before the start were not read"
    assert follower.read() == b"", "something was read twice"
    random = Random(lab.seed)
    for number in range(lab.units):
        unread = service.write(random.randrange(4))
        service.rotate()
        unread += service.write(random.randrange(4))
        if random.random() < 0.5:
            assert follower.read() == unread, (
                f"rotation {number}: not all lines were read, or not in order"
            )
            unread = service.write(random.randrange(4))
        service.reopen()
        unread += service.write(random.randrange(4))
        read = follower.read()
        assert read == unread, f"after rotation {number}: {len(read)} of {len(unread)} bytes read"
