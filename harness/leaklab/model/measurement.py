"""What was measured of a run: its processes, its tree, its controls, its environment, its end."""

from enum import StrEnum

from msgspec import Struct

from leaklab.model.signals import Reading, Samples
from leaklab.model.verdicts import Verdict


class EndReason(StrEnum):
    """How a run ended. Every end but `completed` carries a detail beside it."""

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
        """Whether the run broke off by itself, so that there is nothing to judge."""
        return self.startswith("failed")

    @property
    def stopped(self) -> bool:
        """Whether the lab stopped the run."""
        return self.startswith("stopped")


class Role(StrEnum):
    """What a measured process is to the run; `parent` and `worker` are judged."""

    PARENT = "parent"
    WORKER = "worker"


class StopKind(StrEnum):
    """How a stop was read: with all that waits for the collector; after a collection; or after
    none, because the program has switched its collector off."""

    NOT_COLLECTED = "as it is"
    COLLECTED = "collected"
    COLLECTOR_OFF = "not collected: the collector is off"


class Stop(Struct, frozen=True, kw_only=True):
    """All that says something of a process's memory, read after `units` units of its work: at each
    doubling, and after each collection that was ordered. `peak_rss_bytes` is the high-water mark so
    far, less the baseline; `cpu_seconds` the CPU time that the units took so far."""

    units: int
    how: StopKind
    peak_rss_bytes: int
    cpu_seconds: float = 0.0
    reading: Reading


class Container(Struct, frozen=True, kw_only=True):
    """Something that states a maximum of its own, after `units` units of the run's work: an
    lru_cache, a deque with a maxlen, a cache of a library's."""

    units: int
    name: str
    entries: int
    maximum: int


class ProcessRecord(Struct, frozen=True, kw_only=True):
    """One measured process.

    `baseline_rss_bytes` is its RSS before the scenario is imported, of which `baseline_file_bytes`
    are pages of files (the interpreter's code and libraries); `peak_rss_bytes` its own
    high-water mark (VmHWM, reset at the baseline) with that taken off, after the units that were
    asked for, and `whole_peak_rss_bytes` the same at its end; `cpu_seconds` its own
    user and system time between the first unit and the last. `outside` is what the observer read
    of it meanwhile (PSS and USS), by the units done at its last sample before. `at_start` was read
    with the baseline, `stops` at each doubling of the work; `bounded` are the containers found at
    stops. `at_end`, `after_collect` and `after_trim` follow the last unit: as it is, after a full
    collection (where the program left the collector on), then after malloc_trim.

    `number` is 0 for the parent and counts the workers from 1, in the order in which they were
    started; `units_done` is the work of this process, for a parent that of all. `pin_kept` is false
    where the program moved its process off the one CPU it was pinned to, which blurs VmHWM.
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


class TreeRecord(Struct, frozen=True, kw_only=True):
    """All processes of a run together, read from outside: sums, PSS where memory is judged.

    Where the scenario's scope is the tree, each row was read while all waited at a unit boundary,
    and its verdict is the run's; else rows were read meanwhile, by the units done at the last
    sample before.
    """

    samples: Samples
    verdict: Verdict | None = None


class Controls(Struct, frozen=True, kw_only=True):
    """What was done to make the run repeatable and to hold it to its limits.

    `memory_limit_by` and `process_limit_by` are the means in force: `cgroup v2`, `cgroup v1` or
    `observer`; `memory_limit_bytes`, `process_limit` and `descriptor_limit` what they hold it to, 0
    where a result of an older leaklab does not say. `own_shared_memory` says whether the run had a
    /dev/shm of its own. `refused` says why a better means is not in force.
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
    """Where it ran."""

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
    """What an executor hands back: everything measured, nothing judged.

    `held_back_by` is the option that kept a run from going on that was not certain.
    """

    end_reason: EndReason
    detail: str = ""
    held_back_by: str = ""
    units_done: int = 0
    processes: list[ProcessRecord] = []
    tree: TreeRecord | None = None
    tree_peak_pss_bytes: int | None = None
    tree_pss_longest_gap_seconds: float | None = None
    cgroup_peak_bytes: int | None = None
    controls: Controls = Controls()
    output_tail: str = ""
