"""Tables of asv's figures: the costs of each pair, two commits side by side, regressions."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from leaklab.features.commits.changes import (
    GROWTH,
    METRICS,
    PEAK,
    VERDICT,
    Benchmark,
    Change,
    Compared,
    Values,
    verdict_of,
)
from leaklab.features.commits.figures import NO_GROWTH, Tracked
from leaklab.features.commits.measure import CommitComparison, CommitFigures, Regression
from leaklab.features.commits.selection import Selection
from leaklab.model.scenario import Mode, Resource
from leaklab.model.units import format_bytes, format_growth
from leaklab.model.verdicts import Conclusion
from leaklab.reports import commit_notes
from leaklab.reports.table import Table

TITLES = {VERDICT: "verdict", PEAK: "peak RSS", GROWTH: "growth"}
SHOWN = (Change.FAILED, Change.WORSE, Change.BETTER)
ASV_WORDS = {"+": "worse", "-": "better", "!": "failed", "": "same"}
MODES = frozenset(mode.value for mode in Mode)
ALARMING = (Change.WORSE, Change.FAILED)


def pair_costs(measured: CommitFigures, selection: Selection) -> Table:
    """Build the table of the peaks and the growth of both variants, by scenario and mode.

    The one program of a control has the columns of the fixed variant, because it does not leak.

    Args:
        measured: The figures of the commit.
        selection: Which scenarios were measured.
    """
    columns = ("scenario, mode", "buggy peak", "per unit", "fixed peak", "per unit", "ratio")
    rows: list[tuple[str, ...]] = []
    last = ""
    for (scenario, mode), variants in _by_pair(measured.values).items():
        if scenario != last:
            rows.append((scenario, "", "", "", "", ""))
        buggy, fixed = variants["buggy"], {**variants["fixed"], **variants["program"]}
        resource = _resource([measured.tracked], f"{scenario}/")
        cells = [_amount(side, m, resource) for side in (buggy, fixed) for m in (PEAK, GROWTH)]
        rows.append((f"  {mode}", *cells, _ratio(buggy.get(PEAK), fixed.get(PEAK))))
        last = scenario
    notes = commit_notes.of_commit(measured, selection)
    return Table(columns, rows, right=frozenset(columns[1:]), notes=notes)


def changes(comparison: CommitComparison, base: str, head: str) -> Table:
    """Build the table of what is worse, better or failed on the second commit.

    Args:
        comparison: The two commits.
        base: The name of the first commit.
        head: The name of the second commit.
    """
    # `Table.right` names columns by their headers, so no two headers may be the same.
    others = ("benchmark", "ratio", "change", "asv saw")
    before = f"{base} (base)" if base in others else base
    after = f"{head} (head)" if head in (*others, before) else head
    columns = (others[0], before, after, *others[1:])
    shown = (row for row in comparison.rows if row.change in SHOWN)
    rows = _under_headings(
        (row.benchmark, (*_sides(comparison, row), row.change, _asv_word(row)))
        for row in sorted(shown, key=lambda row: _order(row.benchmark))
    )
    alarms = frozenset(i for i, row in enumerate(rows) if row[4] in ALARMING)
    return Table(
        columns,
        rows,
        right=frozenset(columns[1:4]),
        alarms=alarms,
        shortened=frozenset({before, after}),
    )


def change_counts(
    comparison: CommitComparison, selection: Selection, base: str, head: str
) -> Table:
    """Count the figures by how they changed; the notes say why some could not be compared.

    Args:
        comparison: The two commits.
        selection: Which scenarios were measured.
        base: The name of the first commit.
        head: The name of the second commit.
    """
    columns = ("figures", *Change)
    counts: dict[str, Counter[Change]] = defaultdict(Counter)
    for row in comparison.rows:
        counts[_metric(row.benchmark)][row.change] += 1
    rows = [(metric, *(str(count[c]) for c in Change)) for metric, count in sorted(counts.items())]
    factor = f"{comparison.factor:g}"
    worse = f"worse means {factor} times as much or more, or a verdict that became a leak"
    notes = [f"{head} against {base}; {worse}"]
    notes += [
        f"asv alone reports {ASV_WORDS[row.asv]}: {_full_name(row.benchmark)}, "
        f"{_both(comparison, row)}; the intervals of its growth overlap"
        for row in comparison.rows
        if row.asv and row.change is Change.SAME and row.benchmark.metric == GROWTH
    ]
    notes += commit_notes.of_comparison(comparison, selection, base, head)
    return Table(columns, rows, right=frozenset(columns[1:]), notes=notes)


def regressions(steps: Sequence[Regression]) -> Table:
    """Build the table of the steps upwards in the history, as asv detected them."""
    columns = ("benchmark", "in commits", "was", "became")
    rows = _under_headings((r.benchmark, _step(r)) for r in steps)
    return Table(columns, rows, right=frozenset(columns[2:]))


def _asv_word(row: Compared) -> str:
    """What asv saw. Where a benchmark failed, asv does not compare it."""
    return "-" if row.change is Change.FAILED and not row.asv else ASV_WORDS[row.asv]


def _step(step: Regression) -> tuple[str, str, str]:
    first = f"{step.before[:8]}..." if step.before else ""
    resource = Resource.MEMORY if step.unit == "bytes" else Resource.DESCRIPTORS
    was, became = (_shown(v, step.benchmark, resource) for v in (step.was, step.became))
    return f"{first}{step.after[:8]}", was, became


def _under_headings(
    items: Iterable[tuple[Benchmark, tuple[str, ...]]],
) -> list[tuple[str, ...]]:
    """Rows with the name of their scenario in a row of its own above them."""
    rows: list[tuple[str, ...]] = []
    last = ""
    for benchmark, cells in items:
        scenario, is_run, rest = benchmark.label.partition("/")
        if is_run and scenario != last:
            rows.append((scenario, *("" for _ in cells)))
            last = scenario
        name = f"  {rest.replace('/', ' ')} {_metric(benchmark)}"
        rows.append((name if is_run else _full_name(benchmark), *cells))
    return rows


def _by_pair(
    values: Values,
) -> dict[tuple[str, str], dict[str, dict[str, float | None]]]:
    """The figures of scenarios by (scenario, mode), then variant, then metric."""
    pairs: dict[tuple[str, str], dict[str, dict[str, float | None]]] = {}
    for benchmark, value in sorted(values.items(), key=lambda item: _order(item[0])):
        if benchmark.metric in METRICS:
            scenario, variant, mode = benchmark.label.split("/")
            variants = pairs.setdefault((scenario, mode), defaultdict(dict))
            variants[variant][benchmark.metric] = value.amount
    return pairs


def _amount(figures: Mapping[str, float | None], metric: str, resource: Resource) -> str:
    if metric not in figures:
        return ""
    return _shown(figures[metric], Benchmark(metric, ""), resource)


def _shown(value: float | None, benchmark: Benchmark, resource: Resource) -> str:
    if value is None:
        return "failed"
    if benchmark.metric == GROWTH:
        return "0" if value <= NO_GROWTH else format_growth(value, resource)
    if benchmark.metric == VERDICT:
        return verdict_of(value)
    return _plain(value, benchmark)


def _plain(value: float, benchmark: Benchmark) -> str:
    in_bytes = benchmark.metric in METRICS or benchmark.label.endswith("bytes")
    return format_bytes(value) if in_bytes else f"{value:.3f}"


def _sides(comparison: CommitComparison, row: Compared) -> tuple[str, str, str]:
    """Both figures and their ratio."""
    tracked = [comparison.head.tracked, comparison.base.tracked]
    resource = _resource(tracked, row.benchmark.label)
    cells = [
        "n/a"
        if row.benchmark not in side.values
        else _shown(side.values[row.benchmark].amount, row.benchmark, resource)
        for side in (comparison.base, comparison.head)
    ]
    return cells[0], cells[1], _change(row) or _ratio(row.head, row.base)


def _change(row: Compared) -> str:
    """`new` or `gone`, where only one side grows or leaks; empty where there is a ratio."""
    if row.base is None or row.head is None:
        return ""
    if row.benchmark.metric == VERDICT:
        return "new" if verdict_of(row.head) is Conclusion.LEAK else "gone"
    if row.benchmark.metric != GROWTH:
        return ""
    if row.base <= NO_GROWTH:
        return "new"
    return "gone" if row.head <= NO_GROWTH else ""


def _both(comparison: CommitComparison, row: Compared) -> str:
    before, after, _ = _sides(comparison, row)
    return f"{before} and {after}"


def _order(benchmark: Benchmark) -> tuple[str, int, str, int]:
    """A sort key: by scenario, mode (in the order in which modes run), variant and metric."""
    scenario, _, rest = benchmark.label.partition("/")
    variant, _, mode = rest.partition("/")
    place = list(Mode).index(Mode(mode)) if mode in MODES else 0
    rank = METRICS.index(benchmark.metric) if benchmark.metric in METRICS else len(METRICS)
    return scenario, place, variant, rank


def _full_name(benchmark: Benchmark) -> str:
    return f"{benchmark.label.replace('/', ' ')} {_metric(benchmark)}"


def _ratio(part: float | None, whole: float | None) -> str:
    return f"{part / whole:.3f}" if part is not None and whole else "-"


def _resource(tracked: Iterable[Tracked], label: str) -> Resource:
    """The resource by which the scenario with this label is judged."""
    for one in tracked:
        for name, figures in one.figures.items():
            if name.startswith(label):
                return figures.resource
    return Resource.MEMORY


def _metric(benchmark: Benchmark) -> str:
    return TITLES.get(benchmark.metric, benchmark.metric)
