"""What the observer itself costs: processes of known size that do nothing, watched as any run is.

Under the real supervisor, in real cgroups, by the real observer; only the agent is left out, for
what it costs is another question (`agent_cost.py`). What is watched is settled before the window in
which costs are counted begins: its processes are named to the observer once all of them hold their
memory, and only then does it read PSS.

The window begins with the end of one reading of PSS and ends with that of another. A window cut
by the clock would hold now one reading more, now one less, and where there is one every three
seconds, that alone turns 2 % of a CPU into 1.5 or 2.5 %.
"""

import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from pathlib import Path

from leaklab.model.errors import NotMeasured
from leaklab.model.job import Limits
from leaklab.model.units import MIB, format_bytes
from leaklab.observer import probes
from leaklab.observer.observation import Observation
from leaklab.observer.observer import PSS_CPU_BUDGET, Observer
from leaklab.runs.limits import available_bytes
from leaklab.sandbox.cgroups import OBSERVER, UNCONFINED, confined
from leaklab.sandbox.launch import Command, supervised
from leaklab.sandbox.scratch import run_folder, session_folder

# Of one CPU, what readings of PSS may take.
MAX_PSS_SHARE = PSS_CPU_BUDGET

# So that one reading that was dearer than the others is no more than a tenth of what they cost.
READINGS = 10
# Settling and readings of several gigabytes; it ends a watch that comes to nothing.
PATIENCE_SECONDS = 300.0

# Of what the machine can give, the part that processes may take that only hold it.
AVAILABLE_PARTS = 2

# Started with the number of workers and the bytes that each is to hold, or that it holds itself
# where there are none.
BALLAST = """
import os, signal, sys
workers, size = map(int, sys.argv[1:])
told, tell = os.pipe()
pids = [os.getpid()]
for _ in range(workers):
    pid = os.fork()
    if pid == 0:
        held = b"x" * size
        os.write(tell, b"x")
        signal.pause()
    pids.append(pid)
held = b"" if workers else b"x" * size
for _ in range(workers):
    os.read(told, 1)
for number, pid in enumerate(pids):
    words = dict(kind="baseline", process=number, pid=pid, rss_bytes=1, high_water_reset=False)
    os.write(3, f"\\n{words!r}\\n".encode())
signal.pause()
"""


class Enforcer(Enum):
    """Who is to hold the run to its limits; where no cgroup can be made, it is the observer."""

    CGROUP = "cgroup"
    OBSERVER = "observer"


@dataclass(frozen=True)
class Load:
    """What is watched: so many workers of a parent that holds nothing, or one process (0)."""

    workers: int
    each_bytes: int
    enforcer: Enforcer = Enforcer.CGROUP

    @property
    def label(self) -> str:
        """How people name it: `pool of 8`."""
        return f"pool of {self.workers}" if self.workers else "one process"

    @property
    def total_bytes(self) -> int:
        """What all of them hold."""
        return max(self.workers, 1) * self.each_bytes


LOADS = (
    *(Load(0, size * MIB) for size in (10, 100, 1024, 4096)),
    *(Load(workers, 50 * MIB) for workers in (1, 2, 4, 8, 16, 32, 64)),
    Load(0, 100 * MIB, Enforcer.OBSERVER),
    Load(64, 50 * MIB, Enforcer.OBSERVER),
)
QUICK_LOADS = (Load(0, 10 * MIB), Load(2, 10 * MIB))


@dataclass(frozen=True)
class CostSnapshot:
    """The observer's samples, and its CPU time by purpose, when a reading of PSS ends."""

    at_seconds: float
    samples: int
    sampling_seconds: float
    pss_seconds: float
    thread_seconds: float


@dataclass(frozen=True)
class ObserverCost:
    """What watching a load cost. Shares are of one CPU, intervals the mean time from one to the
    next; `enforcer` is who did hold the limits, `thread_share` what the observer's thread took."""

    load: Load
    enforcer: Enforcer
    readings: int
    sampling_share: float
    sampling_interval_seconds: float
    pss_share: float
    pss_interval_seconds: float
    longest_gap_seconds: float
    thread_share: float

    @property
    def granularity(self) -> float:
        """How far off `pss_share` may be: what a reading costs is known only after it, and paid
        for by the time until the next, so one of them may always be unpaid."""
        return self.pss_share / self.readings

    @property
    def meets_limits(self) -> bool:
        """Whether PSS takes no more than it may."""
        return self.pss_share - self.granularity <= MAX_PSS_SHARE


def split_by_size(loads: Iterable[Load], available: int) -> tuple[list[Load], list[Load]]:
    """Those that take at most half of the bytes available, and those that take more."""
    fitting: list[Load] = []
    too_large: list[Load] = []
    for load in loads:
        fits = load.total_bytes * AVAILABLE_PARTS <= available
        (fitting if fits else too_large).append(load)
    return fitting, too_large


def measure_observer_cost(
    loads: Iterable[Load], seconds: float
) -> Iterator[tuple[Load, ObserverCost | None]]:
    """Each load before it is watched, with None, and again with what that cost.

    Args:
        loads: what to watch, one after the other.
        seconds: how long at least; as long as so many readings of PSS take, where that is longer.

    Raises:
        NotMeasured: a load ended by itself, or no so many readings came.
    """
    with session_folder() as session:
        for load in loads:
            yield load, None
            yield load, _watch(load, seconds, session)


def _watch(load: Load, seconds: float, session: Path) -> ObserverCost:
    limits = Limits(memory_bytes=available_bytes(), time_seconds=seconds + PATIENCE_SECONDS)
    with ExitStack() as stack:
        cgroup = load.enforcer is Enforcer.CGROUP
        confinement = stack.enter_context(confined(limits)) if cgroup else UNCONFINED
        command = Command(
            [sys.executable, "-I", "-S", "-c", BALLAST, str(load.workers), str(load.each_bytes)],
            {},
            stack.enter_context(run_folder(session, 0)),
            session,
            cpu=max(os.sched_getaffinity(0)),
            limits=limits,
            confinement=confinement,
        )
        enough = threading.Event()
        child = stack.enter_context(supervised(command))
        observer = Observer(child, limits, probes.platform_probes(), confinement, enough)
        window = Window(observer, seconds, enough)
        seen = observer.watch(window.note_sample)
    if not enough.is_set():
        raise NotMeasured(_cut_short(load, seen))
    alone = OBSERVER in (seen.memory_by, seen.processes_by)
    return summarize_observer_cost(
        load, Enforcer.OBSERVER if alone else Enforcer.CGROUP, window.snapshots
    )


def _cut_short(load: Load, seen: Observation) -> str:
    """What to say of a watch that should have lasted."""
    why = str(seen.stopped) if seen.stopped else "ended by itself"
    size = format_bytes(load.each_bytes)
    return f"{load.label} of {size}: {why}; run it on a machine that is less busy"


class Window:
    """Notes the snapshots in which readings of PSS end, and says when there are enough."""

    def __init__(self, observer: Observer, seconds: float, enough: threading.Event) -> None:
        """Prepare to note; `enough` is set after so many seconds and `READINGS` readings."""
        self.snapshots: list[CostSnapshot] = []
        self._observer = observer
        self._seconds = seconds
        self._enough = enough
        self._samples = 0
        self._pss_seconds = 0.0

    def note_sample(self) -> None:
        """To be called after each look, in the observer's thread."""
        self._samples += 1
        spent = self._observer.pss_budget.spent_seconds
        if spent == self._pss_seconds:
            return
        self._pss_seconds = spent
        looks = (
            self._observer.count_budget.spent_seconds + self._observer.marks_budget.spent_seconds
        )
        now = CostSnapshot(time.monotonic(), self._samples, looks, spent, time.thread_time())
        self.snapshots.append(now)
        lasted = now.at_seconds - self.snapshots[0].at_seconds
        if lasted >= self._seconds and len(self.snapshots) > READINGS:
            self._enough.set()


def summarize_observer_cost(
    load: Load, enforcer: Enforcer, snapshots: Sequence[CostSnapshot]
) -> ObserverCost:
    """What was spent between the first and the last of at least two snapshots."""
    first, last = snapshots[0], snapshots[-1]
    lasted = last.at_seconds - first.at_seconds
    readings = len(snapshots) - 1
    return ObserverCost(
        load=load,
        enforcer=enforcer,
        readings=readings,
        sampling_share=(last.sampling_seconds - first.sampling_seconds) / lasted,
        sampling_interval_seconds=lasted / (last.samples - first.samples),
        pss_share=(last.pss_seconds - first.pss_seconds) / lasted,
        pss_interval_seconds=lasted / readings,
        longest_gap_seconds=max(b.at_seconds - a.at_seconds for a, b in pairwise(snapshots)),
        thread_share=(last.thread_seconds - first.thread_seconds) / lasted,
    )
