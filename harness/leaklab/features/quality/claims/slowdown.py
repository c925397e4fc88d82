"""The claims about what profilers cost."""

from msgspec import Struct

from leaklab.features.profilers.profile import Profile
from leaklab.features.quality.claims.bench import Bench
from leaklab.features.quality.claims.claim import ClaimOutcome, Finding
from leaklab.model.errors import NotMeasured

PROFILED = ("tracemalloc", "memory_profiler", "mprof", "memray", "scalene", "fil")
CLAIMED_MIN, CLAIMED_MAX = 10.0, 100.0
# What a production service can afford: a fifth of its CPU time, which is generous.
MAX_LOW_OVERHEAD = 1.2


class ProfilerCost(Struct, frozen=True):
    """The CPU time under a profiler as a ratio, and its memory.

    Attributes:
        profiler: Its name and version.
        scenario: The work.
        units: Its units; a slow profiler gets fewer.
        cpu_ratio: The CPU time of the whole run, divided by that of the bare run.
        added_bytes: What it adds to the peak; None if it is not known.
    """

    profiler: str
    scenario: str
    units: int
    cpu_ratio: float
    added_bytes: int | None


class TracingFigures(Struct, frozen=True):
    """The CPU seconds of two kinds of work, each without tracemalloc, with 1 and with 25 frames."""

    small: list[float]
    large: list[float]


class SlowdownFigures(Struct, frozen=True):
    """The costs of the profilers, and the reasons why others have none."""

    costs: list[ProfilerCost]
    missing: list[str]


def measure_slowdown(bench: Bench) -> SlowdownFigures:
    """Run the word index under each profiler; one that is not installed is left out.

    Raises:
        NotMeasured: None of them could be run.
    """
    costs: list[ProfilerCost] = []
    missing: list[str] = []
    for name in PROFILED:
        try:
            costs.append(profiler_cost(bench, "word_index", name))
        except NotMeasured as error:
            missing.append(str(error))
    if not costs:
        raise NotMeasured(missing[0])
    return SlowdownFigures(costs, missing)


def measure_tracing(bench: Bench) -> TracingFigures:
    """Run two kinds of work without tracemalloc, and with short and long tracebacks."""
    return bench.program("programs.traced", gives=TracingFigures)


def profiler_cost(bench: Bench, scenario: str, name: str) -> ProfilerCost:
    """Measure the cost of one profiler.

    Raises:
        NotMeasured: It is not installed, or failed.
    """
    (profile,) = bench.leaklab("profile", scenario, "--with", name, gives=list[Profile])
    label = f"{profile.profiler} {profile.version}"
    return ProfilerCost(label, scenario, profile.units, profile.cpu_ratio, profile.added_bytes)


def judge_slowdown(figures: SlowdownFigures) -> Finding:
    """Judge whether a profiler makes a program 10 to 100 times slower."""
    measured = [
        *(
            f"{c.profiler}: {c.cpu_ratio:.1f} times the CPU time of {c.units:,} articles"
            for c in figures.costs
        ),
        *(f"not measured: {reason}" for reason in figures.missing),
    ]
    slow = [c.profiler for c in figures.costs if CLAIMED_MIN <= c.cpu_ratio <= CLAIMED_MAX]
    if len(slow) == len(figures.costs):
        reason = "All of them are within this range."
        return Finding(measured=measured, outcome=ClaimOutcome.HOLDS, reason=reason)
    ratios = sorted(c.cpu_ratio for c in figures.costs)
    if not slow:
        reason = f"The measured factors are {ratios[0]:.1f} to {ratios[-1]:.1f}."
        return Finding(measured=measured, outcome=ClaimOutcome.WRONG, reason=reason)
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.CONDITIONAL,
        reason=f"the profiler is {' or '.join(slow)}. The cost depends on what a tool "
        f"hooks into, and was {ratios[0]:.1f} to {ratios[-1]:.1f} times here: some read the "
        "memory at intervals, some hook into every allocation, and @profile reads it after every "
        "line. The ratios include the start of the tool, and another program has others.",
    )


def judge_tracing(figures: TracingFigures) -> Finding:
    """Judge whether tracemalloc has a low overhead."""
    small, large = _ratios(figures.small), _ratios(figures.large)
    measured = [
        (
            f"many small objects: {small[0]:.1f} times the CPU time with 1 frame, "
            f"{small[1]:.0f} times with 25"
        ),
        f"few large buffers: {large[0]:.2f} times with 1 frame, {large[1]:.2f} times with 25",
    ]
    low = small[0] <= MAX_LOW_OVERHEAD, large[0] <= MAX_LOW_OVERHEAD
    if all(low):
        reason = f"With 1 frame it took at most {max(small[0], large[0]):.2f} times the CPU time."
        return Finding(measured=measured, outcome=ClaimOutcome.HOLDS, reason=reason)
    if low[1]:
        return Finding(
            measured=measured,
            outcome=ClaimOutcome.CONDITIONAL,
            reason="the program allocates seldom, whatever the size. The cost is one traceback for "
            "each block that is allocated, and a usual Python program allocates all the time: many "
            f"small objects took {small[0]:.1f} times the CPU time with one frame, the default, "
            f"and {small[1]:.0f} times with 25.",
        )
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.WRONG,
        reason=f"It took {small[0]:.1f} and {large[0]:.1f} times the CPU time with one frame.",
    )


def _ratios(seconds: list[float]) -> tuple[float, float]:
    bare, short, long = seconds
    return short / bare, long / bare
