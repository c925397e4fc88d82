"""What was concluded: of one signal an estimate, of a process or a run a verdict."""

from msgspec import Struct

from leaklab.model.scenario import Growth, Resource
from leaklab.model.signals import Signal


class Estimate(Struct, frozen=True, kw_only=True):
    """One signal judged: its own verdict and its growth per unit with a 95 % interval.

    `settled` is false of an acquittal that more work might overthrow: a step was seen, and whether
    others follow is not known.
    """

    signal: Signal
    leak: bool | None
    growth: Growth | None
    per_unit: float
    low: float
    high: float
    reason: str
    settled: bool = True


class Verdict(Struct, frozen=True, kw_only=True):
    """`leak` is None where undecided. Amounts are of `resource`, in bytes or in pieces."""

    leak: bool | None
    growth: Growth | None
    resource: Resource
    per_unit: float | None = None
    low: float | None = None
    high: float | None = None
    reasons: list[str] = []
    estimates: list[Estimate] = []
    others: dict[Resource, bool | None] = {}

    @property
    def word(self) -> str:
        """`leak`, `clean` or `undecided`."""
        return {True: "leak", False: "clean", None: "undecided"}[self.leak]
