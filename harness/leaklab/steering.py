"""How far a run goes: it ends when its verdict is certain, or its budget spent.

At every doubling of the work the agent waits for a word. Before the units that the scenario
declares, only growth ends a run that nothing innocent shows; there and after it, a verdict that
more work would not be expected to change. All that is looked at is exact, so that the same run
ends at the same unit each time; only a run that stays undecided is ended by what it took.
"""

import os
import time
from collections.abc import Callable, Iterator
from types import ModuleType

from leaklab.model import Job, Judge, Limits, Scope
from leaklab.observation import Observation, Steering
from leaklab.record import Ended, Verdict
from leaklab.table import SampleTables
from leaklab.traces import process_record
from leaklab.verdict import (
    Work,
    is_certain,
    is_extreme,
    judge,
    judge_tree,
    rows_of,
    was_read,
)

GO_ON, END = b"g", b"e"

# An acquittal in spite of a step stands after so many times the work that was declared to be
# enough: had the step a fellow of its own rarity, it had come.
ENOUGH_TIMES = 4


class ByVerdict(Steering):
    """Steers one run."""

    def __init__(
        self, job: Job, limits: Limits, tables: SampleTables, probes: ModuleType, orders_fd: int
    ) -> None:
        """Prepare to steer; the agent reads its words from the other end of `orders_fd`."""
        self._job = job
        self._limits = limits
        self._tables = tables
        self._probes = probes
        self._orders_fd = orders_fd
        self._began = time.monotonic()
        self.only_at_boundaries = job.scenario.scope is Scope.TREE

    def units_done(self) -> int:
        """The work done so far, as of the last sample."""
        return self._tables.units_done_in_all()

    def reached(self, units: int, look: Callable[[int], None], seen: Observation) -> None:
        """Read the tree where it is what is judged, and send the agent on, or to its end."""
        if self.only_at_boundaries:
            look(units)
        os.write(self._orders_fd, GO_ON if self._goes_on(units, seen) else END)

    def _goes_on(self, units: int, seen: Observation) -> bool:
        if self._job.budget_seconds is None:
            return True
        if units < self._job.units:
            return not self._is_extreme(seen)
        return not self._is_decided(units, seen) and self._can_go_as_far_again(seen)

    def _is_extreme(self, seen: Observation) -> bool:
        if self._job.scenario.scope is Scope.TREE:
            series = [seen.tree.samples()]
        else:
            series = [self._tables.samples(number) for number in seen.baselines]
        return any(is_extreme(rows_of(one), self._job.scenario.resource) for one in series)

    def _is_decided(self, units: int, seen: Observation) -> bool:
        if self._job.scenario.judge is Judge.PEAK:
            return True
        verdicts = [verdict for verdict in self._verdicts(units, seen) if was_read(verdict)]
        if any(verdict.leak for verdict in verdicts):
            return True
        enough = units >= ENOUGH_TIMES * self._job.units
        return all(is_certain(v) or (enough and v.leak is not None) for v in verdicts)

    def _verdicts(self, units: int, seen: Observation) -> Iterator[Verdict]:
        scenario = self._job.scenario
        if scenario.scope is Scope.TREE:
            work = Work(Ended.COMPLETED, units, scenario.units)
            yield judge_tree(rows_of(seen.tree.samples()), scenario.resource, work)
            return
        for baseline in seen.baselines.values():
            process = process_record(seen, baseline, self._tables)
            work = Work(Ended.COMPLETED, process.units_done, scenario.units)
            yield judge(process, scenario.resource, work)

    def _can_go_as_far_again(self, seen: Observation) -> bool:
        """Whether twice of what was taken so far is within the budget, and within the limits."""
        pids = [baseline.pid for baseline in seen.baselines.values()]
        cpu_seconds = max((self._probes.cpu_seconds(pid) or 0.0 for pid in pids), default=0.0)
        resident = sum(self._probes.rss_bytes(pid) or 0 for pid in pids)
        seconds = time.monotonic() - self._began
        return (
            2 * cpu_seconds <= (self._job.budget_seconds or 0.0)
            and 2 * resident <= self._limits.memory_bytes
            and 2 * seconds <= self._limits.time_seconds
        )
