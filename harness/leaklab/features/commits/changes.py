"""The figures of two commits side by side: what got worse, by a factor."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Change(StrEnum):
    """What became of a figure from one commit to the other."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "same"
    ABSENT = "n/a"
    FAILED = "failed"


@dataclass(frozen=True)
class Benchmark:
    """One figure that is tracked: which, and of what."""

    metric: str
    label: str


@dataclass(frozen=True)
class Value:
    """A figure of a commit.

    `amount` is None where it failed. `interval` is that of an estimate (95 %); without one, a
    figure is exact. `sampled` is a figure of which asv has samples, and so statistics of its own.
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
        """The second by the first."""
        return self.head / self.base if self.base and self.head is not None else None


Values = Mapping[Benchmark, Value]

MARKS = {"+": Change.WORSE, "-": Change.BETTER}
NOTHING = Value(None)


def compare(
    base: Values, head: Values, factor: float, asv: Mapping[Benchmark, str]
) -> list[Compared]:
    """Compare each figure that either commit has.

    Worse is what is `factor` times as much or more, better what is so much less; of estimates only
    if their intervals have no value in common, and of a sampled figure only if asv's statistics
    say so. What failed on the first commit alone is no fault of the second, and not compared.

    Args:
        base: the first commit's figures; none for what it cannot have.
        head: the second commit's.
        factor: above 1.
        asv: its own marks, where it saw a change.
    """
    known = sorted({*base, *head}, key=lambda b: (b.label, b.metric))
    return [
        Compared(
            benchmark,
            base.get(benchmark, NOTHING).amount,
            head.get(benchmark, NOTHING).amount,
            _change(base.get(benchmark), head.get(benchmark), factor, asv.get(benchmark, "")),
            asv.get(benchmark, ""),
        )
        for benchmark in known
    ]


def _change(base: Value | None, head: Value | None, factor: float, mark: str) -> Change:
    if head is not None and head.amount is None:
        return Change.FAILED
    if base is None or head is None or base.amount is None or head.amount is None:
        return Change.ABSENT
    if base.sampled or head.sampled:
        return MARKS.get(mark, Change.SAME)
    if _overlap(base.interval, head.interval):
        return Change.SAME
    if head.amount >= base.amount * factor and head.amount > base.amount:
        return Change.WORSE
    is_less = base.amount >= head.amount * factor and base.amount > head.amount
    return Change.BETTER if is_less else Change.SAME


def _overlap(a: tuple[float, float] | None, b: tuple[float, float] | None) -> bool:
    """Whether two intervals have a value in common; exact figures have none."""
    if a is None or b is None:
        return False
    return a[0] <= b[1] and b[0] <= a[1]
