"""Readings over time that never take more room, however long the watch: of a tree, of a process."""

from collections import deque

import msgspec

from leaklab.model.scenario import Resource
from leaklab.model.signals import Reading, Signal
from leaklab.observer.probes.protocol import Probes
from leaklab.observer.series import TreeSeries
from leaklab.verdict.growth import MIN_BLOCKS
from leaklab.verdict.octaves import Rows, Slope, growth_per_unit, joined, octaves
from leaklab.verdict.resources import SIGNALS_OF_TREE

MAX_ROWS_OF_A_PROCESS = 64
LAST_READINGS = 12
# Who forks a process to execute a program in it does so within that many readings.
YOUNG_READINGS = 3
# The fewest readings of which `growth.judge_series` says anything; of fewer no growth is told.
MIN_SERIES_READINGS = 2 * MIN_BLOCKS

WATCHED_SIGNALS = tuple(signal for signals in SIGNALS_OF_TREE.values() for signal in signals)


class History:
    """Two series of the same thing. What costs little is kept of every reading: resident memory.
    All the rest is kept of those that were whole."""

    def __init__(self, max_rows: int) -> None:
        """An empty one."""
        self.whole = TreeSeries(max_rows)
        self.resident = TreeSeries(max_rows)
        self.now = Reading()

    def add(self, seconds: float, reading: Reading) -> None:
        """Keep a reading. One that is not whole has no PSS; what was read whole before stays."""
        resident = {
            "rss_bytes": reading.rss_bytes,
            "vms_bytes": reading.vms_bytes,
            "shared_bytes": reading.shared_bytes,
        }
        self.resident.add(seconds, Reading(**resident))
        if reading.pss_bytes is None:
            self.now = msgspec.structs.replace(self.now, **resident)
        else:
            self.whole.add(seconds, reading)
            self.now = reading

    def rows(self) -> dict[Signal, Rows]:
        """By signal that can decide: when it was read, and what; those that never were are left
        out."""
        found = {signal: self.whole.of(signal) for signal in WATCHED_SIGNALS}
        found[Signal.ANON] = self.resident.of(Signal.ANON)
        return {signal: rows for signal, rows in found.items() if rows[0]}


class ProcessHistory:
    """One process of the tree: what it is, what was read of it, and its last readings.

    `seen_from_start` says whether it came while the watch was on.
    """

    def __init__(self, pid: int, *, seen_from_start: bool) -> None:
        """One that has not been read yet."""
        self.pid = pid
        self.seen_from_start = seen_from_start
        self.command = ""
        self.forked = False
        self.last_rss_bytes: deque[int] = deque(maxlen=LAST_READINGS)
        self._history = History(MAX_ROWS_OF_A_PROCESS)

    @property
    def reading(self) -> Reading:
        """What it is now."""
        return self._history.now

    @property
    def resident_rows(self) -> Rows:
        """Its anonymous memory, by the second."""
        return self._history.resident.of(Signal.ANON)

    def add(self, seconds: float, reading: Reading, command: str) -> None:
        """Keep a reading."""
        if not self.command or not command.startswith("["):  # on its way out it has no words left
            self.command = command or self.command
        self.last_rss_bytes.append(reading.rss_bytes or 0)
        self._history.add(seconds, reading)

    def note_descent(self, probes: Probes) -> None:
        """As long as it is young, ask whether it is a copy of its parent which has executed
        nothing."""
        if len(self.last_rss_bytes) > YOUNG_READINGS:
            return
        own = probes.descent(self.pid)
        # One that is on its way out has no stack any more.
        if own and own.stack_start and (parent := probes.descent(own.parent_pid)):
            self.forked = own.stack_start == parent.stack_start

    def growth(self) -> Slope | None:
        """In bytes a second over the last two octaves of its time, of the first signal that was
        read often enough of those that decide on memory; None where there is none."""
        rows = self._history.rows()
        for signal in (*SIGNALS_OF_TREE[Resource.MEMORY], Signal.ANON):
            seconds, values = rows.get(signal, ((), ()))
            if len(seconds) >= MIN_SERIES_READINGS:
                _, before, last = octaves([t - seconds[0] for t in seconds], values)
                return growth_per_unit(*joined(before, last))
        return None
