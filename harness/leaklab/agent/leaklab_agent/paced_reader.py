"""A reader that spaces its readings once they prove to be expensive."""

from __future__ import annotations

import time

from .layout import NOT_READ
from .slots import int64_slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# A reading that costs more than this is made so seldom that it takes at most 1 / COST_FACTOR of the
# CPU time; if its signal decides, and nothing cheaper stands in for it, 1 / COST_FACTOR_IF_JUDGED.
EXPENSIVE_NANOSECONDS = 100_000
COST_FACTOR = 100
COST_FACTOR_IF_JUDGED = 20

# At rows whose number is a multiple of this an expensive reader is due whatever it costs: a short
# run is over before its turn comes, and an octave without readings has no verdict. A table that is
# halved, and halved again, keeps these rows longest.
ALWAYS_AT = 8


class PacedReader:
    """Reads one signal at every `every`-th row, or more seldom if that is expensive."""

    def __init__(
        self, read: Callable[[], int], every: int, cost_factor: int, always_at: int = ALWAYS_AT
    ) -> None:
        self._read = read
        self._always_at = always_at
        self._every = every
        self._cost_factor = cost_factor
        self._next_and_last_cost = int64_slots(2)

    def __call__(self, row: int) -> int:
        """The value; NOT_READ if no reading is due at this row, or it would cost too much."""
        if row % self._every:
            return NOT_READ
        # CPU time of this thread: neither a neighbour's turn nor the program's other threads are
        # the reader's cost. And the lesser of two costs: a virtual machine's pause counts as CPU
        # time.
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
