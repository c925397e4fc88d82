"""leaklab beside the tools people use, as tables; and which of its own goals it met."""

from collections.abc import Iterable, Sequence

from leaklab.features.quality.beside_tools import Findings
from leaklab.features.quality.scoreboard import ToolTally
from leaklab.features.quality.spikes import HELD_SECONDS, SPIKE_BYTES, SpikeErrors
from leaklab.features.quality.tool_costs import (
    MAX_ADDED_BYTES,
    MAX_RATIO_TO_BARE,
    Interval,
    ToolCost,
)
from leaklab.features.tools.registry import LEAKLAB, PROFILED_PART, PSLEAK_ROUNDS
from leaklab.model.units import format_bytes
from leaklab.reports.table import Table

NONE = "-"

LEGEND = (
    "medians with 95 % intervals; ratios are of CPU time for each unit",
    "whole: the tree's, from start to end; the work: the one process's, first unit to last",
    "memory: what is added to that process's peak",
    f"{LEAKLAB}: the work and the memory are with sampling against without",
    f"{LEAKLAB}: whole is 'leaklab run', with harness, services and rehearsal",
    f"@profile: 1 of {PROFILED_PART} units, against as many bare",
    f"psleak: as many units as {PSLEAK_ROUNDS} of its 10 rounds call, against as many bare",
)
WHAT_ERRORS_ARE = (
    "error: the figure less VmHWM, as the process itself read it; of those that count allocations, "
    "less the same without the spike"
)
WHAT_VERDICTS_ARE = (
    "accused: clean, and called a leak; missed: a leak, and called clean; not asked: of another "
    "resource than the tool knows, or of several processes"
)


def tool_tables(found: Findings) -> list[Table]:
    """Costs, spikes and verdicts, the goals below the last."""
    made = [cost_table(found), spikes(found.spikes), verdict_table(found)]
    return [*made[:-1], _with_goals(made[-1], missed(found))]


def missed(found: Findings) -> list[str]:
    """leaklab's goals that were not met, in words; of what was not measured nothing is said."""
    return [
        *(goal for cost in found.costs if cost.tool == LEAKLAB for goal in _of_cost(cost)),
        *(goal for spike in found.spikes if spike.tool == LEAKLAB for goal in _of_spike(spike)),
        *(goal for tally in found.tallies if tally.rule == LEAKLAB for goal in _of_tally(tally)),
    ]


def cost_table(found: Findings) -> Table:
    """The spread of the peaks that each gave for the same work, and what it cost."""
    return Table(
        columns=("tool", "units", "spread of peaks", "CPU, whole", "CPU, the work", "memory"),
        rows=[
            (
                c.tool,
                f"{c.units:,}" if c.units else NONE,
                c.trouble or _bytes(c.spread_bytes),
                _interval(c.whole),
                _interval(c.work),
                _added(c.added_bytes),
            )
            for c in found.costs
        ],
        right=frozenset({"units", "spread of peaks", "memory"}),
        notes=[
            f"{found.work}, {found.pairs} pairs of runs, with the tool and bare in turn",
            *LEGEND,
        ],
    )


def spikes(found: Sequence[SpikeErrors]) -> Table:
    """By how much each one's figure missed a spike."""
    repeats = max((len(s.errors_bytes) for s in found), default=0)
    return Table(
        columns=("tool", "error, median", "worst", "of the spike"),
        rows=[_spike(s) for s in found],
        right=frozenset({"error, median", "worst", "of the spike"}),
        notes=[
            f"{format_bytes(SPIKE_BYTES)} held for {HELD_SECONDS * 1000:.0f} ms, {repeats} times",
            WHAT_ERRORS_ARE,
        ],
    )


def _spike(spike: SpikeErrors) -> tuple[str, ...]:
    if spike.trouble:
        return (spike.tool, spike.trouble, NONE, NONE)
    share = spike.worst_bytes / SPIKE_BYTES
    worst = format_bytes(spike.worst_bytes)
    return (spike.tool, format_bytes(spike.median_bytes), worst, f"{share:+.2%}")


def verdict_table(found: Findings) -> Table:
    """How often each was right about the catalogue."""
    return Table(
        columns=("tool", "right", "accused", "missed", "undecided", "not asked"),
        rows=[_tally(t) for t in found.tallies],
        right=frozenset({"right", "accused", "missed", "undecided", "not asked"}),
        notes=[
            WHAT_VERDICTS_ARE,
            *(line for tally in found.tallies for line in _wrong(tally)),
            *(f"left out: {line}" for line in found.left_out),
        ],
    )


def _tally(tally: ToolTally) -> tuple[str, ...]:
    if tally.trouble:
        return (tally.rule, tally.trouble, *[NONE] * 4)
    counts = (tally.accused, tally.missed, tally.undecided)
    return (tally.rule, str(tally.right), *(str(len(c)) for c in counts), str(tally.not_asked))


def _wrong(tally: ToolTally) -> Iterable[str]:
    """Which ones it got wrong."""
    for what, which in (
        ("accused", tally.accused),
        ("missed", tally.missed),
        ("left undecided", tally.undecided),
    ):
        if which:
            yield f"{tally.rule} {what} {', '.join(which)}"


def _with_goals(table: Table, missed: Sequence[str]) -> Table:
    goal = (
        f"goals of {LEAKLAB}: spread 0, CPU of the work surely at most "
        f"{MAX_RATIO_TO_BARE:.2f} times, "
        f"{format_bytes(MAX_ADDED_BYTES)}, no error on the spike, no wrong verdict"
    )
    outcome = f"missed: {'; '.join(missed)}" if missed else "all met"
    return Table(table.columns, table.rows, table.right, notes=[*table.notes, f"{goal}: {outcome}"])


def _of_cost(cost: ToolCost) -> Iterable[str]:
    if cost.trouble:
        yield f"the cost ({cost.trouble})"
        return
    if cost.spread_bytes:
        yield f"the spread is {format_bytes(cost.spread_bytes)}"
    if cost.work and cost.work.high > MAX_RATIO_TO_BARE:
        yield f"the CPU ratio's interval ends at {cost.work.high:.4f}"
    if cost.added_bytes and cost.added_bytes.median > MAX_ADDED_BYTES:
        yield f"{format_bytes(cost.added_bytes.median)} are added"


def _of_spike(spike: SpikeErrors) -> Iterable[str]:
    if spike.trouble:
        yield f"the spike ({spike.trouble})"
    elif spike.worst_bytes:
        yield f"the spike's error is {format_bytes(spike.worst_bytes)}"


def _of_tally(tally: ToolTally) -> Iterable[str]:
    if wrong := [*tally.accused, *tally.missed]:
        yield f"wrong about {', '.join(wrong)}"


def _bytes(amount: int | None) -> str:
    return NONE if amount is None else format_bytes(amount)


def _interval(of: Interval | None) -> str:
    """`1.013 (1.008 … 1.021)`."""
    return NONE if of is None else f"{of.median:.3f} ({of.low:.3f} … {of.high:.3f})"


def _added(of: Interval | None) -> str:
    if of is None:
        return NONE
    return ("+" if of.median > 0 else "") + format_bytes(of.median)
