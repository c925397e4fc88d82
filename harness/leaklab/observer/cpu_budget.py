"""Pace: what is done again and again, spaced so that it costs no more than its share of one CPU."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class CpuBudget:
    """Spaces what is done so that it takes at most `budget`, a share of one CPU."""

    def __init__(self, budget: float) -> None:
        self.spent_seconds = 0.0
        self._budget = budget
        self._next = 0.0

    @property
    def due(self) -> bool:
        """Whether it may be done again."""
        return time.monotonic() >= self._next

    @contextmanager
    def charge(self) -> Iterator[None]:
        """Measure what is done here, in CPU time: a neighbour's turn is not its cost."""
        began, cpu = time.monotonic(), time.thread_time()
        yield
        cost = time.thread_time() - cpu
        self.spent_seconds += cost
        self._next = began + cost / self._budget
