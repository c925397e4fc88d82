"""Tables of leaklab beside other tools, and which of its own goals leaklab met."""

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
    "CPU, whole: of all processes, from start to end",
    "CPU, the work: of the measured process, from its first unit to its last",
    "memory: what the tool adds to the peak of that process",
    f"{LEAKLAB}: the work and the memory compare runs with sampling to runs without",
    f"{LEAKLAB}: whole is 'leaklab run', with harness, services and rehearsal",
    f"@profile: one in {PROFILED_PART} of the units, compared with as many units bare",
    f"psleak: the units that {PSLEAK_ROUNDS} of its 10 rounds call, compared with as many bare",
)
ERRORS_LEGEND = (
    "error: the tool's peak minus the VmHWM that the process itself reads; for tools that count "
    "allocations, minus their own peak without the spike"
)
VERDICTS_LEGEND = (
    "false alarm: clean, but judged to be a leak; missed: a leak, but judged to be clean; n/a: "
    "the tool does not measure the resource, or the program has several processes"
)


def tool_tables(findings: Findings) -> list[Table]:
    """Build the tables of costs, spikes and verdicts; leaklab's goals are below the last one."""
    verdicts = _with_goals(verdict_table(findings), missed(findings))
    return [cost_table(findings), spikes(findings.spikes), verdicts]


def missed(findings: Findings) -> list[str]:
    """Describe leaklab's goals that were not met; a goal that was not measured is left out."""
    costs, spiked, tallies = findings.costs, findings.spikes, findings.tallies
    return [
        *(goal for cost in costs if cost.tool == LEAKLAB for goal in _of_cost(cost)),
        *(goal for spike in spiked if spike.tool == LEAKLAB for goal in _of_spike(spike)),
        *(goal for tally in tallies if tally.rule == LEAKLAB for goal in _of_tally(tally)),
    ]


def cost_table(findings: Findings) -> Table:
    """Build the spread of the peaks over the same work, and the costs, a row for each tool."""
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
            for c in findings.costs
        ],
        right=frozenset({"units", "spread of peaks", "memory"}),
        notes=[
            f"{findings.work}, {findings.pairs} pairs of runs, alternately with the tool and bare",
            *LEGEND,
        ],
    )


def spikes(measured: Sequence[SpikeErrors]) -> Table:
    """Build the error with which each tool measured a short spike of memory."""
    repeats = max((len(s.errors_bytes) for s in measured), default=0)
    return Table(
        columns=("tool", "error, median", "worst", "of the spike"),
        rows=[_spike(s) for s in measured],
        right=frozenset({"error, median", "worst", "of the spike"}),
        notes=[
            f"{format_bytes(SPIKE_BYTES)} kept for {HELD_SECONDS * 1000:.0f} ms, {repeats} times",
            ERRORS_LEGEND,
        ],
    )


def _spike(spike: SpikeErrors) -> tuple[str, ...]:
    if spike.trouble:
        return (spike.tool, spike.trouble, NONE, NONE)
    share = spike.worst_bytes / SPIKE_BYTES
    worst = format_bytes(spike.worst_bytes)
    return (spike.tool, format_bytes(spike.median_bytes), worst, f"{share:+.2%}")


def verdict_table(findings: Findings) -> Table:
    """Count how often each tool was right about the catalogue."""
    return Table(
        columns=("tool", "right", "false alarm", "missed", "undecided", "n/a"),
        rows=[_tally(t) for t in findings.tallies],
        right=frozenset({"right", "false alarm", "missed", "undecided", "n/a"}),
        notes=[
            VERDICTS_LEGEND,
            *(line for tally in findings.tallies for line in _wrong(tally)),
            *(f"left out: {line}" for line in findings.left_out),
        ],
    )


def _tally(tally: ToolTally) -> tuple[str, ...]:
    if tally.trouble:
        return (tally.rule, tally.trouble, *[NONE] * 4)
    counts = (tally.false_alarms, tally.missed, tally.undecided)
    return (tally.rule, str(tally.right), *(str(len(c)) for c in counts), str(tally.not_covered))


def _wrong(tally: ToolTally) -> Iterable[str]:
    """Name the runs about which a tool was wrong or undecided."""
    for mistake, runs in (
        ("false alarm", tally.false_alarms),
        ("missed", tally.missed),
        ("left undecided", tally.undecided),
    ):
        if runs:
            yield f"{tally.rule} {mistake} {', '.join(runs)}"


def _with_goals(table: Table, missed: Sequence[str]) -> Table:
    goal = (
        f"goals of {LEAKLAB}: no spread, CPU of the work surely at most "
        f"{MAX_RATIO_TO_BARE:.2f} times that of a bare run, at most "
        f"{format_bytes(MAX_ADDED_BYTES)} added, no error on the spike, no wrong verdict"
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
    if wrong := [*tally.false_alarms, *tally.missed]:
        yield f"wrong about {', '.join(wrong)}"


def _bytes(amount: int | None) -> str:
    return NONE if amount is None else format_bytes(amount)


def _interval(ratio: Interval | None) -> str:
    """Format as `1.013 (1.008 … 1.021)`."""
    if ratio is None:
        return NONE
    return f"{ratio.median:.3f} ({ratio.low:.3f} … {ratio.high:.3f})"


def _added(added_bytes: Interval | None) -> str:
    if added_bytes is None:
        return NONE
    return ("+" if added_bytes.median > 0 else "") + format_bytes(added_bytes.median)
