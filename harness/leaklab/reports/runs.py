"""Tables of runs: each variant's peak, growth and verdict, and two runs side by side."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from leaklab.model.errors import Exit
from leaklab.model.result import Result
from leaklab.model.scenario import Resource
from leaklab.model.units import format_bytes, format_growth
from leaklab.model.verdicts import Conclusion, Verdict
from leaklab.reports.advice import advise
from leaklab.reports.reasons import with_reasons
from leaklab.reports.splits import splits
from leaklab.reports.table import Table
from leaklab.verdict.pairs import PeakVerdict, ResultComparison, label
from leaklab.verdict.run import process_label

# What is counted of a resource, as one and as several.
PIECES = {
    Resource.MEMORY: ("block", "blocks"),
    Resource.DESCRIPTORS: ("descriptor", "descriptors"),
    Resource.SOCKETS: ("socket", "sockets"),
    Resource.THREADS: ("thread", "threads"),
    Resource.PROCESSES: ("process", "processes"),
    Resource.SHARED_MEMORY: ("segment", "segments"),
}
CELL_COUNT = ("peak RSS", "spread", "growth/unit")


class Detail(Enum):
    """What is shown of a run: one row, or further rows for its processes."""

    RUNS = "runs"
    PROCESSES = "processes"


@dataclass(frozen=True)
class FigureCells:
    """The figures of one run or one process, one of each for every repeat."""

    peaks: list[int]
    verdicts: list[Verdict]
    verdict_texts: list[str]

    def cells(self) -> dict[str, str]:
        """Return the cells by column.

        These are the largest peak, the range of all peaks, the growth of the first repeat, and
        the verdicts of all repeats.
        """
        peaks = self.peaks
        return {
            "peak RSS": format_bytes(max(peaks)) if peaks else "-",
            "spread": format_bytes(max(peaks) - min(peaks)) if peaks else "-",
            "growth/unit": growth_text(self.verdicts[0]) if self.verdicts else "-",
            "verdict": "/".join(sorted(set(self.verdict_texts))),
        }


def runs(results: Sequence[Result], detail: Detail = Detail.RUNS) -> Table:
    """Build a row for each scenario, mode and variant: peak, growth per unit, verdict.

    Repeats of a run share a row; its peak is the largest one, its spread the range of all peaks.
    The peak of a pool is that of its largest process, and its verdict is that of the worst one.
    Runs that failed are left out, because they have no figures.
    """
    results = [result for result in results if not result.end_reason.failed]
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.scenario, result.mode, result.variant), []).append(result)
    folded = detail is Detail.PROCESSES or any(result.mode.is_pool for result in results)
    rows = list(_folded(groups.values(), detail) if folded else _flat(groups.values()))
    named = ("scenario, variant, mode",) if folded else ("scenario", "variant")
    repeated = any(len(group) > 1 for group in groups.values())
    columns = (*named, *(c for c in CELL_COUNT if c != "spread" or repeated), "verdict")
    return Table(
        columns=columns,
        rows=[tuple(row.cells.get(column, "") for column in columns) for row in rows],
        right=frozenset(CELL_COUNT),
        alarms=frozenset(i for i, row in enumerate(rows) if row.alarm),
        notes=[
            *disagreements(results),
            *splits(results),
            *_beside(results),
            *_interpreters(results),
            *(f"note: {remark}" for remark in advise(results)),
        ],
    )


@dataclass(frozen=True)
class _Row:
    cells: dict[str, str]
    alarm: bool = False


def _flat(groups: Iterable[list[Result]]) -> Iterator[_Row]:
    """A row for each variant; the scenario's name once."""
    last = ""
    for group in groups:
        scenario = group[0].scenario
        named = "" if scenario == last else scenario
        cells = {"scenario": named, "variant": str(group[0].variant)}
        yield _Row({**cells, **_of_runs(group).cells()}, _alarming(group))
        last = scenario


def _folded(groups: Iterable[list[Result]], detail: Detail) -> Iterator[_Row]:
    """A heading for each scenario, with its variants and modes below it, and their processes.

    All names are in one column, because separate columns would not fit into 80 characters.
    """
    first, last = "scenario, variant, mode", ""
    for group in groups:
        one = group[0]
        if one.scenario != last:
            yield _Row({first: one.scenario})
        name = f"  {one.variant:<7}  {one.mode}"
        yield _Row({first: name, **_of_runs(group).cells()}, _alarming(group))
        if detail is Detail.PROCESSES:
            for process, figures in _of_processes(group).items():
                yield _Row({first: f"    {process}", **figures.cells()})
        last = one.scenario


def _of_runs(group: Sequence[Result]) -> FigureCells:
    return FigureCells(
        [r.peak_bytes for r in group if r.peak_bytes is not None],
        [r.verdict for r in group],
        [_verdict_text(r, r.verdict) + (" WRONG" if _is_wrong(r) else "") for r in group],
    )


def _of_processes(group: Sequence[Result]) -> dict[str, FigureCells]:
    """The figures by the name of the process, which is the same in every repeat."""
    by_name: dict[str, FigureCells] = {}
    for result in group:
        for process in result.processes:
            figures = by_name.setdefault(process_label(process), FigureCells([], [], []))
            figures.peaks.append(process.peak_rss_bytes)
            if process.verdict:
                figures.verdicts.append(process.verdict)
                figures.verdict_texts.append(_verdict_text(result, process.verdict))
    return by_name


def _verdict_text(result: Result, verdict: Verdict) -> str:
    """The verdict, or `stopped` for a run that is undecided because the lab stopped it."""
    return "stopped" if result.end_reason.stopped and not verdict.is_decided else verdict.conclusion


def _is_wrong(result: Result) -> bool:
    """Whether the verdict contradicts the ground truth; an undecided one does not."""
    return result.verdict.is_decided and result.as_expected is False


def _alarming(group: Sequence[Result]) -> bool:
    return any(result.exit is not Exit.AS_EXPECTED for result in group)


def growth_text(verdict: Verdict) -> str:
    """Format the growth per unit; `0` where a clean run only varies, `-` where it is not known."""
    amount = verdict.per_unit
    if amount is None:
        return "-"
    # A clean run varies, and a number would suggest growth.
    swings = verdict.conclusion is Conclusion.CLEAN and (verdict.low or 0.0) <= 0
    return "0" if swings else _amount(amount, verdict)


def _amount(amount: float, verdict: Verdict) -> str:
    """Format an amount of the verdict's signal, in bytes or in pieces."""
    if verdict.signal is None:
        return format_growth(amount, verdict.resource)
    in_bytes = verdict.signal.in_bytes
    text = format_growth(amount, Resource.MEMORY if in_bytes else Resource.DESCRIPTORS)
    # A leak never shows a growth of 0, however slow it is.
    if verdict.is_leak and text == "0" and amount > 0:
        text = f"{amount:+.2g}{' B' if in_bytes else ''}"
    if in_bytes or text == "0":
        return text
    one, several = PIECES[verdict.resource]
    return f"{text} {one if text == '+1' else several}"


def disagreements(results: Iterable[Result]) -> list[str]:
    """Return a note for each verdict that is not known to be right, with its reasons.

    These are the verdicts that differ from the ground truth, and those on programs without one.
    """
    return [_disagreement(result) for result in results if not result.as_expected]


def _beside(results: Iterable[Result]) -> Iterator[str]:
    """A line for each run that leaks other resources than its scenario's; repeats share a line."""
    named = {label(result): " and ".join(_leaking(result.verdict.others)) for result in results}
    yield from (f"{run} also leaks {others}" for run, others in named.items() if others)


def _leaking(others: Mapping[Resource, Conclusion]) -> Iterator[Resource]:
    return (resource for resource, one in others.items() if one is Conclusion.LEAK)


def _interpreters(results: Iterable[Result]) -> Iterator[str]:
    """A line for each interpreter other than the lab's own."""
    named = {r.python: f"{r.environment.implementation} {r.environment.python}" for r in results}
    yield from (f"run by {version}, {path}" for path, version in named.items() if path)


def _disagreement(result: Result) -> str:
    run = label(result) + (f" (repeat {result.repeat})" if result.repeat > 1 else "")
    truth = {True: " (known: a leak)", False: " (known: clean)", None: ""}
    known = truth[result.is_known_to_leak]
    return with_reasons(f"{run}: {result.verdict.conclusion}{known}", result.verdict.reasons)


def comparison(compared: ResultComparison) -> Table:
    """Build a row for A and one for B: peaks and growth; the notes name their differences."""
    rows = [
        (side, label(r), format_bytes(r.peak_bytes or 0), growth_text(r.verdict), _interval(r))
        for side, r in (("A", compared.a), ("B", compared.b))
    ]
    overlap = "do not overlap" if compared.intervals_apart else "overlap"
    notes = [f"peak B/A: {compared.peak_ratio:.3f}; the growth's 95 % intervals {overlap}"]
    notes += [f"note: not the same {difference}" for difference in compared.differences]
    notes += [_pair(compared.pair)] if compared.pair else []
    return Table(
        columns=("", "run", "peak RSS", "growth/unit", "95 % interval"),
        rows=rows,
        right=frozenset({"peak RSS", "growth/unit"}),
        notes=notes,
    )


def _pair(pair: PeakVerdict) -> str:
    ratio = f"the buggy peak is {pair.ratio:.3f} times the fixed one"
    outcome = "a leak, as known" if pair.leak else "not enough for a leak"
    return f"{ratio}, and at least {pair.min_ratio:g} is declared: {outcome}"


def _interval(result: Result) -> str:
    low, high = result.verdict.low, result.verdict.high
    if low is None or high is None:
        return "-"
    return f"{_amount(low, result.verdict)} … {_amount(high, result.verdict)}"
