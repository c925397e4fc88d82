"""Readings over time that never take more room, however long the watch: of a tree, of a process."""

from collections import deque

from leaklab.model.scenario import Resource
from leaklab.model.signals import Reading, Signal
from leaklab.verdict.growth import FEWEST_BLOCKS
from leaklab.verdict.octaves import Slope, growth_per_unit, joined, octaves
from leaklab.verdict.process import Rows
from leaklab.verdict.resources import SIGNALS_OF_TREE

MOST_ROWS_OF_A_PROCESS = 64
LAST_READINGS = 12
# Looks are spaced unevenly, from 0.6 to 1.6 times their mean: one that comes sooner than half of it
# belongs to the time before readings were thinned out.
NEAREST = 0.5
# The fewest readings of which `growth.judge_series` says anything; of fewer no growth is told.
FEWEST_READINGS = 2 * FEWEST_BLOCKS


class Series:
    """Readings by time, at most so many: when it is full every second one goes, and those that
    come sooner than the others lie apart are not kept."""

    def __init__(self, most: int) -> None:
        """An empty one."""
        self.rows: list[tuple[float, Reading]] = []
        self.spacing_seconds = 0.0
        self._most = most

    def add(self, seconds: float, reading: Reading) -> None:
        """Keep a reading, if there is room for it."""
        if self.rows and seconds - self.rows[-1][0] < self.spacing_seconds * NEAREST:
            return
        self.rows.append((seconds, reading))
        if len(self.rows) >= self._most:
            del self.rows[1::2]
            self.spacing_seconds = (self.rows[-1][0] - self.rows[0][0]) / (len(self.rows) - 1)

    def of(self, signal: Signal) -> Rows:
        """What was read of a signal, and when."""
        pairs = [(t, getattr(reading, signal.value)) for t, reading in self.rows]
        known = [(t, float(value)) for t, value in pairs if value is not None]
        return [t for t, _ in known], [value for _, value in known]


class Process:
    """One process of the tree: what it is, what was read of it, and its last readings."""

    def __init__(self, pid: int) -> None:
        """One that has not been read yet."""
        self.pid = pid
        self.command = ""
        self.reading = Reading()
        self.last_rss_bytes: deque[int] = deque(maxlen=LAST_READINGS)
        self._series = Series(MOST_ROWS_OF_A_PROCESS)

    def add(self, seconds: float, reading: Reading, command: str) -> None:
        """Keep a reading."""
        self.reading = reading
        self.command = command or self.command
        self.last_rss_bytes.append(reading.rss_bytes or 0)
        self._series.add(seconds, reading)

    def growth(self) -> Slope | None:
        """Of the first signal that was read of those that decide on memory, in bytes a second,
        over the last two octaves of its time; None where there are too few readings."""
        found = [self._series.of(signal) for signal in SIGNALS_OF_TREE[Resource.MEMORY]]
        seconds, values = next((rows for rows in found if rows[0]), found[0])
        if len(seconds) < FEWEST_READINGS:
            return None
        _, before, last = octaves([t - seconds[0] for t in seconds], values)
        return growth_per_unit(*joined(before, last))
