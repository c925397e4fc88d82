"""How far a run goes: it ends when its verdict is certain, or its budget spent.

At every doubling of the work the agent waits for a word (of a tree, at every sample, and is judged
at doublings). Before the units that the scenario declares, only growth ends a run that nothing
innocent shows; there and after it, a verdict that more work would not be expected to change. What
is judged is exact, so that the same run ends at the same unit each time; only a run that is not
certain is ended by what it took.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import ModuleType

from leaklab.agent.leaklab_agent.layout import END, GO_ON
from leaklab.model.job import Job, Limits
from leaklab.model.measurement import Ended
from leaklab.model.scenario import Judge, Scope
from leaklab.model.verdicts import Verdict
from leaklab.observer.observation import Observation, Steering
from leaklab.observer.sample_tables import SampleTables
from leaklab.runs.measured import baselines, process_record
from leaklab.verdict.growth import FEWEST_BLOCKS
from leaklab.verdict.process import (
    Work,
    is_certain,
    is_extreme,
    judge,
    judge_tree,
    rows_of,
    was_read,
)

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
        self._reached = 0
        self._next = FEWEST_BLOCKS
        self.only_at_boundaries = job.scenario.scope is Scope.TREE
        # A program may forge what the agent says, and nobody read the answers: then they are lost.
        os.set_blocking(orders_fd, False)

    def units_done(self) -> int:
        """The work done so far, as of the last sample."""
        return self._tables.units_done_in_all()

    def reached(self, units: int, look: Callable[[int], None], seen: Observation) -> None:
        """Read the tree where it is what is judged, and send the agent on, or to its end."""
        if units <= self._reached:  # no word of the agent's
            return
        self._reached = units
        if self.only_at_boundaries:
            look(units)
        with suppress(BlockingIOError):
            os.write(self._orders_fd, GO_ON if self._goes_on(units, seen) else END)

    def _goes_on(self, units: int, seen: Observation) -> bool:
        """Decide whenever the work has doubled, and at the declared units; between these, go on."""
        needed = self._job.units
        if self._job.budget_seconds is None or units < self._next:
            return True
        self._next = min(2 * units, needed) if units < needed else 2 * units
        if units < needed:
            return not self._is_extreme(seen)
        if self._is_decided(units, seen):
            return False
        seen.held_back_by = self._held_back_by(seen)
        return not seen.held_back_by

    def _is_extreme(self, seen: Observation) -> bool:
        if self._job.scenario.judge is Judge.PEAK:
            return False
        if self.only_at_boundaries:
            series = [seen.tree.samples()]
        else:
            series = [self._tables.samples(one.process) for one in baselines(seen, self._tables)]
        return any(is_extreme(rows_of(one), self._job.scenario.resource) for one in series)

    def _is_decided(self, units: int, seen: Observation) -> bool:
        if self._job.scenario.judge is Judge.PEAK:
            return True
        verdicts = [verdict for verdict in self._verdicts(units, seen) if was_read(verdict)]
        if any(verdict.leak and is_certain(verdict) for verdict in verdicts):
            return True
        enough = units >= ENOUGH_TIMES * self._job.units
        return all(is_certain(v) or (enough and v.leak is not None) for v in verdicts)

    def _verdicts(self, units: int, seen: Observation) -> Iterator[Verdict]:
        scenario = self._job.scenario
        if self.only_at_boundaries:
            work = Work(Ended.COMPLETED, units, scenario.units)
            yield judge_tree(rows_of(seen.tree.samples()), scenario.resource, work)
            return
        for baseline in baselines(seen, self._tables):
            process = process_record(seen, baseline, self._tables)
            work = Work(Ended.COMPLETED, process.units_done, scenario.units)
            yield judge(process, scenario.resource, work)

    def _held_back_by(self, seen: Observation) -> str:
        """The option that would not let the run go as far again; empty where all would."""
        pids = [baseline.pid for baseline in baselines(seen, self._tables)]
        spent = [self._probes.cpu_seconds(pid) or 0.0 for pid in pids]
        if self.only_at_boundaries:
            pids = self._probes.descendants(seen.top_pid, self._limits.processes)
            spent = [sum(self._probes.cpu_seconds(pid) or 0.0 for pid in pids)]
        resident = sum(self._probes.rss_bytes(pid) or 0 for pid in pids)
        taken = {
            "--budget": (max(spent, default=0.0), self._job.budget_seconds or 0.0),
            "--memory-limit": (resident, self._limits.memory_bytes),
            "--time-limit": (time.monotonic() - self._began, self._limits.time_seconds),
        }
        return next((option for option, (some, most) in taken.items() if 2 * some > most), "")
