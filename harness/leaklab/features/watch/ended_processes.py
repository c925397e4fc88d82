"""The processes that came and went during a watch, by the kind of their command."""

import re
from collections import deque

from leaklab.features.watch.history import ProcessHistory
from leaklab.verdict.generations import (
    MIN_READINGS,
    Generations,
    Life,
    judge_generations,
)

MAX_LIVES_OF_A_KIND = 64
# A build starts programs by the thousand, each with other words.
MAX_KINDS = 64
# With so many readings a life can be told; and where workers live shorter, looks come closer.
WANTED_READINGS = 2 * MIN_READINGS
MAX_TIMES_CLOSER = 16


class EndedProcesses:
    """The last lives of each kind of process. Numbers in a command do not make another kind: they
    are descriptors, ports and pids.

    `times_closer` is by how much looks should come closer, so that workers can be told.
    """

    def __init__(self) -> None:
        """None yet."""
        self.times_closer = 1
        self._shorter = 0
        self._ended: dict[str, deque[Life]] = {}
        self._counts: dict[str, int] = {}

    def ended(self, process: ProcessHistory) -> None:
        """Keep a process that is gone, if it was seen from its start on."""
        kind = re.sub(r"\d+", "#", process.command)
        was_alive = not kind.startswith("[")  # else it was on its way out when it was first seen
        has_room = kind in self._ended or len(self._ended) < MAX_KINDS
        if not (process.seen_from_start and was_alive and has_room):
            return
        seconds, values = process.resident_rows
        # It may have been on its way out at the last one.
        life = Life(process.command, process.forked, (seconds[:-1], values[:-1]))
        if life.forked:
            self._come_closer(len(life.rows[0]))
        self._ended.setdefault(kind, deque(maxlen=MAX_LIVES_OF_A_KIND)).append(life)
        self._counts[kind] = self._counts.get(kind, 0) + 1

    def judged(self) -> list[Generations]:
        """What is known of them."""
        return judge_generations({k: list(v) for k, v in self._ended.items()}, self._counts)

    def _come_closer(self, readings: int) -> None:
        """Twice as close after two lives in a row that were read too seldom."""
        self._shorter = self._shorter + 1 if readings < WANTED_READINGS else 0
        if self._shorter == 2:
            self._shorter = 0
            self.times_closer = min(2 * self.times_closer, MAX_TIMES_CLOSER)
