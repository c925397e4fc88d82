"""The observer: watches a run from outside, holds it to its limits, keeps the last values read.

It looks at the measured tree every 20 ms. What it reads is a lower bound, for a spike fits between
two looks; exact figures are the process's own high-water mark, which the agent reads at the end.
It costs the measured process nothing but the kernel's walk of its page table for PSS, which is
spaced so that it takes at most one part in fifty of the time.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from leaklab.launch import Child
from leaklab.model import Limits
from leaklab.protocol import Baseline, Controlled, Exited, Failed, Finished, Message
from leaklab.record import Ended

TICK_SECONDS = 0.02
PSS_SHARE = 50


@dataclass
class Observation:
    """What was seen of a run: the messages of its agent and supervisor, each the first of its
    kind, and the observer's own readings."""

    controlled: Controlled | None = None
    baseline: Baseline | None = None
    finished: Finished | None = None
    failed: Failed | None = None
    exited: Exited | None = None
    stopped: Ended | None = None
    high_water_bytes: int | None = None
    tree_peak_pss_bytes: int | None = None
    longest_gap_seconds: float | None = None

    def hear(self, message: Message) -> None:
        """Keep a message, unless one of its kind was heard before."""
        name = type(message).__name__.lower()
        if getattr(self, name) is None:
            setattr(self, name, message)


class Observer:
    """Watches one supervised run to its end."""

    def __init__(self, child: Child, limits: Limits, probes: ModuleType) -> None:
        self._child = child
        self._limits = limits
        self._probes = probes
        self._seen = Observation()
        self._began = time.monotonic()
        self._pss_at = 0.0
        self._pss_last = self._began

    def watch(self, on_tick: Callable[[], None]) -> Observation:
        """Until the run is over; `on_tick` is called at every look, for progress."""
        while not self._child.closed:
            for message in self._child.read_messages(TICK_SECONDS):
                self._seen.hear(message)
            if not self._seen.exited and not self._seen.stopped:
                self._look()
                on_tick()
        self._note_gap(time.monotonic())
        return self._seen

    def _look(self) -> None:
        tree = self._probes.descendants(self._child.supervisor.pid)
        self._keep_high_water()
        self._sample_pss(tree)
        self._hold_to_limits(tree)

    def _keep_high_water(self) -> None:
        """Of the measured process itself, once its mark was reset: kept in case it dies."""
        baseline = self._seen.baseline
        if baseline and (found := self._probes.high_water_bytes(baseline.pid)):
            self._seen.high_water_bytes = found

    def _sample_pss(self, tree: list[int]) -> None:
        now = time.monotonic()
        if now < self._pss_at or not self._seen.baseline:
            return
        total = sum(self._probes.pss_bytes(pid) or 0 for pid in tree)
        self._pss_at = now + PSS_SHARE * (time.monotonic() - now)
        self._seen.tree_peak_pss_bytes = max(total, self._seen.tree_peak_pss_bytes or 0)
        self._note_gap(now)

    def _note_gap(self, now: float) -> None:
        """The longest time without a reading of PSS, that before the first and after the last
        included."""
        gap = now - self._pss_last
        self._seen.longest_gap_seconds = max(gap, self._seen.longest_gap_seconds or 0.0)
        self._pss_last = now

    def _hold_to_limits(self, tree: list[int]) -> None:
        if time.monotonic() - self._began > self._limits.time_seconds:
            self._stop(Ended.TIME_LIMIT)
        elif self._resident(tree) > self._limits.memory_bytes:
            self._stop(Ended.MEMORY_LIMIT)
        self._cut_output()

    def _resident(self, tree: list[int]) -> int:
        """The tree's resident bytes: summed RSS, which counts shared pages again, unless that is
        over the limit; then PSS, which does not."""
        total = sum(self._probes.rss_bytes(pid) or 0 for pid in tree)
        if total > self._limits.memory_bytes and len(tree) > 1:
            total = sum(self._probes.pss_bytes(pid) or 0 for pid in tree)
        return total

    def _cut_output(self) -> None:
        """Printing much is no fault: the file is emptied, and its writer appends from there."""
        try:
            if self._child.output.stat().st_size > self._limits.output_bytes:
                os.truncate(self._child.output, 0)
        except OSError:
            return

    def _stop(self, ended: Ended) -> None:
        self._seen.stopped = ended
        self._child.stop()
