"""The observer: watches a run from outside, holds it to its limits, keeps the last values read.

What it reads is a lower bound, for a spike fits between two looks; exact figures are each
process's own high-water mark, which the agent reads at its end. It costs the measured processes
nothing but the kernel's walk of their page tables for PSS. Where cgroups hold the limits, all it
does is spaced so that it takes at most one part in fifty of one CPU for the looks, and another for
PSS; where it holds them itself, it looks every 20 ms.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from leaklab.model.job import Limits
from leaklab.model.measurement import EndReason
from leaklab.observer.checkpoints import Checkpoints
from leaklab.observer.cpu_budget import CpuBudget
from leaklab.observer.observation import Observation
from leaklab.observer.probes.protocol import Probes
from leaklab.observer.tree_reader import TreeReader
from leaklab.sandbox.cgroups import OBSERVER, Confinement
from leaklab.sandbox.launch import Child
from leaklab.sandbox.protocol import AgentMessage, Reached

TICK_SECONDS = 0.02

# Shares of one CPU: for counting and the cgroups' events,
COUNT_CPU_BUDGET = 0.01
# for high-water marks,
MARKS_CPU_BUDGET = 0.01
# for PSS,
PSS_CPU_BUDGET = 0.02
# and for PSS where it alone shows whether the memory limit is kept.
PSS_CPU_BUDGET_AT_LIMIT = 0.2


def no_death() -> str:
    """The death among the services of a run that has none."""
    return ""


class Observer:
    """Watches one supervised run to its end."""

    def __init__(  # noqa: PLR0913, PLR0917  (all that a run has to do with)
        self,
        child: Child,
        limits: Limits,
        probes: Probes,
        confinement: Confinement,
        cancelled: threading.Event,
        death: Callable[[], str] = no_death,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        """Prepare to watch; once `cancelled` is set, in whatever thread, the run is ended.

        Args:
            child: the run.
            limits: what it is held to.
            probes: read its processes.
            confinement: its cgroups.
            cancelled: the event.
            death: says how a service died, empty as long as all live; it is asked at each look, and
                must not wait.
            checkpoints: answers the agent's questions; None where there is no agent.
        """
        self._child = child
        self._limits = limits
        self._probes = probes
        self._confinement = confinement
        self._cancelled = cancelled
        self._death = death
        self._checkpoints = checkpoints
        self._seen = Observation(refused=list(confinement.refused), top_pid=child.supervisor.pid)
        self._tree = TreeReader(child, limits, probes, confinement, self._seen)
        self._told = False
        self._began = time.monotonic()
        self.count_budget = CpuBudget(COUNT_CPU_BUDGET)
        self.marks_budget = CpuBudget(MARKS_CPU_BUDGET)
        self.pss_budget = CpuBudget(PSS_CPU_BUDGET)
        self._limit_budget = CpuBudget(PSS_CPU_BUDGET_AT_LIMIT)

    def watch(self, on_tick: Callable[[], None]) -> Observation:
        """Until the run is over; `on_tick` is called at every look, for progress."""
        cpu = time.thread_time()
        while not self._child.closed:
            for message in self._child.read_messages(TICK_SECONDS):
                self._hear(message)
            if self._seen.exited or self._told:
                continue
            self._cut_output()
            if self._cancelled.is_set():
                self._tell()
            elif time.monotonic() - self._began > self._limits.time_seconds:
                self._stop(EndReason.TIME_LIMIT)
            elif self.count_budget.due or not self._confined:
                self._look()
                on_tick()
        self._finish()
        self._seen.cpu_seconds = time.thread_time() - cpu
        return self._seen

    def _hear(self, message: AgentMessage) -> None:
        self._seen.record(message)
        if isinstance(message, Reached):
            self._answer(message.units)
        controlled = self._seen.controlled
        if controlled is message and controlled.confined:
            self._seen.memory_by = self._confinement.memory_by
            self._seen.processes_by = self._confinement.processes_by

    def _answer(self, units: int) -> None:
        """Answer the agent, which waits; of a tree that is judged, first read it."""
        if self._checkpoints is None or not self._checkpoints.is_new(units):
            return
        if self._checkpoints.reads_tree:
            self._tree.read(units)
        self._checkpoints.answer(units, self._seen)

    @property
    def _confined(self) -> bool:
        """Whether all limits are held without us."""
        return OBSERVER not in (self._seen.memory_by, self._seen.processes_by)

    def _look(self) -> None:
        self._seen.polls += 1
        with self.count_budget.charge():
            tree = self._tree.pids()
            ended = self._limit_reached(tree) or self._service_died()
        if ended:
            self._stop(ended)
            return
        if self.marks_budget.due:
            with self.marks_budget.charge():
                self._tree.keep_high_water()
        if self._reads_between_checkpoints() and self.pss_budget.due:
            with self.pss_budget.charge():
                self._tree.read(self._checkpoints.units_done() if self._checkpoints else 0)

    def _reads_between_checkpoints(self) -> bool:
        """Whether the tree is read now and then, as long as there is work under way."""
        at_work = bool(self._seen.baselines) and 0 not in self._seen.finished
        return at_work and not (self._checkpoints and self._checkpoints.reads_tree)

    def _limit_reached(self, tree: list[int]) -> EndReason | None:
        # A fork bomb meets the limit of memory, too.
        if len(tree) > self._limits.processes or self._confinement.forks_refused():
            return EndReason.PROCESS_LIMIT
        if self._confinement.oom_kills():
            return EndReason.MEMORY_LIMIT
        if self._seen.memory_by == OBSERVER and self._over_memory(tree):
            return EndReason.MEMORY_LIMIT
        return None

    def _service_died(self) -> EndReason | None:
        """None where the run has done its work already: then it needed no service any more."""
        if 0 not in self._seen.finished:
            self._seen.service_death = self._death()
        return EndReason.SERVICE_DIED if self._seen.service_death else None

    def _over_memory(self, tree: list[int]) -> bool:
        """By summed RSS, which is cheap and counts shared pages again; if that is over the limit,
        by PSS, which does not."""
        most = self._limits.memory_bytes
        if sum(self._probes.rss_bytes(pid) or 0 for pid in tree) <= most:
            return False
        if len(tree) == 1:
            return True
        if not self._limit_budget.due:
            return False
        with self._limit_budget.charge():
            return self._tree.pss_bytes(tree) > most

    def _cut_output(self) -> None:
        """Printing much is no fault: the file is emptied, and its writer appends from there."""
        with suppress(OSError):
            if self._child.output.stat().st_size > self._limits.output_bytes:
                os.truncate(self._child.output, 0)

    def _stop(self, ended: EndReason) -> None:
        self._seen.stopped = ended
        self._tell()

    def _tell(self) -> None:
        self._told = True
        self._child.stop()

    def _finish(self) -> None:
        """What the groups still know; a run may have ended by itself just after an OOM kill, or
        failed just after one of its services died."""
        self._tree.note_gap()
        self._seen.cgroup_peak_bytes = self._confinement.peak_bytes()
        self._seen.oom_kills = self._confinement.oom_kills()
        if self._seen.stopped is None:
            if self._seen.oom_kills:
                self._seen.stopped = EndReason.MEMORY_LIMIT
            elif self._confinement.forks_refused():
                self._seen.stopped = EndReason.PROCESS_LIMIT
            elif not self._told:
                self._seen.stopped = self._service_died()
