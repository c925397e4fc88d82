"""Tables of what asv tracks: what each pair costs, two commits side by side, a history."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from leaklab.branches import Comparison, Measured, Regression
from leaklab.changes import Benchmark, Change, Compared
from leaklab.figures import NO_GROWTH, Tracked
from leaklab.model import Resource
from leaklab.reports import Table
from leaklab.units import cut_to, format_bytes, format_growth

PEAK, GROWTH = "peak_rss", "growth"
METRICS = {PEAK: "peak RSS", GROWTH: "growth"}
SHOWN = (Change.FAILED, Change.WORSE, Change.BETTER)
ASV_WORDS = {"+": "worse", "-": "better", "!": "failed", "": "same"}
LONGEST_NAME = 12
MOST_REASONS = 8


def costs(measured: Measured) -> Table:
    """What each pair costs: both variants' peaks and growth, by scenario and mode.

    A control's only program stands where a fixed one does: it is as innocent.
    """
    columns = ("scenario, mode", "buggy peak", "per unit", "fixed peak", "per unit", "ratio")
    rows: list[tuple[str, ...]] = []
    last = ""
    for (scenario, mode), variants in _by_pair(measured.values).items():
        if scenario != last:
            rows.append((scenario, "", "", "", "", ""))
        buggy, fixed = variants["buggy"], {**variants["fixed"], **variants["program"]}
        resource = _resource([measured.tracked], f"{scenario}/")
        cells = [_amount(side, metric, resource) for side in (buggy, fixed) for metric in METRICS]
        rows.append((f"  {mode}", *cells, _ratio(buggy.get(PEAK), fixed.get(PEAK))))
        last = scenario
    return Table(columns, rows, right=frozenset(columns[1:]), notes=_reasons("", measured.tracked))


def changes(found: Comparison, base: str, head: str) -> Table:
    """What is worse, better or failed on the second commit, and what asv saw in it.

    Args:
        found: the two commits.
        base: how the first is called.
        head: how the second is called.
    """
    names = [cut_to(name, LONGEST_NAME) for name in (base, head)]
    columns = ("benchmark", names[0], f"{names[1]} ", "ratio", "is", "asv saw")
    rows: list[tuple[str, ...]] = []
    alarms = []
    last = ""
    for row in (row for row in found.rows if row.change in SHOWN):
        scenario, _, rest = row.benchmark.label.partition("/")
        if scenario != last:
            rows.append((scenario, *[""] * 5))
        if row.change is not Change.BETTER:
            alarms.append(len(rows))
        name = f"  {rest.replace('/', ' ')} {_metric(row.benchmark)}"
        rows.append((name, *_sides(found, row), row.change, ASV_WORDS[row.asv]))
        last = scenario
    return Table(columns, rows, right=frozenset(columns[1:4]), alarms=frozenset(alarms))


def summary(found: Comparison, base: str, head: str) -> Table:
    """How many figures were compared and what became of them, and why some could not be.

    Args:
        found: the two commits.
        base: how the first is called.
        head: how the second is called.
    """
    columns = ("figures", *Change)
    counts: dict[str, Counter[Change]] = defaultdict(Counter)
    for row in found.rows:
        counts[_metric(row.benchmark)][row.change] += 1
    rows = [(metric, *(str(count[c]) for c in Change)) for metric, count in sorted(counts.items())]
    notes = [f"{head} against {base}; worse is {found.factor:g} times as much or more"]
    for name, measured in ((base, found.base), (head, found.head)):
        notes += _reasons(f" at {name}", measured.tracked)
    return Table(columns, rows, right=frozenset(columns[1:]), notes=notes)


def regressions(found: Sequence[Regression]) -> Table:
    """Steps upwards in the history, the newest as asv has them."""
    columns = ("benchmark", "after", "up to", "was", "became")
    rows = [
        (
            f"{r.benchmark.label} {_metric(r.benchmark)}",
            (r.before or "")[:8],
            r.after[:8],
            _plain(r.was, r.benchmark.metric),
            _plain(r.became, r.benchmark.metric),
        )
        for r in found
    ]
    return Table(columns, rows, right=frozenset(columns[3:]))


def _by_pair(
    values: Mapping[Benchmark, float | None],
) -> dict[tuple[str, str], dict[str, dict[str, float | None]]]:
    """The figures of scenarios by (scenario, mode), then variant, then metric."""
    found: dict[tuple[str, str], dict[str, dict[str, float | None]]] = {}
    for benchmark, value in sorted(values.items(), key=lambda item: item[0].label):
        if benchmark.metric in METRICS:
            scenario, variant, mode = benchmark.label.split("/")
            of_pair = found.setdefault((scenario, mode), defaultdict(dict))
            of_pair[variant][benchmark.metric] = value
    return dict(sorted(found.items(), key=lambda item: item[0][0]))


def _amount(figures: Mapping[str, float | None], metric: str, resource: Resource) -> str:
    if metric not in figures:
        return ""
    return _shown(figures[metric], metric, resource)


def _shown(value: float | None, metric: str, resource: Resource) -> str:
    if value is None:
        return "failed"
    if metric == GROWTH:
        return "0" if value <= NO_GROWTH else format_growth(value, resource)
    return _plain(value, metric)


def _plain(value: float, metric: str) -> str:
    return format_bytes(value) if metric in METRICS or metric.endswith("bytes") else f"{value:.3f}"


def _sides(found: Comparison, row: Compared) -> tuple[str, str, str]:
    """Both figures and their ratio; a ratio to nothing says nothing."""
    tracked = [found.head.tracked, found.base.tracked]
    resource = _resource(tracked, row.benchmark.label)
    cells = [
        "n/a"
        if row.benchmark not in side.values
        else _shown(side.values[row.benchmark], row.benchmark.metric, resource)
        for side in (found.base, found.head)
    ]
    is_new = row.benchmark.metric == GROWTH and (row.base or 0) <= NO_GROWTH
    return cells[0], cells[1], "new" if is_new else _ratio(row.head, row.base)


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
    return METRICS.get(benchmark.metric, benchmark.metric)


def _reasons(where: str, tracked: Tracked) -> list[str]:
    """Why there are no figures, at most so many lines; a failure comes before what is n/a."""
    lines = [f"failed{where}: {reason}" for reason in tracked.failed.values()]
    lines += [f"n/a{where}: {reason}" for reason in tracked.absent.values()]
    more = len(lines) - MOST_REASONS
    return lines[:MOST_REASONS] + ([f"… and {more} more"] if more > 0 else [])
