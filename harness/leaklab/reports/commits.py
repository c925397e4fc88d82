"""Tables of what asv tracks: what each pair costs, two commits side by side, a history."""

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
    """What each pair costs: both variants' peaks and growth, by scenario and mode.

    A control's only program stands where a fixed one does: it is as innocent.

    Args:
        measured: the commit.
        selection: what was measured of it.
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


def changes(found: CommitComparison, base: str, head: str) -> Table:
    """What is worse, better or failed on the second commit, and what asv saw in it.

    Args:
        found: the two commits.
        base: how the first is called.
        head: how the second is called.
    """
    # `Table.right` names columns by their headers, so no two headers may be the same.
    others = ("benchmark", "ratio", "is", "asv saw")
    before = f"{base} (base)" if base in others else base
    after = f"{head} (head)" if head in (*others, before) else head
    columns = (others[0], before, after, *others[1:])
    shown = sorted((r for r in found.rows if r.change in SHOWN), key=lambda r: _order(r.benchmark))
    rows = _under_headings(
        (row.benchmark, (*_sides(found, row), row.change, _asv_word(row))) for row in shown
    )
    alarms = frozenset(i for i, row in enumerate(rows) if row[4] in ALARMING)
    return Table(
        columns,
        rows,
        right=frozenset(columns[1:4]),
        alarms=alarms,
        shortened=frozenset({before, after}),
    )


def change_counts(found: CommitComparison, selection: Selection, base: str, head: str) -> Table:
    """How many figures were compared and what became of them, and why some could not be.

    Args:
        found: the two commits.
        selection: what was measured of them.
        base: how the first is called.
        head: how the second is called.
    """
    columns = ("figures", *Change)
    counts: dict[str, Counter[Change]] = defaultdict(Counter)
    for row in found.rows:
        counts[_metric(row.benchmark)][row.change] += 1
    rows = [(metric, *(str(count[c]) for c in Change)) for metric, count in sorted(counts.items())]
    worse = f"worse is {found.factor:g} times as much or more, or a verdict that became a leak"
    notes = [f"{head} against {base}; {worse}"]
    notes += [
        f"asv alone saw {ASV_WORDS[row.asv]}: {_full_name(row.benchmark)}, {_apart(found, row)}; "
        "the intervals of its growth overlap"
        for row in found.rows
        if row.asv and row.change is Change.SAME and row.benchmark.metric == GROWTH
    ]
    notes += commit_notes.of_comparison(found, selection, base, head)
    return Table(columns, rows, right=frozenset(columns[1:]), notes=notes)


def regressions(found: Sequence[Regression]) -> Table:
    """Steps upwards in the history, the newest as asv has them."""
    columns = ("benchmark", "in commits", "was", "became")
    rows = _under_headings((r.benchmark, _step(r)) for r in found)
    return Table(columns, rows, right=frozenset(columns[2:]))


def _asv_word(row: Compared) -> str:
    """What asv saw; where something failed it makes no table, and so said nothing."""
    return "-" if row.change is Change.FAILED and not row.asv else ASV_WORDS[row.asv]


def _step(step: Regression) -> tuple[str, str, str]:
    first = f"{step.before[:8]}..." if step.before else ""
    resource = Resource.MEMORY if step.unit == "bytes" else Resource.DESCRIPTORS
    was, became = (_shown(v, step.benchmark, resource) for v in (step.was, step.became))
    return f"{first}{step.after[:8]}", was, became


def _under_headings(
    items: Iterable[tuple[Benchmark, tuple[str, ...]]],
) -> list[tuple[str, ...]]:
    """Rows with their scenario's name above them, once."""
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
    found: dict[tuple[str, str], dict[str, dict[str, float | None]]] = {}
    for benchmark, value in sorted(values.items(), key=lambda item: _order(item[0])):
        if benchmark.metric in METRICS:
            scenario, variant, mode = benchmark.label.split("/")
            of_pair = found.setdefault((scenario, mode), defaultdict(dict))
            of_pair[variant][benchmark.metric] = value.amount
    return found


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
    of_bytes = benchmark.metric in METRICS or benchmark.label.endswith("bytes")
    return format_bytes(value) if of_bytes else f"{value:.3f}"


def _sides(found: CommitComparison, row: Compared) -> tuple[str, str, str]:
    """Both figures and their ratio."""
    tracked = [found.head.tracked, found.base.tracked]
    resource = _resource(tracked, row.benchmark.label)
    cells = [
        "n/a"
        if row.benchmark not in side.values
        else _shown(side.values[row.benchmark].amount, row.benchmark, resource)
        for side in (found.base, found.head)
    ]
    return cells[0], cells[1], _change(row) or _ratio(row.head, row.base)


def _change(row: Compared) -> str:
    """What stands for the ratio where one side has no growth, or is no leak; empty elsewhere."""
    if row.base is None or row.head is None:
        return ""
    if row.benchmark.metric == VERDICT:
        return "new" if verdict_of(row.head) is Conclusion.LEAK else "gone"
    if row.benchmark.metric != GROWTH:
        return ""
    if row.base <= NO_GROWTH:
        return "new"
    return "gone" if row.head <= NO_GROWTH else ""


def _apart(found: CommitComparison, row: Compared) -> str:
    before, after, _ = _sides(found, row)
    return f"{before} and {after}"


def _order(benchmark: Benchmark) -> tuple[str, int, str, int]:
    """By scenario, its modes in the order in which they are run, variant, the verdict first."""
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
    """The resource that a scenario's growth is of."""
    for one in tracked:
        for name, figures in one.figures.items():
            if name.startswith(label):
                return figures.resource
    return Resource.MEMORY


def _metric(benchmark: Benchmark) -> str:
    return TITLES.get(benchmark.metric, benchmark.metric)
