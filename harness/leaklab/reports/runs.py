"""Tables of runs: each variant's peak, growth and verdict, and two runs side by side."""

from collections.abc import Iterable, Sequence

from leaklab.advice import advise
from leaklab.compare import Comparison, PeakVerdict, label
from leaklab.model import is_leak
from leaklab.record import Result
from leaklab.reports import Table
from leaklab.units import format_bytes, format_growth


def runs(results: Sequence[Result]) -> Table:
    """Both variants of every scenario and mode: peak, growth per unit, verdict.

    Repeats of a run share a row; its peak is the largest, its spread all peaks' range. Runs that
    broke off are left out: they have no figures, and were told of in lines of their own.
    """
    results = [result for result in results if not result.ended.failed]
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.scenario, result.mode, result.variant), []).append(result)
    repeated = any(len(group) > 1 for group in groups.values())
    several_modes = len({result.mode for result in results}) > 1
    columns = ["scenario", "variant", "peak RSS", "growth/unit", "verdict"]
    if repeated:
        columns.insert(3, "spread")
    if several_modes:
        columns.insert(2, "mode")
    rows = [_run_row(group, columns) for group in groups.values()]
    for at in range(len(rows) - 1, 0, -1):
        if rows[at][0] == rows[at - 1][0] and "mode" not in columns:
            rows[at] = ("", *rows[at][1:])
    return Table(
        columns=tuple(columns),
        rows=rows,
        right=frozenset({"peak RSS", "growth/unit", "spread"}),
        alarms=frozenset(i for i, g in enumerate(groups.values()) if not all(r.agrees for r in g)),
        notes=[*disagreements(results), *(f"note: {a.value}" for a in advise(list(results)))],
    )


def _run_row(group: Sequence[Result], columns: Sequence[str]) -> tuple[str, ...]:
    first = group[0]
    peaks = [r.peak_rss_bytes for r in group if r.peak_rss_bytes is not None]
    words = {r.verdict.word for r in group}
    wrong = any(r.verdict.leak is not None and not r.agrees for r in group)
    cells = {
        "scenario": first.scenario,
        "variant": str(first.variant),
        "mode": str(first.mode),
        "peak RSS": format_bytes(max(peaks)) if peaks else "-",
        "spread": format_bytes(max(peaks) - min(peaks)) if peaks else "-",
        "growth/unit": _growth(first),
        "verdict": "/".join(sorted(words)) + (" WRONG" if wrong else ""),
    }
    return tuple(cells[column] for column in columns)


def _growth(result: Result) -> str:
    amount = result.verdict.per_unit
    return "-" if amount is None else format_growth(amount, result.verdict.resource)


def disagreements(results: Iterable[Result]) -> list[str]:
    """A line for each verdict that is not as known, with its reasons."""
    return [_disagreement(result) for result in results if not result.agrees]


def _disagreement(result: Result) -> str:
    which = label(result) + (f" (repeat {result.repeat})" if result.repeat > 1 else "")
    known = "a leak" if is_leak(result.expected_growth, result.variant) else "clean"
    reasons = "; ".join(result.verdict.reasons)
    return f"{which}: {result.verdict.word} (known: {known}): {reasons}"


def comparison(found: Comparison) -> Table:
    """A against B: peaks and growth, with what is not the same about the two runs."""
    rows = [
        (side, label(r), format_bytes(r.peak_rss_bytes or 0), _growth(r), _interval(r))
        for side, r in (("A", found.a), ("B", found.b))
    ]
    apart = "do not overlap" if found.intervals_apart else "overlap"
    notes = [f"peak B/A: {found.peak_ratio:.3f}; the growth's 95 % intervals {apart}"]
    notes += [f"note: not the same {difference}" for difference in found.differences]
    notes += [_pair(found.pair)] if found.pair else []
    return Table(
        columns=("", "run", "peak RSS", "growth/unit", "95 % interval"),
        rows=rows,
        right=frozenset({"peak RSS", "growth/unit"}),
        notes=notes,
    )


def _pair(pair: PeakVerdict) -> str:
    words = f"the buggy peak is {pair.ratio:.3f} times the fixed one, and {pair.min_ratio:g} is"
    return f"{words} declared: {'a leak, as known' if pair.leak else 'not enough for a leak'}"


def _interval(result: Result) -> str:
    low, high = result.verdict.low, result.verdict.high
    if low is None or high is None:
        return "-"
    resource = result.verdict.resource
    return f"{format_growth(low, resource)} … {format_growth(high, resource)}"
