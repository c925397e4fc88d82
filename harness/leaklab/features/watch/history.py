"""Readings over time that never take more room, however long the watch: of a tree, of a process."""

from collections import deque

from leaklab.model.scenario import Resource
from leaklab.model.signals import Reading
from leaklab.observer.series import Series
from leaklab.verdict.growth import FEWEST_BLOCKS
from leaklab.verdict.octaves import Slope, growth_per_unit, joined, octaves
from leaklab.verdict.resources import SIGNALS_OF_TREE

MOST_ROWS_OF_A_PROCESS = 64
LAST_READINGS = 12
# The fewest readings of which `growth.judge_series` says anything; of fewer no growth is told.
FEWEST_READINGS = 2 * FEWEST_BLOCKS


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
