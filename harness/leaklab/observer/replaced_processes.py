"""The processes of a run that start and end during it, such as workers that are replaced."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from leaklab.model.measurement import Life
from leaklab.model.signals import Reading
from leaklab.observer.probes.protocol import Probes

# More generations than a run of the catalogue has; the last ones count.
MAX_LIVES = 64
MAX_READINGS_OF_A_LIFE = 256


@dataclass
class _Process:
    """A process that lives: its command line, and the work done and its memory at each reading."""

    command: str
    forked: bool = False
    units: list[float] = field(default_factory=list)
    anon_bytes: list[float] = field(default_factory=list)

    @property
    def life(self) -> Life:
        """The life so far."""
        return Life(self.command, self.forked, (self.units, self.anon_bytes))


class ReplacedProcesses:
    """The last processes that ended, and those that live.

    It is told of all processes at each reading. A process that is not among them has ended; so has
    a zombie, which has no memory.
    """

    def __init__(self) -> None:
        """Begin without any process."""
        self._living: dict[int, _Process] = {}
        self._ended: deque[Life] = deque(maxlen=MAX_LIVES)

    def add(self, units: int, readings: Mapping[int, Reading], probes: Probes) -> None:
        """Add the readings of all processes, by their pids, after `units` units of work."""
        anonymous = {pid: reading.anon_bytes for pid, reading in readings.items()}
        for pid in [pid for pid in self._living if not anonymous.get(pid)]:
            self._ended.append(self._living.pop(pid).life)
        for pid, held_bytes in anonymous.items():
            if held_bytes:
                process = self._living.setdefault(pid, _Process(probes.command_line(pid)))
                process.forked = _is_forked(pid, probes)
                self._append(process, units, held_bytes)

    def lives(self) -> list[Life]:
        """Return the processes that ended, the last MAX_LIVES of them."""
        return list(self._ended)

    @staticmethod
    def _append(process: _Process, units: int, held_bytes: int) -> None:
        process.units.append(units)
        process.anon_bytes.append(held_bytes)
        if len(process.units) > MAX_READINGS_OF_A_LIFE:
            del process.units[1::2], process.anon_bytes[1::2]


def _is_forked(pid: int, probes: Probes) -> bool:
    """Return whether a process is a copy of its parent that has executed no program."""
    own = probes.descent(pid)
    parent = probes.descent(own.parent_pid) if own and own.stack_start else None
    return bool(own and parent and own.stack_start == parent.stack_start)
