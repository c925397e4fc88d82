"""Reads all processes of a run from outside, and keeps what was read in its observation."""

import os
import time

import msgspec

from leaklab.model.job import Limits
from leaklab.model.signals import Reading
from leaklab.observer.observation import MAX_TREE_ROWS, Observation
from leaklab.observer.probes.protocol import Probes
from leaklab.observer.series import TreeSeries
from leaklab.sandbox.cgroups import Confinement
from leaklab.sandbox.launch import Child


class TreeReader:
    """Reads the processes below one supervisor."""

    def __init__(
        self,
        child: Child,
        limits: Limits,
        probes: Probes,
        confinement: Confinement,
        seen: Observation,
    ) -> None:
        """Prepare to read; segments that are there by now are not the run's."""
        self._top_pid = child.supervisor.pid
        self._limits = limits
        self._probes = probes
        self._confinement = confinement
        self._seen = seen
        self._segments_before = probes.segment_names(os.getpid())
        self._pss_last = time.monotonic()

    def pids(self) -> list[int]:
        """The run's processes: in one read where a group holds them, else by a walk."""
        controlled = self._seen.controlled
        if controlled and controlled.confined and (pids := self._confinement.pids()) is not None:
            return pids
        return self._probes.descendants(self._top_pid, self._limits.processes)

    def keep_high_water(self) -> None:
        """Keep the high-water mark of each measured process, once it was reset, in case it dies."""
        for baseline in self._seen.baselines.values():
            if mark := self._probes.high_water_bytes(baseline.pid):
                self._seen.high_water_bytes[baseline.pid] = mark

    def read(self, units: int) -> None:
        """Read all that can be read, and keep it as of this many units done. Zombies are among the
        processes, which no cgroup lists."""
        pids = self._probes.descendants(self._top_pid, self._limits.processes)
        readings = {pid: reading for pid in pids if (reading := self._probes.reading(pid))}
        whole = self._probes.sum_readings(readings.values())
        segments = self._segments(next(iter(readings), None))
        group = self._confinement.shared_memory_bytes()
        whole = msgspec.structs.replace(whole, segments=segments, shmem_bytes=group)
        self._seen.tree.add(units, whole)
        for number, baseline in self._seen.baselines.items():
            if one := readings.get(baseline.pid):
                alone = Reading(pss_bytes=one.pss_bytes, uss_bytes=one.uss_bytes)
                self._seen.outside.setdefault(number, TreeSeries(MAX_TREE_ROWS)).add(units, alone)
        self._note_pss(whole.pss_bytes or 0)

    def pss_bytes(self, pids: list[int]) -> int:
        """The resident bytes of processes, shared pages counted once; kept as the run's peak."""
        total = sum(self._probes.pss_bytes(pid) or 0 for pid in pids)
        self._note_pss(total)
        return total

    def note_gap(self) -> None:
        """Keep the longest time without a reading of PSS, that before the first and after the last
        included."""
        now = time.monotonic()
        gap, self._pss_last = now - self._pss_last, now
        self._seen.longest_gap_seconds = max(gap, self._seen.longest_gap_seconds or 0.0)

    def _segments(self, pid: int | None) -> int | None:
        """How many segments were made since the run began, as one of its processes sees them."""
        controlled = self._seen.controlled
        before = () if controlled and controlled.own_shared_memory else self._segments_before
        names = self._probes.segment_names(pid) if pid else None
        return None if names is None else len(names - frozenset(before))

    def _note_pss(self, total: int) -> None:
        self.note_gap()
        self._seen.tree_peak_pss_bytes = max(total, self._seen.tree_peak_pss_bytes or 0)
