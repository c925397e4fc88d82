"""The claims about what profilers cost."""

from msgspec import Struct

from leaklab.features.profilers.profile import Profile
from leaklab.features.quality.claims.bench import Bench
from leaklab.features.quality.claims.claim import ClaimOutcome, Finding
from leaklab.model.errors import NotMeasured
from leaklab.model.units import format_bytes

PROFILED = ("tracemalloc", "memory_profiler", "mprof", "memray", "scalene", "fil")
TRACED = ("word_index", "cache_without_eviction", "mapped_file")
CLAIMED_MIN, CLAIMED_MAX = 10.0, 100.0
# What a production service can afford: some percent of its CPU time.
MAX_LOW_OVERHEAD = 1.1


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


def measure_tracing(bench: Bench) -> list[ProfilerCost]:
    """Run three programs under tracemalloc, which allocate much, less and little."""
    return [profiler_cost(bench, name, "tracemalloc") for name in TRACED]


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


def judge_tracing(costs: list[ProfilerCost]) -> Finding:
    """Judge whether tracemalloc has a low overhead."""
    measured = [
        f"{c.scenario}: {c.cpu_ratio:.1f} times the CPU time"
        + ("" if c.added_bytes is None else f", +{format_bytes(c.added_bytes)} at the peak")
        for c in costs
    ]
    low = [c for c in costs if c.cpu_ratio <= MAX_LOW_OVERHEAD]
    ratios = sorted(c.cpu_ratio for c in costs)
    if len(low) == len(costs):
        reason = f"It took at most {ratios[-1]:.2f} times the CPU time."
        return Finding(measured=measured, outcome=ClaimOutcome.HOLDS, reason=reason)
    if low:
        condition = f"the program is like {' and '.join(c.scenario for c in low)}, which "
        reason = f"{condition}allocates little; else it took up to {ratios[-1]:.1f} times."
        return Finding(measured=measured, outcome=ClaimOutcome.CONDITIONAL, reason=reason)
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.WRONG,
        reason="Each block that is allocated gets a traceback, which took "
        f"{ratios[0]:.1f} to {ratios[-1]:.1f} times the CPU time with the 10 frames that 'leaklab "
        "profile' asks for. One frame costs less; 'leaklab selftest trace-leak' measures both on "
        "a service.",
    )
