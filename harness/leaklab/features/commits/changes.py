"""The figures of two commits side by side: which numbers got worse by a factor, and which verdicts
became a leak."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from leaklab.model.scenario import Variant
from leaklab.model.verdicts import Conclusion

# The suite's own names of its figures: its modules'.
PEAK, GROWTH, VERDICT = "peak_rss", "growth", "verdict"
METRICS = (VERDICT, GROWTH, PEAK)
# A verdict's number is its place here; `benchmarks/lab.py` has the same.
VERDICTS = (Conclusion.CLEAN, Conclusion.UNDECIDED, Conclusion.LEAK)


class Change(StrEnum):
    """What became of a figure from one commit to the other."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "same"
    ABSENT = "n/a"
    FAILED = "failed"


@dataclass(frozen=True)
class Benchmark:
    """One figure that is tracked: which, and of what.

    The label of a scenario's is `word_index/fixed/fork`; one without a slash is the observer's.
    """

    metric: str
    label: str

    @property
    def scenario(self) -> str:
        """The scenario that it is of; empty of the observer's."""
        name, is_run, _ = self.label.partition("/")
        return name if is_run else ""

    @property
    def is_declared_to_leak(self) -> bool:
        """Whether it is of a buggy variant: each of them is declared to leak, and no other is."""
        return self.label.split("/")[1:2] == [Variant.BUGGY]


@dataclass(frozen=True)
class Value:
    """A figure of a commit.

    `amount` is None where it failed; that of a verdict is its place in `VERDICTS`. `interval` is
    that of an estimate (95 %); without one, a figure is exact. `sampled` is a figure of which asv
    has samples, and so statistics of its own.
    """

    amount: float | None
    interval: tuple[float, float] | None = None
    sampled: bool = False


@dataclass(frozen=True)
class Compared:
    """A figure of two commits; None where a commit has none. `asv` is what asv saw in it: its mark,
    empty where it saw no change."""

    benchmark: Benchmark
    base: float | None
    head: float | None
    change: Change
    asv: str = ""

    @property
    def ratio(self) -> float | None:
        """The second by the first; verdicts have none."""
        if self.benchmark.metric == VERDICT or not self.base or self.head is None:
            return None
        return self.head / self.base

    @property
    def verdicts(self) -> str:
        """Both verdicts in words, `clean → leak`; empty where this is no verdict, or one side has
        none."""
        if self.benchmark.metric != VERDICT or self.base is None or self.head is None:
            return ""
        return f"{verdict_of(self.base)} → {verdict_of(self.head)}"


Values = Mapping[Benchmark, Value]

MARKS = {"+": Change.WORSE, "-": Change.BETTER}
NO_VALUE = Value(None)


@dataclass(frozen=True)
class _Rule:
    """By how much more a figure is worse, and what asv saw in each."""

    factor: float
    asv: Mapping[Benchmark, str]


def compare_values(
    base: Values, head: Values, factor: float, asv: Mapping[Benchmark, str]
) -> list[Compared]:
    """Compare each figure that either commit has.

    Worse is what is `factor` times as much or more, better what is so much less; of estimates only
    if their intervals have no value in common, and of a sampled figure only if asv's statistics
    say so. Verdicts are compared by `change_of_verdict`. What failed on the first commit alone is
    no fault of the second, and not compared.

    Args:
        base: the first commit's figures; none for what it cannot have.
        head: the second commit's.
        factor: above 1.
        asv: its own marks, where it saw a change.
    """
    known = sorted({*base, *head}, key=lambda b: (b.label, b.metric))
    rule = _Rule(factor, asv)
    return [
        Compared(
            benchmark,
            base.get(benchmark, NO_VALUE).amount,
            head.get(benchmark, NO_VALUE).amount,
            _change(benchmark, base.get(benchmark), head.get(benchmark), rule),
            asv.get(benchmark, ""),
        )
        for benchmark in known
    ]


def verdict_of(amount: float) -> Conclusion:
    """The verdict that a number stands for."""
    return VERDICTS[round(amount)]


def change_of_verdict(benchmark: Benchmark, base: float, head: float) -> Change:
    """What became of a verdict, from the numbers of both.

    Worse is a leak that was none before, unless the variant is declared to leak; better is a leak
    that became clean. All else is the same: `undecided` on the second commit shows neither that a
    leak came nor that it went.
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
    """Whether two intervals have a value in common; exact figures have none."""
    if a is None or b is None:
        return False
    return a[0] <= b[1] and b[0] <= a[1]
