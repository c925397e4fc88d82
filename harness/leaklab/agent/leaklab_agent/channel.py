"""The channel to the harness, and the protocol that is spoken on it.

* JOB, the agent's only argument, is a file that holds a dict in the format of `marshal` (version 2,
  which Python 3.8 and 3.13 read alike): reading JSON would cost the measured process a megabyte for
  `json` and `re`. Its keys are those of `leaklab.sandbox.protocol.AgentOrder`.
* Records go to RECORDS_FD, one dict literal a line, each with a `kind`: `baseline`, `finished`,
  `failed`, `died`, `reached`, `bounded`. Their keys are in `leaklab.sandbox.protocol`, too.
  `process` in them is 0 for the agent's own process and counts a pool's workers from 1. Only the
  agent's own process writes them.
* After `reached` the agent waits for one byte on ORDERS_FD: GO_ON, END, COLLECT (collect, read a
  stop, and ask again) or SURVEY (send a record `bounded` of each process's containers that state a
  maximum, and ask again).
* Samples go to TABLE_FD; `layout.py` documents the table.
* The exit status NO_CHANNEL says that the program closed the lab's descriptors.
"""

from __future__ import annotations

import os

from .layout import END, NO_CHANNEL, ORDERS_FD, RECORDS_FD


class Channel:
    """The lab's descriptors in a process, guarded against the program there.

    A program may close every descriptor and open others under the same numbers: what is written
    must never land in them. It may fork, and let the child return through the workload: the child
    must not go on in its parent's place. It may use up its descriptors: one is kept to spare.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._identities: dict[int, object] = {}
        self._spare = os.open(os.devnull, os.O_RDONLY)

    def guard(self, fd: int) -> int:
        """Remember what a descriptor refers to, for `verify`."""
        self._identities[fd] = identity(fd)
        return fd

    def end_forked_child(self) -> None:
        """End this process quietly if it is a child that the program forked."""
        if os.getpid() != self._pid:
            os._exit(0)

    def verify(self) -> None:
        """End the process with NO_CHANNEL if a guarded descriptor refers to something else now."""
        self.end_forked_child()
        for fd, known in self._identities.items():
            if identity(fd) != known:
                os._exit(NO_CHANNEL)

    def free_spare(self) -> None:
        """Close the descriptor kept to spare: importing a module takes one."""
        os.close(self._spare)

    def send(self, kind: str, **record: object) -> None:
        """Write one record, on a line of its own whatever the program wrote there before."""
        self.verify()
        record["kind"] = kind
        line = ("\n" + repr(record) + "\n").encode("utf-8", "backslashreplace")
        while line:
            line = line[os.write(RECORDS_FD, line) :]

    def ask(self, units: int) -> bytes:
        """Report the units done, and wait for the harness's answer; END where it is gone."""
        self.send("reached", units=units)
        return os.read(ORDERS_FD, 1) or END


def identity(fd: int) -> object:
    """Device and inode behind a descriptor; None if it is closed."""
    try:
        found = os.fstat(fd)
    except OSError:
        return None
    return found.st_dev, found.st_ino
