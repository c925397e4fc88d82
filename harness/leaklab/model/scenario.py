"""The contents of a scenario.toml: its tables as types, and the enums of its values."""

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct, field

from leaklab.model.target import Target

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
        """Whether the workers of a pool share the work."""
        return self is not Mode.INLINE


class Variant(StrEnum):
    """A program of a scenario: a pair has `buggy` and `fixed`, a control has `program`."""

    BUGGY = "buggy"
    FIXED = "fixed"
    PROGRAM = "program"


class Resource(StrEnum):
    """A resource that can leak."""

    MEMORY = "memory"
    DESCRIPTORS = "descriptors"
    SOCKETS = "sockets"
    THREADS = "threads"
    PROCESSES = "processes"
    SHARED_MEMORY = "shared-memory"


class Growth(StrEnum):
    """The shape of a series over the work done."""

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
    """The judged series: that of each process, or that of the whole tree of processes."""

    PROCESS = "process"
    TREE = "tree"


class Criterion(StrEnum):
    """What distinguishes the variants: the growth in one run, or the peaks of both."""

    GROWTH = "growth"
    PEAK = "peak"


class Repeatable(StrEnum):
    """How much two runs may differ: not at all, or by 1 % (pipes, sockets, threads)."""

    EXACT = "exact"
    CLOSE = "close"


class Requires(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must be installed; without it the scenario is skipped.

    Attributes:
        programs: Programs on the PATH.
        packages: Packages of the interpreter that runs the scenario.
        service_packages: Packages of leaklab's own interpreter, which runs the services.
        install: The command that installs the programs on Debian; empty if they are everywhere.
    """

    programs: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    service_packages: tuple[str, ...] = ()
    install: str = ""


class BuggyTruth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The known truth about the buggy variant.

    Attributes:
        growth: Its growth.
        culprit: Text that occurs exactly once in buggy.py, on the line that retains.
        allocation: The file that allocates the retained memory, if it is another one; a path from
            the root of the catalogue.
    """

    growth: Growth
    culprit: str
    allocation: str | None = None


class FixedTruth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The known truth about the fixed variant; `diff_reason` explains a long diff."""

    growth: Growth
    diff_reason: str | None = None


class ControlTruth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The known truth about the program of a control; without `growth` it is unknown."""

    growth: Growth | None = None


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One scenario.toml. Unknown keys are refused, also in its tables, so that typing errors show.

    Attributes:
        name: The name of the folder; a scenario has no other name.
        units: The units of work that a verdict needs.
        vouched: Whether `units` are known to suffice, so that every cache is full by then. None
            stands for True in leaklab's own catalogue, and for False in any other.
        exercise: Its name in the course, which does not give the answer away; empty if it is no
            exercise.
        exercise_variant: The variant that a learner gets. None stands for the first one: `buggy`,
            or `program` of a control.
        exercise_hints: The hints for a fixed variant, because `hints` are about the buggy one.
        edited: The variants that were changed since their truth was declared, so that it is
            unknown; not a key of the file.
        target: The function of the user that takes the place of a folder; not a key of the file.
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
    exercise: str = ""
    exercise_variant: Variant | None = None
    exercise_hints: tuple[str, ...] = ()
    edited: tuple[Variant, ...] = ()
    target: Target | None = None

    @property
    def is_vouched(self) -> bool:
        """Whether its units are known to suffice for a verdict."""
        return self.vouched is not False

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The variants, in the order in which they are run and shown."""
        return (Variant.PROGRAM,) if self.program else (Variant.BUGGY, Variant.FIXED)

    def growth_of(self, variant: Variant) -> Growth | None:
        """Return the known growth of a variant; None if it is unknown.

        Raises:
            KeyError: The scenario has no such variant.
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
        """Return whether a variant is known to leak; None if that is unknown.

        The buggy variant of a pair that is judged by its peaks counts as leaking.
        """
        if self.judge is Criterion.PEAK and variant not in self.edited:
            return variant is Variant.BUGGY
        growth = self.growth_of(variant)
        return None if growth is None else is_leak(growth, variant)


def is_leak(growth: Growth, variant: Variant) -> bool:
    """Return whether the known growth of a variant is a leak.

    Unbounded growth is a leak. A saw-tooth is a leak in a buggy variant, where each tooth ends with
    a restart. In other variants it comes from the garbage collector.
    """
    restarts = growth is Growth.SAWTOOTH and variant is Variant.BUGGY
    return growth is Growth.UNBOUNDED or restarts
