"""Comparison of the figures of two commits.

A number is worse if it grew by a factor. A verdict is worse if it became a leak.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from leaklab.model.scenario import Variant
from leaklab.model.verdicts import Conclusion

# The names of the figures, which are the modules of the benchmark suite.
PEAK, GROWTH, VERDICT = "peak_rss", "growth", "verdict"
METRICS = (VERDICT, GROWTH, PEAK)
# A verdict's number is its index here; `benchmarks/lab.py` has the same order.
VERDICTS = (Conclusion.CLEAN, Conclusion.UNDECIDED, Conclusion.LEAK)


class Change(StrEnum):
    """The change of a figure from one commit to another."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "same"
    ABSENT = "n/a"
    FAILED = "failed"


@dataclass(frozen=True)
class Benchmark:
    """The name of a tracked figure: its metric, and the label of what was measured.

    A scenario's label has the form `word_index/fixed/fork`. One without a slash is that of the
    observer's own cost.
    """

    metric: str
    label: str

    @property
    def scenario(self) -> str:
        """The name of the scenario; empty for a figure of the observer."""
        name, is_run, _ = self.label.partition("/")
        return name if is_run else ""

    @property
    def is_declared_to_leak(self) -> bool:
        """Whether the figure is of a buggy variant; only these are declared to leak."""
        return self.label.split("/")[1:2] == [Variant.BUGGY]


@dataclass(frozen=True)
class Value:
    """A figure of a commit.

    `amount` is None if the measurement failed; that of a verdict is its index in `VERDICTS`.
    `interval` is the 95 % interval of an estimate; a figure without one is exact. `sampled` is
    whether asv has samples of the figure, and so its own statistics.
    """

    amount: float | None
    interval: tuple[float, float] | None = None
    sampled: bool = False


@dataclass(frozen=True)
class Compared:
    """A figure of two commits, `base` and `head`; None if a commit lacks it.

    `asv` is asv's own mark of a change; empty if it saw none.
    """

    benchmark: Benchmark
    base: float | None
    head: float | None
    change: Change
    asv: str = ""

    @property
    def ratio(self) -> float | None:
        """The head's figure divided by the base's; None for a verdict or if one is missing."""
        if self.benchmark.metric == VERDICT or not self.base or self.head is None:
            return None
        return self.head / self.base

    @property
    def verdicts(self) -> str:
        """Both verdicts in words, `clean → leak`; empty for a number or if one is missing."""
        if self.benchmark.metric != VERDICT or self.base is None or self.head is None:
            return ""
        return f"{verdict_of(self.base)} → {verdict_of(self.head)}"


Values = Mapping[Benchmark, Value]

MARKS = {"+": Change.WORSE, "-": Change.BETTER}
NO_VALUE = Value(None)


@dataclass(frozen=True)
class _Rule:
    """The factor from which a figure counts as worse, and asv's own marks."""

    factor: float
    asv: Mapping[Benchmark, str]


def compare_values(
    base: Values, head: Values, factor: float, asv: Mapping[Benchmark, str]
) -> list[Compared]:
    """Compare each figure that either commit has; rows are sorted by label and metric.

    A figure is worse if it is at least `factor` times as large, and better if it is at least that
    much smaller. An estimate must also have an interval that does not overlap the other one. A
    sampled figure changes only if asv's statistics say so. Verdicts are compared by
    `change_of_verdict`. A figure that failed on the base alone is not compared.

    Args:
        base: The figures of the commit to compare with.
        head: The figures of the commit to judge.
        factor: Greater than 1.
        asv: Asv's own marks of changes.
    """
    benchmarks = sorted({*base, *head}, key=lambda b: (b.label, b.metric))
    rule = _Rule(factor, asv)
    return [
        Compared(
            benchmark,
            base.get(benchmark, NO_VALUE).amount,
            head.get(benchmark, NO_VALUE).amount,
            _change(benchmark, base.get(benchmark), head.get(benchmark), rule),
            asv.get(benchmark, ""),
        )
        for benchmark in benchmarks
    ]


def verdict_of(amount: float) -> Conclusion:
    """Return the verdict of a number."""
    return VERDICTS[round(amount)]


def change_of_verdict(benchmark: Benchmark, base: float, head: float) -> Change:
    """Return the change of a verdict, from the numbers of both.

    It is worse if it became a leak, unless the variant is declared to leak, and better if a leak
    became clean. Everything else counts as the same, because `undecided` shows neither a new leak
    nor a fixed one.
    """
    before, after = verdict_of(base), verdict_of(head)
    if after is Conclusion.LEAK and before is not Conclusion.LEAK:
        return Change.SAME if benchmark.is_declared_to_leak else Change.WORSE
    is_gone = before is Conclusion.LEAK and after is Conclusion.CLEAN
    return Change.BETTER if is_gone else Change.SAME


def _change(benchmark: Benchmark, base: Value | None, head: Value | None, rule: _Rule) -> Change:
    if head is not None and head.amount is None:
        return Change.FAILED
    if base is None or head is None or base.amount is None or head.amount is None:
        return Change.ABSENT
    if benchmark.metric == VERDICT:
        return change_of_verdict(benchmark, base.amount, head.amount)
    if base.sampled or head.sampled:
        return MARKS.get(rule.asv.get(benchmark, ""), Change.SAME)
    if _overlap(base.interval, head.interval):
        return Change.SAME
    return _change_of_amount(base.amount, head.amount, rule.factor)


def _change_of_amount(base: float, head: float, factor: float) -> Change:
    if head >= base * factor and head > base:
        return Change.WORSE
    is_less = base >= head * factor and base > head
    return Change.BETTER if is_less else Change.SAME


def _overlap(a: tuple[float, float] | None, b: tuple[float, float] | None) -> bool:
    """Return whether two intervals overlap; exact figures have no intervals and never do."""
    if a is None or b is None:
        return False
    return a[0] <= b[1] and b[0] <= a[1]
