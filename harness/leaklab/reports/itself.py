"""Tables about the lab itself: how often it is right, what it costs, how steady it is."""

from collections.abc import Sequence

from leaklab.accuracy import Rate
from leaklab.overhead import Overhead
from leaklab.reports import Table
from leaklab.soak import Steadiness
from leaklab.units import format_bytes


def rates(found: Sequence[Rate]) -> Table:
    """Right, wrong and undecided in per cent, by shape and number of samples."""
    lengths = sorted({r.samples for r in found})
    rows = []
    for shape in dict.fromkeys(r.shape for r in found):
        for rounded in (False, True):
            cells = [r for r in found if r.shape == shape and r.page_rounded is rounded]
            by_length = {r.samples: r for r in cells}
            truth = {True: "leak", False: "clean", None: "undecided"}[cells[0].leaks]
            rows.append(
                (
                    shape if not rounded else "",
                    "pages" if rounded else "exact",
                    truth,
                    *(_percentages(by_length[n]) for n in lengths),
                )
            )
    return Table(
        columns=("shape", "read in", "truth", *(f"{n:,} samples" for n in lengths)),
        rows=rows,
        right=frozenset(f"{n:,} samples" for n in lengths),
        notes=[
            f"right / wrong / undecided in per cent of {found[0].series} generated series a cell"
        ],
    )


def _percentages(rate: Rate) -> str:
    shares = [100 * n / rate.series for n in (rate.right, rate.wrong)]
    if rate.leaks is None:
        return f"{shares[0]:.3g} / {shares[1]:.3g} / -"
    return f"{shares[0]:.3g} / {shares[1]:.3g} / {100 * rate.undecided / rate.series:.3g}"


def overheads(found: Sequence[Overhead]) -> Table:
    """What sampling costs, with its intervals."""
    return Table(
        columns=("run", "pairs", "CPU without", "CPU ratio", "95 % interval", "memory added"),
        rows=[
            (
                o.label,
                str(o.pairs),
                f"{o.bare_cpu_seconds:.3f} s",
                f"{o.ratio:.4f}",
                f"{o.low:.4f} … {o.high:.4f}",
                format_bytes(o.added_bytes),
            )
            for o in found
        ],
        right=frozenset({"pairs", "CPU without", "CPU ratio", "memory added"}),
    )


def soak(found: Sequence[Steadiness]) -> Table:
    """Wrong verdicts and the spread of every peak."""
    wrong, runs_made = sum(s.wrong for s in found), sum(s.runs for s in found)
    loose = sum(s.spread_share > s.allowed_share for s in found)
    return Table(
        columns=("run", "runs", "least peak", "spread", "share", "allowed", "wrong"),
        rows=[
            (
                s.label,
                str(s.runs),
                format_bytes(s.least_bytes),
                format_bytes(s.most_bytes - s.least_bytes),
                f"{s.spread_share:.2%}",
                f"{s.allowed_share:.0%}",
                str(s.wrong),
            )
            for s in found
        ],
        right=frozenset({"runs", "least peak", "spread", "share", "allowed", "wrong"}),
        alarms=frozenset(i for i, s in enumerate(found) if not s.holds),
        notes=[f"{runs_made} runs: {wrong} wrong verdicts, {loose} spreads wider than declared"],
    )
