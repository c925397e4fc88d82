"""The claims about several processes, and about what is left when the work is done."""

from msgspec import Struct

from leaklab.features.quality.claims.articles import BUGGY, LARGE
from leaklab.features.quality.claims.bench import Bench
from leaklab.features.quality.claims.claim import ClaimOutcome, Finding, is_near, times
from leaklab.model.errors import NotMeasured
from leaklab.model.result import Result
from leaklab.model.units import format_bytes

WORKERS = 4
ARTICLES = 200
# The texts alone decide here, so the lab's own vocabulary suffices.
SMALL_VOCABULARY = LARGE[:2]
MIN_RELEASED = 0.5
# Four times the memory must be told from twice as much, so `MAX_FACTOR` is too wide here.
MAX_WORKERS_FACTOR = 1.5


class PoolFigures(Struct, frozen=True, kw_only=True):
    """The memory of one process and of pools of four, in bytes of PSS at the peak.

    Attributes:
        one: One process with all articles.
        divided: Four workers, each with a quarter of them.
        repeated: Four workers, each with all of them.
        summed_rss: The sum of the RSS of processes that share a table.
        shared_pss: The sum of their PSS.
    """

    one: int
    divided: int
    repeated: int
    summed_rss: int
    shared_pss: int


def measure_pools(bench: Bench) -> PoolFigures:
    """Run the word index in one process and in four workers, and a table that is shared."""
    pool = ("--mode", "fork", "--workers", str(WORKERS))
    (one,) = bench.runs(*BUGGY, "--units", str(ARTICLES), *SMALL_VOCABULARY)
    (divided,) = bench.runs(*BUGGY, "--units", str(ARTICLES), *pool, *SMALL_VOCABULARY)
    (repeated,) = bench.runs(*BUGGY, "--units", str(WORKERS * ARTICLES), *pool, *SMALL_VOCABULARY)
    (shared,) = bench.runs("shared_segment")
    rss = shared.tree.samples.rss_bytes if shared.tree else []
    return PoolFigures(
        one=_pss_of(one),
        divided=_pss_of(divided),
        repeated=_pss_of(repeated),
        summed_rss=int(max((value for value in rss if value is not None), default=0)),
        shared_pss=_pss_of(shared),
    )


def judge_pools(figures: PoolFigures) -> Finding:
    """Judge whether four workers take four times the memory of one process."""
    measured = _pool_phrases(figures)
    always = is_near(figures.divided / figures.one, WORKERS, MAX_WORKERS_FACTOR)
    sometimes = is_near(figures.repeated / figures.one, WORKERS, MAX_WORKERS_FACTOR)
    if always and sometimes:
        reason = "Four workers take four times as much, however the work is divided."
        return Finding(measured=measured, outcome=ClaimOutcome.HOLDS, reason=reason)
    if not sometimes:
        reason = "Four workers take less than that even if each of them does all of the work."
        return Finding(measured=measured, outcome=ClaimOutcome.WRONG, reason=reason)
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.CONDITIONAL,
        reason="every worker builds the whole index for itself. Workers that divide the work "
        "divide the data too, and each adds its interpreter, which is much of "
        f"{times(figures.divided, figures.one)} here. What is made once and shared counts "
        "once, although the sum of RSS counts it in every process.",
    )


def _pool_phrases(figures: PoolFigures) -> list[str]:
    return [
        f"one process, {ARTICLES} articles: {format_bytes(figures.one)} of PSS",
        (
            f"{WORKERS} workers, {ARTICLES // WORKERS} each: {format_bytes(figures.divided)}, "
            f"{times(figures.divided, figures.one)}"
        ),
        (
            f"{WORKERS} workers, {ARTICLES} each: {format_bytes(figures.repeated)}, "
            f"{times(figures.repeated, figures.one)}"
        ),
        (
            f"5 processes and one table in shared memory: RSS adds up to "
            f"{format_bytes(figures.summed_rss)}, PSS to {format_bytes(figures.shared_pss)}"
        ),
    ]


class Released(Struct, frozen=True):
    """What a process gives back when its work is done, in bytes above the interpreter.

    Attributes:
        what: The program.
        peak_bytes: Its peak.
        left_bytes: What is left after the last unit.
        trimmed_bytes: What is left after a collection and `malloc_trim`.
    """

    what: str
    peak_bytes: int
    left_bytes: int
    trimmed_bytes: int

    @property
    def share(self) -> float:
        """The share of the peak that was given back without `malloc_trim`."""
        return 1 - self.left_bytes / self.peak_bytes


def measure_released(bench: Bench) -> list[Released]:
    """Run a program that releases, one with fragments, and one that still refers to its data."""
    programs = {
        "a large file, loaded and dropped": ("file_load",),
        "six of seven objects freed": ("fragmentation",),
        "an index that is still referred to": (*BUGGY,),
    }
    return [_released(what, bench.runs(*arguments)[0]) for what, arguments in programs.items()]


def judge_released(cases: list[Released]) -> Finding:
    """Judge whether most memory is back when the work is done."""
    measured = [
        f"{c.what}: peak {format_bytes(c.peak_bytes)}, {format_bytes(c.left_bytes)} left "
        f"({c.share:.0%} given back), {format_bytes(c.trimmed_bytes)} after malloc_trim"
        for c in cases
    ]
    most = [c for c in cases if c.share >= MIN_RELEASED]
    if len(most) == len(cases):
        reason = "Each program gave most of its peak back."
        return Finding(measured=measured, outcome=ClaimOutcome.HOLDS, reason=reason)
    if not most:
        reason = "None of the programs gave half of its peak back while its process lived."
        return Finding(measured=measured, outcome=ClaimOutcome.WRONG, reason=reason)
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.CONDITIONAL,
        reason="nothing refers to the data any more and it lies in whole blocks. That was so for "
        f"{' and '.join(c.what for c in most)}, and not for "
        f"{' and '.join(c.what for c in cases if c not in most)}. Only the end of the process "
        "gives back everything.",
    )


def _released(what: str, result: Result) -> Released:
    process = result.processes[0]
    end, trimmed = process.at_end, process.after_trim
    if not end or not trimmed or end.rss_bytes is None or trimmed.rss_bytes is None:
        raise NotMeasured(f"{result.scenario}: its memory at the end was not read; run it again")
    baseline = process.baseline_rss_bytes
    return Released(
        what, process.whole_peak_rss_bytes, end.rss_bytes - baseline, trimmed.rss_bytes - baseline
    )


def _pss_of(result: Result) -> int:
    if result.tree_peak_pss_bytes is None:
        raise NotMeasured(f"{result.scenario}: the memory of its processes was not read")
    return result.tree_peak_pss_bytes
