"""What a scenario declares: one scenario.toml as types, and the enums of its keys."""

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct, field

Option: TypeAlias = str | int | float | bool


class Mode(StrEnum):
    """How a variant is executed."""

    INLINE = "inline"
    FORK = "fork"
    SPAWN = "spawn"
    FORKSERVER = "forkserver"
    MULTIPROCESS = "multiprocess"

    @property
    def is_pool(self) -> bool:
        """Whether the work is shared by the workers of a pool."""
        return self is not Mode.INLINE


class Variant(StrEnum):
    """Which of a scenario's programs; a control has only `program`."""

    BUGGY = "buggy"
    FIXED = "fixed"
    PROGRAM = "program"


class Resource(StrEnum):
    """What can leak."""

    MEMORY = "memory"
    DESCRIPTORS = "descriptors"
    SOCKETS = "sockets"
    THREADS = "threads"
    PROCESSES = "processes"
    SHARED_MEMORY = "shared-memory"


class Growth(StrEnum):
    """The shape of a series over work done."""

    UNBOUNDED = "unbounded"
    BOUNDED = "bounded"
    NONE = "none"
    SAWTOOTH = "sawtooth"


class Pattern(StrEnum):
    """The mistake that a scenario shows; a control has `none`."""

    FULL_OBJECT_IN_INDEX = "full-object-in-index"
    NEVER_CLEARED_COLLECTION = "never-cleared-collection"
    CACHE_WITHOUT_EVICTION = "cache-without-eviction"
    PROCESSED_DATA_KEPT = "processed-data-kept"
    CIRCULAR_REFERENCE = "circular-reference"
    UNCLOSED_RESOURCE = "unclosed-resource"
    UNBOUNDED_BUFFER = "unbounded-buffer"
    ACCIDENTAL_REFERENCE = "accidental-reference"
    LISTENER_NOT_REMOVED = "listener-not-removed"
    NATIVE_ALLOCATION = "native-allocation"
    PER_PROCESS_STATE = "per-process-state"
    COPY_ON_WRITE = "copy-on-write"
    SHARED_SEGMENT_KEPT = "shared-segment-kept"
    NONE = "none"


class Scope(StrEnum):
    """Whose series is judged: the process's own, or that of its whole tree."""

    PROCESS = "process"
    TREE = "tree"


class Criterion(StrEnum):
    """What tells the variants apart: growth in one run, or the peaks of the pair."""

    GROWTH = "growth"
    PEAK = "peak"


class Repeatable(StrEnum):
    """How far two runs may differ: not at all, or by a per cent (fed by a pipe, socket, thread)."""

    EXACT = "exact"
    CLOSE = "close"


class Requires(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must be installed; without it the scenario is skipped."""

    programs: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


class BuggyTruth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of the buggy variant.

    `culprit` is text that stands exactly once in buggy.py, on the line that retains;
    `allocation` the file in which the retained memory is born, where that is another one.
    """

    growth: Growth
    culprit: str
    allocation: str | None = None


class FixedTruth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of the fixed variant; `diff_reason` says why its diff is a long one."""

    growth: Growth
    diff_reason: str | None = None


class ControlTruth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a control's only program; without a growth, nothing is."""

    growth: Growth | None = None


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One scenario.toml. `name` is the folder's, the only name a scenario has.

    Like each of its tables it refuses an unknown key, so that a typo cannot pass. Where it is not
    `vouched` for, its `units` are anybody's guess, and whatever fills may fill longer; where it
    does not say, the lab's own catalogue vouches for it, and no other does. `edited` are the
    variants that are not as the catalogue has them: what was known of them is not any more.
    """

    name: str = ""
    schema: int
    title: str
    summary: str
    pattern: Pattern
    resource: Resource
    unit: str
    units: int
    modes: tuple[Mode, ...]
    level: int
    hints: tuple[str, ...]
    sources: tuple[str, ...]
    scope: Scope = Scope.PROCESS
    judge: Criterion = Criterion.GROWTH
    min_ratio: float | None = None
    repeatable: Repeatable = Repeatable.EXACT
    vouched: bool | None = None
    bench: bool = False
    slow_reason: str | None = None
    services: tuple[str, ...] = ()
    requires: Requires = Requires()
    options: dict[str, Option] = field(default_factory=dict)
    buggy: BuggyTruth | None = None
    fixed: FixedTruth | None = None
    program: ControlTruth | None = None
    edited: tuple[Variant, ...] = ()

    @property
    def is_vouched(self) -> bool:
        """Whether its units are known to suffice for a verdict."""
        return self.vouched is not False

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The variants it has, in the order in which they are run and shown."""
        return (Variant.PROGRAM,) if self.program else (Variant.BUGGY, Variant.FIXED)

    def growth_of(self, variant: Variant) -> Growth | None:
        """The growth that is known to be true of `variant`; None where that is not known.

        Raises:
            KeyError: this scenario has no such variant.
        """
        truth = {
            Variant.BUGGY: self.buggy,
            Variant.FIXED: self.fixed,
            Variant.PROGRAM: self.program,
        }
        known = truth[variant]
        if known is None:
            raise KeyError(variant)
        return None if variant in self.edited else known.growth

    def leaks(self, variant: Variant) -> bool | None:
        """Whether `variant` is known to leak, None where that is not known; of a pair that differs
        by its peak, the buggy one is."""
        if self.judge is Criterion.PEAK and variant not in self.edited:
            return variant is Variant.BUGGY
        growth = self.growth_of(variant)
        return None if growth is None else is_leak(growth, variant)


def is_leak(growth: Growth, variant: Variant) -> bool:
    """Whether growth that is known of a variant is a leak.

    Unbounded growth is. So is a saw-tooth whose teeth end with a restart, which only a buggy
    variant has: teeth within one process are the collector's, and innocent.
    """
    restarts = growth is Growth.SAWTOOTH and variant is Variant.BUGGY
    return growth is Growth.UNBOUNDED or restarts
