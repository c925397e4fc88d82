"""The cost of the observer itself, on idle processes of known size.

The supervisor, cgroups and observer are those of any run. The agent is left out: `agent_cost.py`
measures its cost. The processes report their baselines once all of them have allocated their
memory, and the observer reads PSS only from then on.

The window of the measurement is from the end of one reading of PSS to the end of another. A window
of fixed duration would contain one reading more or less by chance. With a reading every three
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

# The maximum share of one CPU for readings of PSS.
MAX_PSS_SHARE = PSS_CPU_BUDGET
# So that a single expensive reading is no more than a tenth of the measured cost.
READINGS = 10
# The time for allocating and reading several gigabytes; after it, the measurement is ended.
PATIENCE_SECONDS = 300.0
# A load may take the available memory divided by this.
AVAILABLE_PARTS = 2

# Arguments: the number of workers, and the bytes for each; without workers, for itself.
BALLAST = """
import os, signal, sys
workers, size = map(int, sys.argv[1:])
ready, notify = os.pipe()
pids = [os.getpid()]
for _ in range(workers):
    pid = os.fork()
    if pid == 0:
        held = b"x" * size
        os.write(notify, b"x")
        signal.pause()
    pids.append(pid)
held = b"" if workers else b"x" * size
for _ in range(workers):
    os.read(ready, 1)
for number, pid in enumerate(pids):
    message = dict(kind="baseline", process=number, pid=pid, rss_bytes=1, high_water_reset=False)
    os.write(3, f"\\n{message!r}\\n".encode())
signal.pause()
"""


class Enforcer(Enum):
    """What enforces the limits of the run; the observer does if no cgroup can be made."""

    CGROUP = "cgroup"
    OBSERVER = "observer"


@dataclass(frozen=True)
class Load:
    """The observed processes: a pool of workers with `each_bytes`, or one process if 0 workers."""

    workers: int
    each_bytes: int
    enforcer: Enforcer = Enforcer.CGROUP

    @property
    def label(self) -> str:
        """The name in messages and tables: `pool of 8`."""
        return f"pool of {self.workers}" if self.workers else "one process"

    @property
    def total_bytes(self) -> int:
        """The memory of all processes together."""
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
    """The observer's samples and its CPU time by purpose, counted until a reading of PSS ends."""

    at_seconds: float
    samples: int
    sampling_seconds: float
    pss_seconds: float
    thread_seconds: float


@dataclass(frozen=True)
class ObserverCost:
    """The cost of observing a load. Shares are of one CPU, and intervals are means.

    `sampling_share` is the CPU time of samples: counting processes and reading high-water marks.
    `pss_share` is that of readings of PSS, and `thread_share` that of everything the thread does.
    """

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
        """The possible error of `pss_share`: one reading counts without the wait that follows."""
        return self.pss_share / self.readings

    @property
    def meets_limits(self) -> bool:
        """Whether readings of PSS stay within their share of a CPU."""
        return self.pss_share - self.granularity <= MAX_PSS_SHARE


def split_by_size(loads: Iterable[Load], available: int) -> tuple[list[Load], list[Load]]:
    """Split loads into those of at most half of the available bytes, and larger ones."""
    fitting: list[Load] = []
    too_large: list[Load] = []
    for load in loads:
        fits = load.total_bytes * AVAILABLE_PARTS <= available
        (fitting if fits else too_large).append(load)
    return fitting, too_large


def measure_observer_cost(
    loads: Iterable[Load], seconds: float
) -> Iterator[tuple[Load, ObserverCost | None]]:
    """Observe each load; yield it with None before, and with its cost after that.

    Args:
        loads: The loads, one after the other.
        seconds: The minimum duration for each; `READINGS` readings of PSS may take longer.

    Raises:
        NotMeasured: A load ended by itself, or there were too few readings in time.
    """
    with session_folder() as session:
        for load in loads:
            yield load, None
            yield load, _observe(load, seconds, session)


def _observe(load: Load, seconds: float, session: Path) -> ObserverCost:
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
        observation = observer.watch(window.note_sample)
    if not enough.is_set():
        raise NotMeasured(_early_end(load, observation))
    alone = OBSERVER in (observation.memory_by, observation.processes_by)
    return summarize_observer_cost(
        load, Enforcer.OBSERVER if alone else Enforcer.CGROUP, window.snapshots
    )


def _early_end(load: Load, observation: Observation) -> str:
    """Return the message for a measurement that ended too early."""
    reason = str(observation.stopped) if observation.stopped else "ended by itself"
    size = format_bytes(load.each_bytes)
    return f"{load.label} of {size}: {reason}; run it on a less busy machine"


class Window:
    """Takes a snapshot of the costs at the end of each reading of PSS, until there are enough."""

    def __init__(self, observer: Observer, seconds: float, enough: threading.Event) -> None:
        """Begin; `enough` is set after at least `seconds` seconds and `READINGS` readings."""
        self.snapshots: list[CostSnapshot] = []
        self._observer = observer
        self._seconds = seconds
        self._enough = enough
        self._samples = 0
        self._pss_seconds = 0.0

    def note_sample(self) -> None:
        """Count a sample of the observer; called in its thread after each one."""
        self._samples += 1
        pss_seconds = self._observer.pss_budget.spent_seconds
        if pss_seconds == self._pss_seconds:
            return
        self._pss_seconds = pss_seconds
        spent = (self._observer.count_budget, self._observer.marks_budget)
        sampling = sum(budget.spent_seconds for budget in spent)
        now = time.monotonic()
        self.snapshots.append(
            CostSnapshot(now, self._samples, sampling, pss_seconds, time.thread_time())
        )
        duration = now - self.snapshots[0].at_seconds
        if duration >= self._seconds and len(self.snapshots) > READINGS:
            self._enough.set()


def summarize_observer_cost(
    load: Load, enforcer: Enforcer, snapshots: Sequence[CostSnapshot]
) -> ObserverCost:
    """Return the cost between the first and the last of at least two snapshots."""
    first, last = snapshots[0], snapshots[-1]
    duration = last.at_seconds - first.at_seconds
    readings = len(snapshots) - 1
    return ObserverCost(
        load=load,
        enforcer=enforcer,
        readings=readings,
        sampling_share=(last.sampling_seconds - first.sampling_seconds) / duration,
        sampling_interval_seconds=duration / (last.samples - first.samples),
        pss_share=(last.pss_seconds - first.pss_seconds) / duration,
        pss_interval_seconds=duration / readings,
        longest_gap_seconds=max(b.at_seconds - a.at_seconds for a, b in pairwise(snapshots)),
        thread_share=(last.thread_seconds - first.thread_seconds) / duration,
    )
