"""Reads all processes of a run from outside, and keeps the readings in its observation."""

import os
import time

import msgspec

from leaklab.model.job import Limits
from leaklab.model.signals import Reading
from leaklab.observer.observation import MAX_TREE_ROWS, Observation
from leaklab.observer.probes.protocol import Probes
from leaklab.observer.series import TreeSeries
from leaklab.sandbox.cgroups import Confinement
from leaklab.sandbox.child import Child


class TreeReader:
    """Reads the processes below one supervisor."""

    def __init__(
        self,
        child: Child,
        limits: Limits,
        probes: Probes,
        confinement: Confinement,
        observation: Observation,
    ) -> None:
        """Prepare to read. Shared-memory segments that exist already do not count for the run."""
        self._top_pid = child.supervisor.pid
        self._limits = limits
        self._probes = probes
        self._confinement = confinement
        self._observation = observation
        self._segments_before = probes.segment_names(os.getpid())
        self._pss_last = time.monotonic()

    def pids(self) -> list[int]:
        """Return the run's pids, from its cgroup in one read, or by a walk if it has none."""
        controlled = self._observation.controlled
        if controlled and controlled.confined and (pids := self._confinement.pids()) is not None:
            return pids
        return self._probes.descendants(self._top_pid, self._limits.processes)

    def keep_high_water(self) -> None:
        """Keep the high-water mark of each process with a baseline, in case the process dies."""
        for baseline in self._observation.baselines.values():
            if mark := self._probes.high_water_bytes(baseline.pid):
                self._observation.high_water_bytes[baseline.pid] = mark

    def read_at_rest(self, units: int) -> None:
        """Read all signals while all processes wait, and note which processes are new or gone."""
        self._observation.replaced.add(units, self.read(units), self._probes)

    def read(self, units: int) -> dict[int, Reading]:
        """Read all signals of all processes, and keep them as of `units` units done. The processes
        come from a walk, because a cgroup does not list zombies."""
        pids = self._probes.descendants(self._top_pid, self._limits.processes)
        readings = {pid: reading for pid in pids if (reading := self._probes.reading(pid))}
        whole = self._probes.sum_readings(readings.values())
        segments = self._segments(next(iter(readings), None))
        group = self._confinement.shared_memory_bytes()
        whole = msgspec.structs.replace(whole, segments=segments, shmem_bytes=group)
        self._observation.tree.add(units, whole)
        for number, baseline in self._observation.baselines.items():
            if reading := readings.get(baseline.pid):
                shares = Reading(pss_bytes=reading.pss_bytes, uss_bytes=reading.uss_bytes)
                empty = TreeSeries(MAX_TREE_ROWS)
                self._observation.outside.setdefault(number, empty).add(units, shares)
        self._note_pss(whole.pss_bytes or 0)
        return readings

    def pss_bytes(self, pids: list[int]) -> int:
        """Return the summed PSS of processes, and keep it if it is the run's peak."""
        total = sum(self._probes.pss_bytes(pid) or 0 for pid in pids)
        self._note_pss(total)
        return total

    def note_gap(self) -> None:
        """Keep the longest time without a reading of PSS. The times before the first reading and
        after the last one count, too."""
        now = time.monotonic()
        gap, self._pss_last = now - self._pss_last, now
        self._observation.longest_gap_seconds = max(
            gap, self._observation.longest_gap_seconds or 0.0
        )

    def _segments(self, pid: int | None) -> int | None:
        """Return how many segments a process of the run sees that did not exist at its start."""
        controlled = self._observation.controlled
        before = () if controlled and controlled.own_shared_memory else self._segments_before
        names = self._probes.segment_names(pid) if pid else None
        return None if names is None else len(names - frozenset(before))

    def _note_pss(self, total: int) -> None:
        self.note_gap()
        self._observation.tree_peak_pss_bytes = max(
            total, self._observation.tree_peak_pss_bytes or 0
        )
