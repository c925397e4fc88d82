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
from dataclasses import dataclass, field
from types import ModuleType

from leaklab.cgroups import OBSERVER, Confinement
from leaklab.launch import Child
from leaklab.model import Limits
from leaklab.pace import Pace
from leaklab.protocol import Baseline, Controlled, Died, Exited, Failed, Finished, Message
from leaklab.record import Ended

TICK_SECONDS = 0.02

# Of one CPU, one part in so many for: counting and the cgroups' events; high-water marks; PSS; and
# PSS where it alone can tell whether the limit is kept.
COUNT_SHARE = 100
MARKS_SHARE = 100
PSS_SHARE = 50
PSS_SHARE_AT_LIMIT = 5


@dataclass
class Observation:
    """What was seen of a run.

    Of its agent and workers `baselines` and `finished`, by the number of the process; of the other
    messages the first of each kind. `stopped` is why the lab ended the run, `service_death` how a
    service died where that ended it, else empty. `high_water_bytes` is, by pid, the last VmHWM seen
    of each process with a baseline. `memory_by` and `processes_by` are the means that held the
    limits, `refused` why not better ones. `looks` and `cpu_seconds` are what the observer itself
    did and took.
    """

    controlled: Controlled | None = None
    baselines: dict[int, Baseline] = field(default_factory=dict)
    finished: dict[int, Finished] = field(default_factory=dict)
    failed: Failed | None = None
    died: Died | None = None
    exited: Exited | None = None
    stopped: Ended | None = None
    service_death: str = ""
    high_water_bytes: dict[int, int] = field(default_factory=dict)
    tree_peak_pss_bytes: int | None = None
    longest_gap_seconds: float | None = None
    cgroup_peak_bytes: int | None = None
    oom_kills: int = 0
    memory_by: str = OBSERVER
    processes_by: str = OBSERVER
    refused: list[str] = field(default_factory=list)
    looks: int = 0
    cpu_seconds: float = 0.0

    def hear(self, message: Message) -> None:
        """Keep a message, unless one of its kind, and of its process, was heard before."""
        match message:
            case Baseline():
                self.baselines.setdefault(message.process, message)
            case Finished():
                self.finished.setdefault(message.process, message)
            case Controlled():
                self.controlled = self.controlled or message
            case Failed():
                self.failed = self.failed or message
            case Died():
                self.died = self.died or message
            case Exited():
                self.exited = self.exited or message


def nobody_died() -> str:
    """The death among the services of a run that has none."""
    return ""


class Observer:
    """Watches one supervised run to its end."""

    def __init__(  # noqa: PLR0913, PLR0917  (all that a run has to do with)
        self,
        child: Child,
        limits: Limits,
        probes: ModuleType,
        confinement: Confinement,
        cancelled: threading.Event,
        death: Callable[[], str] = nobody_died,
    ) -> None:
        """Prepare to watch; once `cancelled` is set, in whatever thread, the run is ended.

        `death` says how a service died, empty as long as all live; it is asked at each look, and
        must not wait.
        """
        self._child = child
        self._limits = limits
        self._probes = probes
        self._confinement = confinement
        self._cancelled = cancelled
        self._death = death
        self._seen = Observation(refused=list(confinement.refused))
        self._told = False
        self._began = self._pss_last = time.monotonic()
        self.count_pace = Pace(COUNT_SHARE)
        self.marks_pace = Pace(MARKS_SHARE)
        self.pss_pace = Pace(PSS_SHARE)
        self._limit_pace = Pace(PSS_SHARE_AT_LIMIT)

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
                self._stop(Ended.TIME_LIMIT)
            elif self.count_pace.due or not self._confined:
                self._look()
                on_tick()
        self._finish()
        self._seen.cpu_seconds = time.thread_time() - cpu
        return self._seen

    def _hear(self, message: Message) -> None:
        self._seen.hear(message)
        controlled = self._seen.controlled
        if controlled is message and controlled.confined:
            self._seen.memory_by = self._confinement.memory_by
            self._seen.processes_by = self._confinement.processes_by

    @property
    def _confined(self) -> bool:
        """Whether all limits are held without us."""
        return OBSERVER not in (self._seen.memory_by, self._seen.processes_by)

    def _look(self) -> None:
        self._seen.looks += 1
        with self.count_pace.spending():
            tree = self._tree()
            ended = self._limit_reached(tree) or self._service_died()
        if ended:
            self._stop(ended)
            return
        if self.marks_pace.due:
            with self.marks_pace.spending():
                self._keep_high_water()
        if self.pss_pace.due and self._seen.baselines:
            with self.pss_pace.spending():
                self._pss(tree)

    def _tree(self) -> list[int]:
        """The run's processes: in one read where a group holds them, else by a walk."""
        controlled = self._seen.controlled
        if controlled and controlled.confined and (pids := self._confinement.pids()) is not None:
            return pids
        top, enough = self._child.supervisor.pid, self._limits.processes
        found: list[int] = self._probes.descendants(top, enough)
        return found

    def _keep_high_water(self) -> None:
        """Of each measured process, once its mark was reset: kept in case it dies."""
        for baseline in self._seen.baselines.values():
            if found := self._probes.high_water_bytes(baseline.pid):
                self._seen.high_water_bytes[baseline.pid] = found

    def _pss(self, tree: list[int]) -> int:
        """The tree's resident bytes, shared pages counted once; noted as its peak."""
        self._note_gap()
        total = sum(self._probes.pss_bytes(pid) or 0 for pid in tree)
        self._seen.tree_peak_pss_bytes = max(total, self._seen.tree_peak_pss_bytes or 0)
        return total

    def _note_gap(self) -> None:
        """The longest time without a reading of PSS, that before the first and after the last
        included."""
        now = time.monotonic()
        gap, self._pss_last = now - self._pss_last, now
        self._seen.longest_gap_seconds = max(gap, self._seen.longest_gap_seconds or 0.0)

    def _limit_reached(self, tree: list[int]) -> Ended | None:
        # A fork bomb meets the limit of memory, too.
        if len(tree) > self._limits.processes or self._confinement.forks_refused():
            return Ended.PROCESS_LIMIT
        if self._confinement.oom_kills():
            return Ended.MEMORY_LIMIT
        if self._seen.memory_by == OBSERVER and self._over_memory(tree):
            return Ended.MEMORY_LIMIT
        return None

    def _service_died(self) -> Ended | None:
        """None where the run has done its work already: then it needed no service any more."""
        if 0 not in self._seen.finished:
            self._seen.service_death = self._death()
        return Ended.SERVICE_DIED if self._seen.service_death else None

    def _over_memory(self, tree: list[int]) -> bool:
        """By summed RSS, which is cheap and counts shared pages again; if that is over the limit,
        by PSS, which does not."""
        most = self._limits.memory_bytes
        if sum(self._probes.rss_bytes(pid) or 0 for pid in tree) <= most:
            return False
        if len(tree) == 1:
            return True
        if not self._limit_pace.due:
            return False
        with self._limit_pace.spending():
            return self._pss(tree) > most

    def _cut_output(self) -> None:
        """Printing much is no fault: the file is emptied, and its writer appends from there."""
        with suppress(OSError):
            if self._child.output.stat().st_size > self._limits.output_bytes:
                os.truncate(self._child.output, 0)

    def _stop(self, ended: Ended) -> None:
        self._seen.stopped = ended
        self._tell()

    def _tell(self) -> None:
        self._told = True
        self._child.stop()

    def _finish(self) -> None:
        """What the groups still know; a run may have ended by itself just after an OOM kill, or
        failed just after one of its services died."""
        self._note_gap()
        self._seen.cgroup_peak_bytes = self._confinement.peak_bytes()
        self._seen.oom_kills = self._confinement.oom_kills()
        if self._seen.stopped is None:
            if self._seen.oom_kills:
                self._seen.stopped = Ended.MEMORY_LIMIT
            elif self._confinement.forks_refused():
                self._seen.stopped = Ended.PROCESS_LIMIT
            elif not self._told:
                self._seen.stopped = self._service_died()
