"""The processes that started and ended during a watch, grouped by their command."""

from collections import deque

import msgspec

from leaklab.features.watch.history import ProcessHistory
from leaklab.model.measurement import Life
from leaklab.verdict.generations import (
    MIN_READINGS,
    Generations,
    command_pattern,
    judge_generations,
)

MAX_PROCESSES_OF_A_COMMAND = 64
# A build starts thousands of programs with different arguments; commands beyond these are ignored.
MAX_COMMANDS = 64
# A life with this number of readings can be judged. If workers live shorter, the tree is sampled
# more often.
WANTED_READINGS = 2 * MIN_READINGS
MAX_RATE_FACTOR = 16


class EndedProcesses:
    """The last ended processes of each command.

    Commands that differ only in numbers count as one, because these are descriptors, ports and
    pids. `rate_factor` is the factor by which the tree should be sampled more often, so that
    short-lived workers get enough readings.
    """

    def __init__(self) -> None:
        """Begin without any ended process."""
        self.rate_factor = 1
        self._short_lives = 0
        self._lives: dict[str, deque[Life]] = {}
        self._counts: dict[str, int] = {}
        # The private memory of forked processes that cannot be judged, summed over their readings.
        self._unjudged_bytes: dict[str, float] = {}

    def add(self, process: ProcessHistory) -> None:
        """Add a process that has ended, if it was seen from its start on."""
        pattern = command_pattern(process.command)
        was_alive = not pattern.startswith("[")  # otherwise it was exiting at its first reading
        has_room = pattern in self._lives or len(self._lives) < MAX_COMMANDS
        if not (process.seen_from_start and was_alive and has_room):
            return
        seconds, values = process.resident_rows
        # The process may have been exiting at its last reading.
        life = Life(process.command, process.forked, (seconds[:-1], values[:-1]))
        if life.forked:
            self._adjust_rate(len(life.rows[0]))
            if len(life.rows[0]) < MIN_READINGS:
                before = self._unjudged_bytes.get(pattern, 0.0)
                self._unjudged_bytes[pattern] = before + sum(process.private_bytes)
        self._lives.setdefault(pattern, deque(maxlen=MAX_PROCESSES_OF_A_COMMAND)).append(life)
        self._counts[pattern] = self._counts.get(pattern, 0) + 1

    def generations(self, readings: int, tree_bytes: float) -> list[Generations]:
        """Judge the ended processes by their commands.

        Args:
            readings: How often the PSS of the tree was read.
            tree_bytes: The sum of these readings.
        """
        judged = [
            self._with_unjudged(one, readings, tree_bytes) if one.per_second is None else one
            for pattern, lives in self._lives.items()
            for one in judge_generations({pattern: list(lives)}, self._counts)
        ]
        return sorted(judged, key=lambda generations: -generations.count)

    def _with_unjudged(
        self, generations: Generations, readings: int, tree_bytes: float
    ) -> Generations:
        """Add how much of the memory was in processes that were not judged."""
        unjudged = self._unjudged_bytes.get(command_pattern(generations.command), 0.0)
        return msgspec.structs.replace(
            generations,
            unjudged_bytes=unjudged / max(readings, 1),
            unjudged_share=unjudged / max(tree_bytes, 1),
        )

    def _adjust_rate(self, readings: int) -> None:
        """Double the rate factor after two lives in a row with too few readings."""
        self._short_lives = self._short_lives + 1 if readings < WANTED_READINGS else 0
        if self._short_lives == 2:
            self._short_lives = 0
            self.rate_factor = min(2 * self.rate_factor, MAX_RATE_FACTOR)
