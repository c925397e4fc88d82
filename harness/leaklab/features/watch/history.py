"""Readings of a tree or a process over time, in a bounded amount of memory."""

from collections import deque
from collections.abc import Sequence

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
# A forked process that executes another program does so within this number of readings.
YOUNG_READINGS = 3
# The minimum number of readings that `growth.judge_series` judges; fewer have no growth rate.
MIN_SERIES_READINGS = 2 * MIN_BLOCKS

WATCHED_SIGNALS = tuple(signal for signals in SIGNALS_OF_TREE.values() for signal in signals)


class History:
    """Two series of readings of one tree or process.

    `resident` has the resident memory of every reading, which is cheap to read. `whole` has all
    signals of the readings with PSS.
    """

    def __init__(self, max_rows: int) -> None:
        """Begin empty series of at most `max_rows` rows."""
        self.whole = TreeSeries(max_rows)
        self.resident = TreeSeries(max_rows)
        self.now = Reading()

    def add(self, seconds: float, reading: Reading) -> None:
        """Add a reading.

        A reading without PSS is a cheap one: it has resident memory only, and the other signals of
        `now` keep the values of the last whole reading.
        """
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
        """Return the times and values of each signal that can decide and was ever read."""
        rows_by_signal = {signal: self.whole.of(signal) for signal in WATCHED_SIGNALS}
        rows_by_signal[Signal.ANON] = self.resident.of(Signal.ANON)
        return {signal: rows for signal, rows in rows_by_signal.items() if rows[0]}


class ProcessHistory:
    """One process of the tree: its command and its readings.

    `seen_from_start` is whether the process appeared while the watch was running.
    """

    def __init__(self, pid: int, *, seen_from_start: bool) -> None:
        """Begin with a process that has not been read yet."""
        self.pid = pid
        self.seen_from_start = seen_from_start
        self.command = ""
        self.forked = False
        self.last_rss_bytes: deque[int] = deque(maxlen=LAST_READINGS)
        self._history = History(MAX_ROWS_OF_A_PROCESS)

    @property
    def reading(self) -> Reading:
        """The last reading of each signal."""
        return self._history.now

    @property
    def resident_rows(self) -> Rows:
        """Its anonymous memory over time, in seconds and bytes."""
        return self._history.resident.of(Signal.ANON)

    @property
    def private_bytes(self) -> Sequence[float]:
        """Its private memory (USS) at each whole reading."""
        return self._history.whole.of(Signal.USS)[1]

    def add(self, seconds: float, reading: Reading, command: str) -> None:
        """Add a reading."""
        # The command line of an exiting process is empty, and its name is given in brackets.
        if not self.command or not command.startswith("["):
            self.command = command or self.command
        self.last_rss_bytes.append(reading.rss_bytes or 0)
        self._history.add(seconds, reading)

    def note_descent(self, probes: Probes) -> None:
        """While the process is young, note whether it is a fork that has executed no program."""
        if len(self.last_rss_bytes) > YOUNG_READINGS:
            return
        own = probes.descent(self.pid)
        # An exiting process has no stack any more.
        if own and own.stack_start and (parent := probes.descent(own.parent_pid)):
            self.forked = own.stack_start == parent.stack_start

    def rows(self, signal: Signal) -> Rows:
        """Return its readings of a signal over time; empty if the signal was never read."""
        return self._history.rows().get(signal, ((), ()))

    def growth(self) -> Slope | None:
        """Return its growth in bytes per second over the last two octaves of its time.

        It is the growth of the first signal that decides on memory and has enough readings; None if
        no signal has enough.
        """
        rows = self._history.rows()
        for signal in (*SIGNALS_OF_TREE[Resource.MEMORY], Signal.ANON):
            seconds, values = rows.get(signal, ((), ()))
            if len(seconds) >= MIN_SERIES_READINGS:
                _, before, last = octaves([t - seconds[0] for t in seconds], values)
                return growth_per_unit(*joined(before, last))
        return None
