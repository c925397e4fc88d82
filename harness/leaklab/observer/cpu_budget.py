"""CPU budgets: repeated work, spaced to cost at most a given share of one CPU."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class CpuBudget:
    """Spaces repeated work so that it takes at most `budget`, a share of one CPU."""

    def __init__(self, budget: float) -> None:
        self.spent_seconds = 0.0
        self._budget = budget
        self._next = 0.0

    @property
    def due(self) -> bool:
        """Whether the work may be done again."""
        return time.monotonic() >= self._next

    @contextmanager
    def charge(self) -> Iterator[None]:
        """Measure the CPU time of the work in this context and charge it to the budget.

        CPU time of this thread does not include the time that other processes take.
        """
        started, cpu = time.monotonic(), time.thread_time()
        yield
        cost = time.thread_time() - cpu
        self.spent_seconds += cost
        self._next = started + cost / self._budget
