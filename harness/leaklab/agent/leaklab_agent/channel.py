"""The channel to the harness and its protocol.

* JOB, the agent's only argument, is a file with a dict in the format of `marshal` (version 2, which
  Python 3.8 to 3.13 all read). Reading JSON would cost the measured process a megabyte for `json`
  and `re`. The keys are the fields of `leaklab.sandbox.protocol.AgentOrder`.
* Records go to RECORDS_FD, one dict literal per line. Each has a `kind`: `baseline`, `finished`,
  `failed`, `died`, `reached` or `bounded`; `leaklab.sandbox.protocol` documents the other keys.
  `process` is 0 for the agent's own process, and the workers of a pool count from 1. Only the
  agent's own process writes records.
* After `reached` the agent waits for one byte on ORDERS_FD: GO_ON, END, COLLECT (collect, read a
  stop and ask again) or SURVEY (send for each process a record `bounded` of the containers that
  state a maximum, and ask again).
* Samples go to TABLE_FD; `layout.py` documents the table.
* The exit status NO_CHANNEL means that the program closed the lab's descriptors.
"""

from __future__ import annotations

import os

from .layout import END, NO_CHANNEL, ORDERS_FD, RECORDS_FD


class Channel:
    """The lab's descriptors in a process, guarded against the program that runs there.

    A program may close every descriptor and open other files under the same numbers; the channel
    must never write to those files. A program may fork and let the child return through the
    workload; the child must not continue in its parent's place. A program may use up its
    descriptors; the channel therefore keeps a spare one.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._identities: dict[int, object] = {}
        self._spare = os.open(os.devnull, os.O_RDONLY)

    def guard(self, fd: int) -> int:
        """Store what a descriptor refers to, for `verify`, and return the descriptor."""
        self._identities[fd] = identity(fd)
        return fd

    def end_forked_child(self) -> None:
        """Exit with status 0 if this process is a child that the program forked."""
        if os.getpid() != self._pid:
            os._exit(0)

    def verify(self) -> None:
        """Exit with status NO_CHANNEL if a guarded descriptor now refers to something else."""
        self.end_forked_child()
        for fd, known in self._identities.items():
            if identity(fd) != known:
                os._exit(NO_CHANNEL)

    def free_spare(self) -> None:
        """Close the spare descriptor, because importing a module needs one."""
        os.close(self._spare)

    def send(self, kind: str, **record: object) -> None:
        """Write one record on its own line, even if the program wrote to the pipe before."""
        self.verify()
        record["kind"] = kind
        line = ("\n" + repr(record) + "\n").encode("utf-8", "backslashreplace")
        while line:
            line = line[os.write(RECORDS_FD, line) :]

    def ask(self, units: int) -> bytes:
        """Report the units done and return the harness's answer, or END if the harness is gone."""
        self.send("reached", units=units)
        return os.read(ORDERS_FD, 1) or END


def identity(fd: int) -> object:
    """Return the device and the inode behind a descriptor; None if it is closed."""
    try:
        status = os.fstat(fd)
    except OSError:
        return None
    return status.st_dev, status.st_ino
