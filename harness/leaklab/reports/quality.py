"""Tables about the lab itself: how often it is right, what it costs, how steady it is."""

import os
import textwrap
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

# Of a line of Markdown.
LINE_LENGTH = 118

# With fewer, most of what is uneven is undecided.
MIN_CONCLUSIVE_SAMPLES = 200


def rate_table(found: Sequence[Rate]) -> Table:
    """Right, wrong and undecided in per cent, by shape and number of samples."""
    by_cell = {rate.cell: rate for rate in found}
    lengths = sorted({cell.samples for cell in by_cell})
    kinds = dict.fromkeys((cell.shape, cell.page_rounded) for cell in by_cell)
    return Table(
        columns=("shape", "read in", "truth", *(f"{n:,}" for n in lengths)),
        rows=[
            (
                shape,
                "pages" if rounded else "bytes",
                "leak" if SHAPES[shape].leaks else "clean",
                *(_percentages(by_cell[Cell(shape, n, rounded)]) for n in lengths),
            )
            for shape, rounded in kinds
        ],
        right=frozenset(f"{n:,}" for n in lengths),
        alarms=frozenset(i for i, kind in enumerate(kinds) if not _holds(kind, found)),
        notes=[f"right/wrong/undecided, per cent of {found[0].series:,} series of so many samples"],
    )


def _holds(kind: tuple[str, bool], found: Sequence[Rate]) -> bool:
    """Whether no more of a row are wrong than is stated."""
    return all(r.meets_limits for r in found if (r.cell.shape, r.cell.page_rounded) == kind)


def conclusion(found: Sequence[Rate]) -> str:
    """What to conclude from the rates, in one paragraph."""
    long = [rate for rate in found if rate.cell.samples >= MIN_CONCLUSIVE_SAMPLES]
    clean = [rate for rate in long if not rate.cell.truth.leaks]
    leaking = [rate for rate in long if rate.cell.truth.leaks]
    accused, innocent = sum(r.wrong for r in clean), sum(r.series for r in clean)
    acquitted, leaks = sum(r.wrong for r in leaking), sum(r.series for r in leaking)
    named = ", ".join(dict.fromkeys(f"`{r.cell.shape}`" for r in long if r.wrong)) or "none"
    return textwrap.fill(
        f"**What to conclude.** With {MIN_CONCLUSIVE_SAMPLES} samples or more, {accused:,} of "
        f"{innocent:,} "
        f"innocent series were accused and {acquitted:,} of {leaks:,} leaks acquitted; the shapes "
        f"of the wrong ones: {named}. A leak that rises by less than the program swings can be "
        "acquitted, and the verdict names the growth that it does not exclude; what has filled "
        "evenly until just before the end is a line, whatever comes then. Everything else that is "
        "not decided is told apart by more work, and no verdict is certain with 20 samples.",
        LINE_LENGTH,
    )


def _percentages(rate: Rate) -> str:
    counts = (rate.right, rate.wrong, rate.undecided)
    return "/".join(f"{100 * count / rate.series:.3g}" for count in counts)


def sensitivity_table(found: Sequence[Sensitivity]) -> Table:
    """What another value of each constant would have done, all shapes together."""
    return Table(
        columns=("constant", "value", "right", "wrong", "undecided"),
        rows=[
            (
                s.constant,
                f"{s.value:.3g}" if s.value else "",
                *(f"{share:.2%}" for share in (s.right, s.wrong, s.undecided)),
            )
            for s in found
        ],
        right=frozenset({"value", "right", "wrong", "undecided"}),
        notes=[f"every line: the same {found[0].series:,} series, all shapes but '{BEYOND_REACH}'"],
    )


def overheads(found: Sequence[AgentCost]) -> Table:
    """What sampling costs, with its intervals."""
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
            for o in found
        ],
        right=frozenset({"bare CPU", "ratio", "sampling", "agent", "RSS"}),
        alarms=frozenset(i for i, o in enumerate(found) if not o.meets_limits),
        notes=[
            "sampling: memory that it adds; agent: all of its memory beside a bare interpreter's,",
            "which gives no free pages of malloc's back; both without the pages of files. RSS has",
            "these in: all of the interpreter's own code is made resident before the baseline",
            _cheapness(found),
        ],
    )


def _cheapness(found: Sequence[AgentCost]) -> str:
    cheap = sum(o.meets_limits for o in found)
    sampling, agent = format_bytes(MAX_SAMPLING_BYTES), format_bytes(MAX_AGENT_BYTES)
    goal = f"{MAX_CPU_RATIO:.2f} times the CPU time, {sampling} for sampling, {agent} in all"
    return f"{found[0].pairs} pairs each; {cheap} of {len(found)} surely cost at most {goal}"


def observer(found: Sequence[ObserverCost], left_out: Sequence[Load] = ()) -> Table:
    """What watching from outside costs, by what is watched.

    Args:
        found: one row each, at least one.
        left_out: what was too large for this machine.
    """
    return Table(
        columns=("watched", "each", "looks", "every", "PSS", "every", "longest gap"),
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
            for w in found
        ],
        right=frozenset({"each", "looks", "every", "PSS", "longest gap"}),
        alarms=frozenset(i for i, w in enumerate(found) if not w.meets_limits),
        notes=[*_legend(found), *map(_too_large, left_out), _goal_of_pss(found)],
    )


def _legend(found: Sequence[ObserverCost]) -> list[str]:
    """What the columns and marks are."""
    alone = "no cgroup: the observer alone holds the limits, and walks the tree every 20 ms"
    whole = f"{max(w.thread_share for w in found):.2%}"
    shares = f"shares of one of {os.cpu_count()} CPUs; the observer's whole thread: at most {whole}"
    return [
        shares,
        "looks: counting, events, high-water marks; longest gap: between readings of PSS",
        *([alone] if any(w.enforcer is Enforcer.OBSERVER for w in found) else []),
    ]


def _too_large(load: Load) -> str:
    size = format_bytes(load.each_bytes)
    return f"skipped: {load.label} of {size}: more than half of what this machine has available"


def _goal_of_pss(found: Sequence[ObserverCost]) -> str:
    missed = [
        f"{w.load.label} of {format_bytes(w.load.each_bytes)}" for w in found if not w.meets_limits
    ]
    least = min(w.readings for w in found)
    goal = f"goal: PSS at most {MAX_PSS_SHARE:.0%}, give or take one of {least} or more readings"
    return f"{goal}: missed by {', '.join(missed)}" if missed else f"{goal}: kept by all"


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.2f} s"


def soak(found: Sequence[Repeatability]) -> Table:
    """Wrong verdicts and the spread of every peak."""
    wrong, runs_made = sum(s.wrong for s in found), sum(s.runs for s in found)
    loose = sum(s.loose for s in found)
    return Table(
        columns=("run", "runs", "least peak", "spread", "share", "wrong"),
        rows=[
            (
                s.label,
                str(s.runs),
                format_bytes(s.least_bytes),
                format_bytes(s.most_bytes - s.least_bytes),
                f"{s.spread_share:.2%}",
                str(s.wrong),
            )
            for s in found
        ],
        right=frozenset({"runs", "least peak", "spread", "share", "wrong"}),
        alarms=frozenset(i for i, s in enumerate(found) if not s.is_repeatable),
        notes=[f"{runs_made} runs: {wrong} wrong verdicts, {loose} spreads wider than declared"],
    )
