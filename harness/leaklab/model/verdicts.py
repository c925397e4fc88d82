"""The estimate of a signal, the verdict on a process or a run, and their reasons."""

from enum import StrEnum

from msgspec import Struct

from leaklab.model.scenario import Growth, Resource
from leaklab.model.signals import Signal


class Conclusion(StrEnum):
    """Whether a series, a process or a run leaks."""

    LEAK = "leak"
    CLEAN = "clean"
    UNDECIDED = "undecided"

    @classmethod
    def of(cls, *, leaks: bool) -> "Conclusion":
        """Return the right conclusion for a program that is known to leak or to be clean."""
        return cls.LEAK if leaks else cls.CLEAN


# The whole has the most severe conclusion of its parts.
SEVERITY = {Conclusion.CLEAN: 0, Conclusion.UNDECIDED: 1, Conclusion.LEAK: 2}


class ReasonKind(StrEnum):
    """The reason of a conclusion; `verdict/wording.py` has the text of each."""

    # About one series.
    TOO_FEW_SAMPLES = "too-few-samples"
    FADES = "fades"
    FADES_SO_FAR = "fades-so-far"
    LEVEL = "level"
    RISES_BY_STEPS = "rises-by-steps"
    TENDS_TO_RISE = "tends-to-rise"
    SWINGS = "swings"
    ROSE_ONLY_LATELY = "rose-only-lately"
    LEVELS_OFF = "levels-off"
    SLOWS_DOWN = "slows-down"
    GROWS_STEADILY = "grows-steadily"
    GROWS_TOO_SLOWLY = "grows-too-slowly"
    NOT_READ = "not-read"
    # About memory that is held and not retained.
    GARBAGE = "garbage"
    GARBAGE_AND_MORE = "garbage-and-more"
    LEVEL_BETWEEN_COLLECTIONS = "level-between-collections"
    GROWS_BETWEEN_COLLECTIONS = "grows-between-collections"
    FREE_LISTS = "free-lists"
    MAPPED_GROWS = "mapped-grows"
    NOT_IN_TOTAL = "not-in-total"
    MALLOC_FRAGMENTATION = "malloc-fragmentation"
    FREED_IN_MALLOC = "freed-in-malloc"
    PYMALLOC_FRAGMENTATION = "pymalloc-fragmentation"
    GARBAGE_FREED = "garbage-freed"
    FREE_IN_MALLOC = "free-in-malloc"
    FREE_IN_PYMALLOC = "free-in-pymalloc"
    # About scenarios that are not vouched for.
    MAY_BE_FILLING = "may-be-filling"
    MAY_BE_A_POOL = "may-be-a-pool"
    FILLS = "fills"
    # About a process or a run.
    CHILDREN_GROW = "children-grow"
    EXTREME = "extreme"
    TOO_SHORT = "too-short"
    ENDED_EARLY = "ended-early"
    STOPPED_THOUGH_LEVEL = "stopped-though-level"
    ZOMBIES = "zombies"
    NOTHING_MEASURED = "nothing-measured"
    NEEDS_PAIR = "needs-pair"
    PEAK_RATIO = "peak-ratio"
    LIMITED_BY_OPTION = "limited-by-option"
    WORKLOAD_ENDED = "workload-ended"
    # About a watch.
    TOO_FEW_BEFORE = "too-few-before"
    ROSE_LESS_BEFORE = "rose-less-before"
    EXCEEDS_HALF_OF_MEMORY = "exceeds-half-of-memory"
    EACH_GENERATION_GROWS = "each-generation-grows"
    GENERATIONS_UNSURE = "generations-unsure"
    GENERATIONS_UNJUDGED = "generations-unjudged"
    BOUNDED_BY_RESTARTS = "bounded-by-restarts"
    START_UP = "start-up"
    DETECTION_LIMIT = "detection-limit"
    WATCHED_FOR = "watched-for"
    # In results of schema 1 to 3, which have the text alone.
    TEXT = "text"


class Reason(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason with its numbers. Numbers that do not apply to its kind are None.

    Attributes:
        kind: The reason.
        signal: The series that it is about.
        process: `worker 2`, `parent` or `tree`, where a run has several series.
        kept_share: The rate of growth as a share of the earlier rate.
        memory_share: Memory as a share of that of the whole tree.
        ceiling: The growth per unit of work that is not excluded.
        rate: The growth per unit of work.
        done: The units of work that were done.
        needed: The units of work that are needed.
        end_reason: How the run ended (`measurement.EndReason`).
        to_the_end: False for a run that was too short for a verdict; the text then advises --units.
        option: The option that limited the run.
        ratio: The buggy peak divided by the fixed peak.
        min_ratio: The ratio from which it is a leak.
        name: The name of a container, or the command of a worker.
        count: The entries of a container, freed blocks, zombies, or generations of a worker.
        maximum: The maximum number of entries of a container.
        held_bytes: Memory held at the end, by a worker at its start, or by some workers on average.
        free_bytes: The part of it that is free.
        seconds: The time that a program was watched or is to be watched, or its start-up took.
        text: The text; empty until a verdict is saved or shown.
    """

    kind: ReasonKind
    signal: Signal | None = None
    process: str = ""
    kept_share: float | None = None
    memory_share: float | None = None
    ceiling: float | None = None
    rate: float | None = None
    done: int | None = None
    needed: int | None = None
    end_reason: str = ""
    to_the_end: bool = True
    option: str = ""
    ratio: float | None = None
    min_ratio: float | None = None
    name: str = ""
    count: int | None = None
    maximum: int | None = None
    held_bytes: int | None = None
    free_bytes: int | None = None
    seconds: float | None = None
    text: str = ""


class Estimate(Struct, frozen=True, kw_only=True):
    """The conclusion on one signal and its growth per unit with a 95 % interval.

    Attributes:
        signal: The signal.
        conclusion: Whether it leaks.
        growth: The shape of its growth; None if undecided.
        per_unit: The growth per unit, in bytes or pieces.
        low: The lower end of its interval.
        high: The upper end of its interval.
        reason: The reason of the conclusion.
        conclusive: False for a clean series with a step, because more steps may follow.
    """

    signal: Signal
    conclusion: Conclusion
    growth: Growth | None
    per_unit: float
    low: float
    high: float
    reason: Reason
    conclusive: bool = True


class Split(Struct, frozen=True, kw_only=True):
    """Where memory grew over the last half of the work, in bytes per unit; None if not read.

    Attributes:
        pymalloc: Memory allocated by pymalloc.
        malloc: Memory allocated by malloc.
        mapped: Anonymous memory outside both allocators.
        free: Free memory in the allocators' heaps.
        file_pages: Resident pages of files, which the kernel reclaims when it needs memory.
        shared: Resident shared memory.
        tmpfs: Files in /dev/shm, open or not.
        anonymous: Resident memory without files and shared segments.
    """

    pymalloc: float | None = None
    malloc: float | None = None
    mapped: float | None = None
    free: float | None = None
    file_pages: float | None = None
    shared: float | None = None
    tmpfs: float | None = None
    anonymous: float | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """The conclusion on a process, a tree or a run, with its reasons.

    Attributes:
        conclusion: Whether `resource` leaks.
        growth: The shape of its growth; None if undecided.
        resource: The resource that decides.
        per_unit: The growth of `signal` per unit of work, in bytes or pieces.
        low: The lower end of its 95 % interval.
        high: The upper end of its 95 % interval.
        signal: The signal that is quoted.
        split: Where memory grew.
        reasons: The reasons, the decisive one first.
        estimates: The estimates of all signals that were read.
        others: The conclusions on the other resources.
    """

    conclusion: Conclusion
    growth: Growth | None
    resource: Resource
    per_unit: float | None = None
    low: float | None = None
    high: float | None = None
    signal: Signal | None = None
    split: Split | None = None
    reasons: list[Reason] = []
    estimates: list[Estimate] = []
    others: dict[Resource, Conclusion] = {}

    @property
    def is_leak(self) -> bool:
        """Whether the conclusion is a leak."""
        return self.conclusion is Conclusion.LEAK

    @property
    def is_decided(self) -> bool:
        """Whether the conclusion is a leak or clean."""
        return self.conclusion is not Conclusion.UNDECIDED
