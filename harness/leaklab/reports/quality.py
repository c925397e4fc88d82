"""Tables about the lab itself: how often it is right, what it costs, how repeatable it is."""

import os
from collections.abc import Sequence

from leaklab.features.quality.accuracy import BEYOND_REACH, Cell, Rate, Sensitivity
from leaklab.features.quality.agent_cost import (
    MAX_AGENT_BYTES,
    MAX_CPU_RATIO,
    MAX_SAMPLING_BYTES,
    AgentCost,
)
from leaklab.features.quality.observer_cost import MAX_PSS_SHARE, Enforcer, Load, ObserverCost
from leaklab.features.quality.repeatability import Repeatability
from leaklab.features.quality.synthetic import SHAPES
from leaklab.model.units import format_bytes
from leaklab.reports.table import Table


def rate_table(rates: Sequence[Rate]) -> Table:
    """Build the shares of right, wrong and undecided verdicts, by shape and number of samples."""
    by_cell = {rate.cell: rate for rate in rates}
    lengths = sorted({cell.samples for cell in by_cell})
    shapes = dict.fromkeys((cell.shape, cell.page_rounded) for cell in by_cell)
    return Table(
        columns=("shape", "read in", "truth", *(f"{n:,}" for n in lengths)),
        rows=[
            (
                shape,
                "pages" if rounded else "bytes",
                "leak" if SHAPES[shape].leaks else "clean",
                *(_percentages(by_cell[Cell(shape, n, rounded)]) for n in lengths),
            )
            for shape, rounded in shapes
        ],
        right=frozenset(f"{n:,}" for n in lengths),
        alarms=frozenset(
            i for i, shape in enumerate(shapes) if not _row_meets_limits(shape, rates)
        ),
        notes=[
            f"right/wrong/undecided, in per cent of {rates[0].series:,} series",
            "columns of numbers: the samples in a series",
        ],
    )


def _row_meets_limits(shape: tuple[str, bool], rates: Sequence[Rate]) -> bool:
    """Whether no more verdicts of a row are wrong than the documentation states."""
    return all(r.meets_limits for r in rates if (r.cell.shape, r.cell.page_rounded) == shape)


def _percentages(rate: Rate) -> str:
    counts = (rate.right, rate.wrong, rate.undecided)
    return "/".join(f"{100 * count / rate.series:.3g}" for count in counts)


def sensitivity_table(sensitivities: Sequence[Sensitivity]) -> Table:
    """Build the rates that other values of each constant give, all shapes together."""
    return Table(
        columns=("constant", "value", "right", "wrong", "undecided"),
        rows=[
            (
                s.constant,
                f"{s.value:.3g}" if s.value else "",
                *(f"{share:.2%}" for share in (s.right, s.wrong, s.undecided)),
            )
            for s in sensitivities
        ],
        right=frozenset({"value", "right", "wrong", "undecided"}),
        notes=[
            f"series in each row: the same {sensitivities[0].series:,}",
            f"shapes: all except {BEYOND_REACH}",
        ],
    )


def overheads(costs: Sequence[AgentCost]) -> Table:
    """Build the costs of sampling and of the agent, with the interval of the CPU ratio."""
    return Table(
        columns=("run", "bare CPU", "ratio", "95 % interval", "sampling", "agent", "RSS"),
        rows=[
            (
                o.label,
                f"{o.bare_cpu_seconds:.3f} s",
                f"{o.ratio:.4f}",
                f"{o.low:.4f} … {o.high:.4f}",
                f"+{format_bytes(o.added_bytes)}",
                f"+{format_bytes(o.agent_bytes)}",
                f"+{format_bytes(o.agent_rss_bytes)}",
            )
            for o in costs
        ],
        right=frozenset({"bare CPU", "ratio", "sampling", "agent", "RSS"}),
        alarms=frozenset(i for i, o in enumerate(costs) if not o.meets_limits),
        notes=[
            "sampling: the memory that sampling adds, without pages of files",
            (
                "agent: all memory of the agent beyond that of a bare interpreter which returns no "
                "free pages of malloc, without pages of files"
            ),
            (
                "RSS: the same with pages of files, among them all of the interpreter's code, "
                "which is made resident before the baseline"
            ),
            _goal_of_costs(costs),
        ],
    )


def _goal_of_costs(costs: Sequence[AgentCost]) -> str:
    within_goal = sum(o.meets_limits for o in costs)
    sampling, agent = format_bytes(MAX_SAMPLING_BYTES), format_bytes(MAX_AGENT_BYTES)
    goal = f"{MAX_CPU_RATIO:.2f} times the CPU time, {sampling} for sampling, {agent} altogether"
    return f"{costs[0].pairs} pairs each; {within_goal} of {len(costs)} surely cost at most {goal}"


def observer(costs: Sequence[ObserverCost], left_out: Sequence[Load] = ()) -> Table:
    """Build the costs of observing from outside, a row for each load.

    Args:
        costs: The loads that were observed; at least one.
        left_out: The loads that were too large for this machine.
    """
    return Table(
        columns=("watched", "each", "counts", "every", "PSS", "every", "longest gap"),
        rows=[
            (
                w.load.label + (", no cgroup" if w.enforcer is Enforcer.OBSERVER else ""),
                format_bytes(w.load.each_bytes),
                f"{w.sampling_share:.2%}",
                _duration(w.sampling_interval_seconds),
                f"{w.pss_share:.2%}",
                _duration(w.pss_interval_seconds),
                _duration(w.longest_gap_seconds),
            )
            for w in costs
        ],
        right=frozenset({"each", "counts", "every", "PSS", "longest gap"}),
        alarms=frozenset(i for i, w in enumerate(costs) if not w.meets_limits),
        notes=[*_legend(costs), *map(_too_large, left_out), _goal_of_pss(costs)],
    )


def _legend(costs: Sequence[ObserverCost]) -> list[str]:
    """What the columns and the marks mean."""
    alone = "no cgroup: the observer alone enforces the limits, and walks the tree every 20 ms"
    whole = f"{max(w.thread_share for w in costs):.2%}"
    return [
        f"shares of one of {os.cpu_count()} CPUs; the observer's whole thread: at most {whole}",
        "counts: counting processes, reading the cgroup's events and high-water marks",
        "longest gap: the longest time between two readings of PSS",
        *([alone] if any(w.enforcer is Enforcer.OBSERVER for w in costs) else []),
    ]


def _too_large(load: Load) -> str:
    size = format_bytes(load.each_bytes)
    return f"skipped: {load.label} of {size}: more than half of the memory available here"


def _goal_of_pss(costs: Sequence[ObserverCost]) -> str:
    missed = [
        f"{w.load.label} of {format_bytes(w.load.each_bytes)}" for w in costs if not w.meets_limits
    ]
    readings = min(w.readings for w in costs)
    goal = f"goal: PSS at most {MAX_PSS_SHARE:.0%}, within one of {readings} or more readings"
    return f"{goal}: missed by {', '.join(missed)}" if missed else f"{goal}: met by all"


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.2f} s"


def soak(repeatabilities: Sequence[Repeatability]) -> Table:
    """Build the spread of the peaks and the number of wrong verdicts, a row for each run."""
    wrong = sum(r.wrong for r in repeatabilities)
    runs = sum(r.runs for r in repeatabilities)
    loose = sum(r.loose for r in repeatabilities)
    return Table(
        columns=("run", "runs", "min peak", "spread", "share", "wrong"),
        rows=[
            (
                r.label,
                str(r.runs),
                format_bytes(r.min_bytes),
                format_bytes(r.max_bytes - r.min_bytes),
                f"{r.spread_share:.2%}",
                str(r.wrong),
            )
            for r in repeatabilities
        ],
        right=frozenset({"runs", "min peak", "spread", "share", "wrong"}),
        alarms=frozenset(i for i, r in enumerate(repeatabilities) if not r.is_repeatable),
        notes=[f"{runs} runs: {wrong} wrong verdicts, {loose} spreads wider than declared"],
    )
