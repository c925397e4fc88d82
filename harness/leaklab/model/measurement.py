"""The measurement of a run: its processes, its tree, its controls and how it ended."""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from leaklab.model.signals import Reading, Samples
from leaklab.model.verdicts import Verdict


class EndReason(StrEnum):
    """How a run ended. A measurement has a detail beside each reason other than `completed`."""

    COMPLETED = "completed"
    MEMORY_LIMIT = "stopped: memory limit"
    TIME_LIMIT = "stopped: time limit"
    PROCESS_LIMIT = "stopped: process limit"
    DESCRIPTOR_LIMIT = "stopped: descriptor limit"
    PROGRAM_FAILED = "failed: the scenario's code"
    DIED = "failed: the process died"
    WORKER_DIED = "failed: a worker died"
    SERVICE_DIED = "failed: a service died"
    NOT_STARTED = "failed: could not start"

    @property
    def failed(self) -> bool:
        """Whether the run failed, so that there is nothing to judge."""
        return self.startswith("failed")

    @property
    def stopped(self) -> bool:
        """Whether leaklab stopped the run at a limit."""
        return self.startswith("stopped")


class Role(StrEnum):
    """The role of a measured process in its run."""

    PARENT = "parent"
    WORKER = "worker"


class StopKind(StrEnum):
    """How a stop was read.

    Attributes:
        NOT_COLLECTED: With uncollected garbage.
        COLLECTED: After a garbage collection.
        COLLECTOR_OFF: Without a collection, because the program has switched its collector off.
    """

    NOT_COLLECTED = "as it is"
    COLLECTED = "collected"
    COLLECTOR_OFF = "not collected: the collector is off"


class Stop(Struct, frozen=True, kw_only=True):
    """A detailed reading of a process's memory, at a doubling of its work or after a collection.

    Attributes:
        units: The units of its work done so far.
        how: How it was read.
        peak_rss_bytes: The high-water mark of RSS so far, less the baseline.
        cpu_seconds: The CPU time of the units so far.
        reading: The signals.
    """

    units: int
    how: StopKind
    peak_rss_bytes: int
    cpu_seconds: float = 0.0
    reading: Reading


class Container(Struct, frozen=True, kw_only=True):
    """A container that states its maximum size: an lru_cache, a deque with maxlen, a cache class.

    Attributes:
        units: The units of the run's work when it was read.
        name: The name of the container.
        entries: The number of its entries.
        maximum: The maximum number of its entries.
    """

    units: int
    name: str
    entries: int
    maximum: int


class ProcessRecord(Struct, frozen=True, kw_only=True):
    """One measured process.

    Attributes:
        number: 0 for the parent; workers count from 1 in the order in which they were started.
        units_done: The work of this process; for a parent, that of all processes.
        baseline_rss_bytes: Its RSS before the scenario is imported.
        baseline_file_bytes: The part of the baseline that is pages of files (the interpreter's code
            and libraries).
        peak_rss_bytes: Its high-water mark of RSS (VmHWM, reset at the baseline) less the baseline,
            after the requested units.
        whole_peak_rss_bytes: The same at its end.
        samples: The series that the process read of itself.
        pin_kept: False where the program moved its process off the CPU to which it was pinned,
            which makes VmHWM inexact.
        cpu_seconds: Its user and system time between the first unit and the last.
        collector_on: Whether the program left the garbage collector on.
        outside: The series that the observer read (PSS and USS), by the units done at the last
            sample before.
        at_start: The reading at the baseline.
        stops: The readings at each doubling of the work and after collections.
        bounded: The containers with a maximum size, read at stops.
        at_end: The reading after the last unit.
        after_collect: The reading after a full collection; None with the collector off.
        after_trim: The reading after malloc_trim, which follows last.
        verdict: The verdict; None before it is judged.
    """

    pid: int
    role: Role
    number: int = 0
    units_done: int = 0
    baseline_rss_bytes: int
    baseline_file_bytes: int = 0
    peak_rss_bytes: int
    whole_peak_rss_bytes: int = 0
    samples: Samples
    pin_kept: bool = True
    cpu_seconds: float | None = None
    collector_on: bool = True
    outside: Samples = Samples()
    at_start: Reading | None = None
    stops: list[Stop] = []
    bounded: list[Container] = []
    at_end: Reading | None = None
    after_collect: Reading | None = None
    after_trim: Reading | None = None
    verdict: Verdict | None = None


class Life(Struct, frozen=True):
    """One process that was observed from its start to its end.

    Attributes:
        command: Its command line.
        forked: Whether it is a copy of its parent that executed no other program.
        rows: The work done, or the seconds, at each reading, and its anonymous memory in bytes.
    """

    command: str
    forked: bool
    rows: tuple[Sequence[float], Sequence[float]]


class TreeRecord(Struct, frozen=True, kw_only=True):
    """The sums over all processes of a run, read from outside.

    Where the scope of the scenario is the tree, each row was read while all processes waited
    between units, and the verdict on the tree is that on the run. Otherwise the rows were read
    during the work, by the units done at the last sample before.

    Attributes:
        samples: The sums.
        replaced: The processes that started and ended during the run, the last ones of it; empty
            where the scope is not the tree.
        verdict: The verdict; None before it is judged.
    """

    samples: Samples
    replaced: list[Life] = []
    verdict: Verdict | None = None


class Controls(Struct, frozen=True, kw_only=True):
    """How the run was made repeatable, and how its limits were enforced.

    Attributes:
        own_shared_memory: Whether the run had a private /dev/shm.
        memory_limit_by: What enforced the limit: `cgroup v2`, `cgroup v1` or `observer`.
        process_limit_by: The same for the number of processes.
        memory_limit_bytes: The limit of memory; 0 in results of older versions.
        process_limit: The limit of the number of processes; 0 in results of older versions.
        descriptor_limit: The limit of descriptors per process; 0 in results of older versions.
        refused: Why better controls were not possible, one line each.
    """

    aslr_off: bool = False
    pinned_cpu: int | None = None
    huge_pages_off: bool = False
    hash_seed: str = "0"
    high_water_reset: bool = False
    own_shared_memory: bool = False
    memory_limit_by: str = "observer"
    process_limit_by: str = "observer"
    memory_limit_bytes: int = 0
    process_limit: int = 0
    descriptor_limit: int = 0
    refused: list[str] = []


class Environment(Struct, frozen=True, kw_only=True):
    """The machine and the software of a run."""

    python: str
    implementation: str
    kernel: str
    machine: str
    libc: str
    cpus: int
    leaklab: str
    git_commit: str | None = None
    started_at: str = ""


class Measurement(Struct, frozen=True, kw_only=True):
    """The result of an executor: everything that was measured, without a verdict.

    Attributes:
        end_reason: How the run ended.
        detail: More about the end reason.
        stopped_by_option: The option that ended a run before its verdict was certain.
        units_done: The units of work of the whole run.
        processes: The measured processes.
        tree: All processes together.
        tree_peak_pss_bytes: The highest sample of the tree's PSS.
        tree_pss_longest_gap_seconds: The longest time between two of these samples.
        cgroup_peak_bytes: The high-water mark of the run's cgroup.
        controls: How the run was controlled.
        output_tail: The end of its output.
    """

    end_reason: EndReason
    detail: str = ""
    stopped_by_option: str = ""
    units_done: int = 0
    processes: list[ProcessRecord] = []
    tree: TreeRecord | None = None
    tree_peak_pss_bytes: int | None = None
    tree_pss_longest_gap_seconds: float | None = None
    cgroup_peak_bytes: int | None = None
    controls: Controls = Controls()
    output_tail: str = ""
