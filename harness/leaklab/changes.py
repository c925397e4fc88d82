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


Values = Mapping[Benchmark, float | None]


def compare(
    base: Values, head: Values, factor: float, asv: Mapping[Benchmark, str]
) -> list[Compared]:
    """Compare each figure that either commit has.

    Worse is what is `factor` times as much or more, better what is so much less. A figure that
    failed on the first commit alone is no fault of the second, and cannot be compared.

    Args:
        base: the first commit's figures; None for one that failed, none for what it cannot have.
        head: the second commit's.
        factor: above 1.
        asv: its own marks, where it saw a change.
    """
    known = sorted({*base, *head}, key=lambda b: (b.label, b.metric))
    return [
        Compared(b, base.get(b), head.get(b), _change(b, base, head, factor), asv.get(b, ""))
        for b in known
    ]


def _change(benchmark: Benchmark, base: Values, head: Values, factor: float) -> Change:
    before, after = base.get(benchmark), head.get(benchmark)
    if benchmark in head and after is None:
        return Change.FAILED
    if before is None or after is None:
        return Change.ABSENT
    if after >= before * factor and after > before:
        return Change.WORSE
    return Change.BETTER if before >= after * factor and before > after else Change.SAME
