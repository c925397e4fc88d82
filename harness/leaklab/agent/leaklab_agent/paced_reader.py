"""A reader that spaces its readings if they are expensive."""

from __future__ import annotations

import time

from .layout import NOT_READ
from .slots import int64_slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Readings that cost more than this are spaced to take at most 1 / COST_FACTOR of the CPU time. The
# share is 1 / COST_FACTOR_IF_JUDGED if the signal decides and no cheaper signal replaces it.
EXPENSIVE_NANOSECONDS = 100_000
COST_FACTOR = 100
COST_FACTOR_IF_JUDGED = 20

# An expensive reader reads at every row that is a multiple of this, at any cost. Otherwise a short
# run would end before the next reading is due, and an octave without readings has no verdict.
# Halving the table, even repeatedly, keeps these rows longest.
ALWAYS_AT = 8


class PacedReader:
    """Reads one signal at every `every`-th row, or less often if the reading is expensive.

    After an expensive reading the next one is due once `cost_factor` times its cost has passed as
    CPU time of the thread. Every row that is a multiple of `always_at` is read at any cost.
    """

    def __init__(
        self, read: Callable[[], int], every: int, cost_factor: int, always_at: int = ALWAYS_AT
    ) -> None:
        self._read = read
        self._always_at = always_at
        self._every = every
        self._cost_factor = cost_factor
        self._next_and_last_cost = int64_slots(2)

    def __call__(self, row: int) -> int:
        """Return the value; NOT_READ if no reading is due at this row or it would cost too much."""
        if row % self._every:
            return NOT_READ
        # The cost is CPU time of this thread, because neither other processes nor the program's
        # other threads are the reader's cost. It is the lesser of the last two costs, because the
        # pause of a virtual machine counts as CPU time.
        now = time.thread_time_ns()
        if now < self._next_and_last_cost[0] and row % self._always_at:
            return NOT_READ
        value = self._read()
        cost = time.thread_time_ns() - now
        lesser = min(cost, self._next_and_last_cost[1])
        self._next_and_last_cost[1] = cost
        if lesser > EXPENSIVE_NANOSECONDS:
            self._next_and_last_cost[0] = now + self._cost_factor * lesser
        return value
