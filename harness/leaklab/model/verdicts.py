"""What was concluded: of one signal an estimate, of a process or a run a verdict, and why."""

from enum import StrEnum

from msgspec import Struct

from leaklab.model.scenario import Growth, Resource
from leaklab.model.signals import Signal


class Conclusion(StrEnum):
    """The answer to: does it leak?"""

    LEAK = "leak"
    CLEAN = "clean"
    UNDECIDED = "undecided"

    @classmethod
    def of(cls, *, leaks: bool) -> "Conclusion":
        """The conclusion that is right for what is known to leak, or not to."""
        return cls.LEAK if leaks else cls.CLEAN


# Of several conclusions the most severe is the whole's.
SEVERITY = {Conclusion.CLEAN: 0, Conclusion.UNDECIDED: 1, Conclusion.LEAK: 2}


class ReasonKind(StrEnum):
    """Why a conclusion was drawn; `verdict/wording.py` has the words of each."""

    # Of one series.
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
    # Of memory that is held and not retained.
    GARBAGE = "garbage"
    GARBAGE_AND_MORE = "garbage-and-more"
    LEVEL_BETWEEN_COLLECTIONS = "level-between-collections"
    GROWS_BETWEEN_COLLECTIONS = "grows-between-collections"
    FREE_LISTS = "free-lists"
    MAPPED_GROWS = "mapped-grows"
    NOT_IN_ALL = "not-in-all"
    MALLOC_FRAGMENTATION = "malloc-fragmentation"
    FREED_IN_MALLOC = "freed-in-malloc"
    PYMALLOC_FRAGMENTATION = "pymalloc-fragmentation"
    GARBAGE_FREED = "garbage-freed"
    FREE_IN_MALLOC = "free-in-malloc"
    FREE_IN_PYMALLOC = "free-in-pymalloc"
    # Of work that nobody vouches for.
    MAY_BE_FILLING = "may-be-filling"
    MAY_BE_A_POOL = "may-be-a-pool"
    FILLS = "fills"
    # Of a process or a run.
    CHILDREN_GROW = "children-grow"
    EXTREME = "extreme"
    TOO_SHORT = "too-short"
    BROKEN_OFF = "broken-off"
    STOPPED_THOUGH_LEVEL = "stopped-though-level"
    ZOMBIES = "zombies"
    NOTHING_MEASURED = "nothing-measured"
    NEEDS_PAIR = "needs-pair"
    PEAK_RATIO = "peak-ratio"
    HELD_BACK = "held-back"
    WORKLOAD_ENDED = "workload-ended"
    # Of a watch.
    TOO_FEW_BEFORE = "too-few-before"
    ROSE_LESS_BEFORE = "rose-less-before"
    PAST_ANYTHING_INNOCENT = "past-anything-innocent"
    EACH_GENERATION_GROWS = "each-generation-grows"
    RESTARTS_BOUND_IT = "restarts-bound-it"
    START_UP = "start-up"
    WOULD_ESCAPE = "would-escape"
    WATCHED_FOR = "watched-for"
    # In a result of schema 1 to 3, which has the words alone.
    TEXT = "text"


class Reason(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason, with its numbers; those that its kind does not have are None.

    signal: the series that it is about; process: `worker 2`, `parent` or `tree`, where a run has
        several series.
    kept_share: of the rate of growth before, the share that is left.
    ceiling: per unit of work, the growth that is not excluded; rate: the growth seen.
    done, needed: units of work.
    end_reason: how the run ended (`measurement.EndReason`).
    to_the_end: whether the run was read to its end; if not, a longer run would show more.
    option: the option that did not let the run go on.
    ratio, min_ratio: the buggy peak by the fixed one, and what is declared to be a leak.
    name, count, maximum: of a container that states a maximum, what it is called, its entries, and
        how many there may be.
    count: else blocks freed, zombies, or generations of a worker (`name` is its command);
        held_bytes, free_bytes: of the memory at the end, or of the worker at its start.
    seconds: how long a program was watched, or is to be watched; or the length of its start-up.
    text: the words, filled in where a verdict is saved or shown.
    """

    kind: ReasonKind
    signal: Signal | None = None
    process: str = ""
    kept_share: float | None = None
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
    """One signal judged: its own conclusion and its growth per unit with a 95 % interval.

    `conclusive` is false of an acquittal that more work might overturn: the series has a step, and
    more steps may follow.
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
    """Where memory grew over the last half of the work, in bytes per unit of it.

    pymalloc, malloc: what the two allocators have handed out. mapped: anonymous memory past both.
    free: what they hold besides, for reuse. file_pages: resident pages of files, which the kernel
    takes back when it needs to. shared: resident shared memory. tmpfs: files in /dev/shm, whether
    or not any process has them open. anonymous: resident memory with no file behind it, in all.
    Those that could not be read are None.
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
    """A conclusion with its reasons. Amounts are of `signal`, in bytes or in pieces, with a 95 %
    interval; `others` are the conclusions on the other resources, `split` is where memory grew."""

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
        """Whether it is a leak, surely."""
        return self.conclusion is Conclusion.LEAK

    @property
    def is_decided(self) -> bool:
        """Whether it is a leak, or surely none."""
        return self.conclusion is not Conclusion.UNDECIDED
