"""The observer: watches a run from outside, enforces its limits and keeps the last readings.

The peaks that it reads are lower bounds, because a spike fits between two polls. Exact figures come
from the high-water mark of each process, which its agent reads at the end. The only cost to the
measured processes is the kernel's walk of their page tables for PSS. If cgroups enforce the limits,
the observer spaces its polls to take at most 1/50 of one CPU, and its readings of PSS to take
another 1/50. If it enforces the limits itself, it polls every 20 ms.
"""

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
from leaklab.sandbox.child import Child
from leaklab.sandbox.protocol import AgentMessage, Reached

TICK_SECONDS = 0.02

# The share of one CPU for counting processes and reading the events of cgroups.
COUNT_CPU_BUDGET = 0.01
# The share of one CPU for high-water marks.
MARKS_CPU_BUDGET = 0.01
# The share of one CPU for PSS.
PSS_CPU_BUDGET = 0.02
# The share of one CPU for PSS if only PSS shows whether the run exceeds its memory limit.
PSS_CPU_BUDGET_AT_LIMIT = 0.2


def no_death() -> str:
    """Report no death, for a run without services."""
    return ""


class Observer:
    """Watches one supervised run to its end."""

    def __init__(  # noqa: PLR0913, PLR0917  (all parts of a run)
        self,
        child: Child,
        limits: Limits,
        probes: Probes,
        confinement: Confinement,
        cancelled: threading.Event,
        death: Callable[[], str] = no_death,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        """Prepare to watch.

        Args:
            child: The run.
            limits: The limits of the run.
            probes: The probes that read its processes.
            confinement: Its cgroups.
            cancelled: Ends the run once any thread sets it.
            death: Describes how a service died; empty while all services live. It is called at each
                poll and must not wait.
            checkpoints: Answers the agent; None if the run has no agent.
        """
        self._child = child
        self._limits = limits
        self._probes = probes
        self._confinement = confinement
        self._cancelled = cancelled
        self._death = death
        self._checkpoints = checkpoints
        self._observation = Observation(
            refused=list(confinement.refused), top_pid=child.supervisor.pid
        )
        self._tree = TreeReader(child, limits, probes, confinement, self._observation)
        self._stop_requested = False
        self._started = time.monotonic()
        self.count_budget = CpuBudget(COUNT_CPU_BUDGET)
        self.marks_budget = CpuBudget(MARKS_CPU_BUDGET)
        self.pss_budget = CpuBudget(PSS_CPU_BUDGET)
        self._limit_budget = CpuBudget(PSS_CPU_BUDGET_AT_LIMIT)

    def watch(self, on_tick: Callable[[], None]) -> Observation:
        """Watch until the run is over. `on_tick` is called at every poll, to show progress."""
        cpu = time.thread_time()
        while not self._child.closed and not (self._stop_requested and self._is_given_up()):
            for message in self._child.read_messages(TICK_SECONDS):
                self._handle(message)
            if self._observation.exited or self._stop_requested:
                continue
            self._truncate_output()
            if self._cancelled.is_set():
                self._request_stop()
            elif time.monotonic() - self._started > self._limits.time_seconds:
                self._stop(EndReason.TIME_LIMIT)
            elif self.count_budget.due or not self._confined:
                self._poll()
                on_tick()
        self._finish()
        self._observation.cpu_seconds = time.thread_time() - cpu
        return self._observation

    def _handle(self, message: AgentMessage) -> None:
        self._observation.record(message)
        if isinstance(message, Reached):
            self._answer(message.units)
        controlled = self._observation.controlled
        if controlled is message and controlled.confined:
            self._observation.memory_by = self._confinement.memory_by
            self._observation.processes_by = self._confinement.processes_by

    def _answer(self, units: int) -> None:
        """Answer the agent, which waits. If the tree is judged, read it first."""
        if self._checkpoints is None or not self._checkpoints.is_new(units):
            return
        if self._checkpoints.reads_tree:
            self._tree.read_at_rest(units)
        self._checkpoints.answer(units, self._observation)

    @property
    def _confined(self) -> bool:
        """Whether cgroups enforce all limits."""
        return OBSERVER not in (self._observation.memory_by, self._observation.processes_by)

    def _poll(self) -> None:
        self._observation.polls += 1
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
        """Return whether the tree is read between checkpoints, while the run is at work."""
        at_work = bool(self._observation.baselines) and 0 not in self._observation.finished
        return at_work and not (self._checkpoints and self._checkpoints.reads_tree)

    def _limit_reached(self, tree: list[int]) -> EndReason | None:
        # Checked first, because a fork bomb also meets the memory limit.
        if len(tree) > self._limits.processes or self._confinement.forks_refused():
            return EndReason.PROCESS_LIMIT
        if self._confinement.oom_kills():
            return EndReason.MEMORY_LIMIT
        if self._observation.memory_by == OBSERVER and self._exceeds_memory_limit(tree):
            return EndReason.MEMORY_LIMIT
        return None

    def _service_died(self) -> EndReason | None:
        """None if no service died, or if the run has finished and needs no service any more."""
        if 0 not in self._observation.finished:
            self._observation.service_death = self._death()
        return EndReason.SERVICE_DIED if self._observation.service_death else None

    def _exceeds_memory_limit(self, tree: list[int]) -> bool:
        """Compare the summed RSS with the limit. RSS is cheap but counts shared pages several
        times, so if it exceeds the limit, PSS decides."""
        limit = self._limits.memory_bytes
        if sum(self._probes.rss_bytes(pid) or 0 for pid in tree) <= limit:
            return False
        if len(tree) == 1:
            return True
        if not self._limit_budget.due:
            return False
        with self._limit_budget.charge():
            return self._tree.pss_bytes(tree) > limit

    def _is_given_up(self) -> bool:
        """Whether the run goes on although it was asked to stop long ago."""
        return not self._child.seconds_left

    def _truncate_output(self) -> None:
        """Empty the output file at its size limit. A run may print much; its writer appends."""
        with suppress(OSError):
            self._child.output.limit(self._limits.output_bytes)

    def _stop(self, ended: EndReason) -> None:
        self._observation.stopped = ended
        self._request_stop()

    def _request_stop(self) -> None:
        self._stop_requested = True
        self._child.stop()

    def _finish(self) -> None:
        """Read the final figures of the cgroups. The run may have ended by itself just after an OOM
        kill, or failed just after one of its services died."""
        self._tree.note_gap()
        self._observation.cgroup_peak_bytes = self._confinement.peak_bytes()
        self._observation.oom_kills = self._confinement.oom_kills()
        if self._observation.stopped is None:
            if self._observation.oom_kills:
                self._observation.stopped = EndReason.MEMORY_LIMIT
            elif self._confinement.forks_refused():
                self._observation.stopped = EndReason.PROCESS_LIMIT
            elif not self._stop_requested:
                self._observation.stopped = self._service_died()
