"""What a run found: the saved record, one JSON object, and the verdict in it.

Schema history (a reader refuses what is newer than it knows):
    1  the first: inline runs.
    2  pools: several processes a run, each with its number, its work and its verdict.
    3  every resource, of each process and of the tree; runs that end when the verdict is certain.
"""

from enum import StrEnum

from msgspec import Struct

from leaklab.model import Growth, Mode, Option, Resource, Scope, Variant, is_leak
from leaklab.signals import Reading, Samples, Signal

SCHEMA = 3


class Ended(StrEnum):
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


class Estimate(Struct, frozen=True, kw_only=True):
    """One signal judged: its own verdict and its growth per unit with a 95 % interval.

    `settled` is false of an acquittal that more work might overthrow: a step was seen, and whether
    others follow is not known.
    """

    signal: Signal
    leak: bool | None
    growth: Growth | None
    per_unit: float
    low: float
    high: float
    reason: str
    settled: bool = True


class Verdict(Struct, frozen=True, kw_only=True):
    """`leak` is None where undecided. Amounts are of `resource`, in bytes or in pieces."""

    leak: bool | None
    growth: Growth | None
    resource: Resource
    per_unit: float | None = None
    low: float | None = None
    high: float | None = None
    reasons: list[str] = []
    estimates: list[Estimate] = []
    others: dict[Resource, bool | None] = {}

    @property
    def word(self) -> str:
        """`leak`, `clean` or `undecided`."""
        return {True: "leak", False: "clean", None: "undecided"}[self.leak]


class ProcessRecord(Struct, frozen=True, kw_only=True):
    """One measured process.

    `baseline_rss_bytes` is its RSS before the scenario is imported; `peak_rss_bytes` its own
    high-water mark (VmHWM, reset at the baseline) with that taken off; `cpu_seconds` its own
    user and system time between the first unit and the last. `outside` is what the observer read
    of it meanwhile (PSS and USS), by the units done at its last sample before. `at_start` was read
    with the baseline, `halfway` at half of the work, and only what is too dear for every sample.
    `at_end`, `after_collect` and `after_trim` follow the last unit: as it is, after a full
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
    peak_rss_bytes: int
    samples: Samples
    pin_kept: bool = True
    cpu_seconds: float | None = None
    collector_on: bool = True
    outside: Samples = Samples()
    at_start: Reading | None = None
    halfway: Reading | None = None
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
    `observer`. `own_shared_memory` says whether the run had a /dev/shm of its own. `refused` names
    what the platform would not do, and why.
    """

    aslr_off: bool = False
    pinned_cpu: int | None = None
    huge_pages_off: bool = False
    hash_seed: str = "0"
    high_water_reset: bool = False
    own_shared_memory: bool = False
    memory_limit_by: str = "observer"
    process_limit_by: str = "observer"
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


class Trace(Struct, frozen=True, kw_only=True):
    """What an executor hands back: everything measured, nothing judged.

    `held_back_by` is the option that kept a run from going on that was not certain.
    """

    ended: Ended
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


class Result(Struct, frozen=True, kw_only=True):
    """One run as it is saved and as `--json` prints it.

    The verdict is that of the worst process (of the tree, where that is its scope; of the pair,
    where peaks are judged), and so is `worst`, its place in `processes`;
    `peak_rss_bytes` is that of the largest. `tree_peak_pss_bytes` is sampled, a lower bound;
    `cgroup_peak_bytes` is exact, but counts page cache and kernel memory. `budget_seconds` is the
    CPU time that a run might take which goes on beyond `units` (`units_done` is how far it went);
    None where its length was fixed. `scope` is whose series decided.
    """

    schema: int = SCHEMA
    scenario: str
    variant: Variant
    mode: Mode
    workers: int
    units: int
    units_done: int
    unit: str
    seed: int
    options: dict[str, Option]
    repeat: int
    ended: Ended
    detail: str
    expected_growth: Growth
    verdict: Verdict
    worst: int | None = None
    agrees: bool
    peak_rss_bytes: int | None
    baseline_rss_bytes: int | None
    tree_peak_pss_bytes: int | None
    tree_pss_longest_gap_seconds: float | None
    processes: list[ProcessRecord]
    controls: Controls
    environment: Environment
    output_tail: str = ""
    cgroup_peak_bytes: int | None = None
    tree_peak_pss_anon_bytes: int | None = None
    tree: TreeRecord | None = None
    budget_seconds: float | None = None
    scope: Scope = Scope.PROCESS
    expected_leak: bool | None = None

    @property
    def is_known_to_leak(self) -> bool:
        """What is known of its variant; results of schema 1 and 2 say it by their growth alone."""
        if self.expected_leak is None:
            return is_leak(self.expected_growth, self.variant)
        return self.expected_leak

    @property
    def peak_bytes(self) -> int | None:
        """The peak that is compared: the largest process's RSS, or where the tree is judged its
        PSS without files."""
        if self.scope is Scope.PROCESS:
            return self.peak_rss_bytes
        return self.tree_peak_pss_anon_bytes or self.tree_peak_pss_bytes
