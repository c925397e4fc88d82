"""Error rates of the verdict on generated series of known truth, and the role of its constants."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from leaklab.features.quality.synthetic import DECLARED, SHAPES, UNITS, Shape, generate
from leaklab.model.measurement import EndReason, ProcessRecord, Role, Stop, StopKind
from leaklab.model.scenario import Resource
from leaklab.model.signals import Reading, Samples
from leaklab.model.verdicts import Conclusion
from leaklab.verdict.growth import DEFAULT_RULE, GrowthRule
from leaklab.verdict.length import RunLength
from leaklab.verdict.process import judge_process

SAMPLES = (20, 200, 2000)
# Alternative values of each constant of the rule, below and above it.
NEIGHBOURS = {
    "chance": (0.05,),
    "steady": (2**-0.375, 2**-0.125),
    "fading": (2**-0.875, 2**-0.625),
    "one_step": (0.35, 0.7),
    "end_pace": (0.25, 0.75),
    "endless_share": (0.05, 0.2),
    "unseen_share": (0.0625, 0.25),
}
# This plateau begins in the second half of a run, in some series too late to be recognised. The
# shape is left out where constants are compared.
BEYOND_REACH = "plateau, late"

# The share of the series of a shape that may be judged wrongly, with exceptions by shape.
MAX_WRONG_SHARE = 0.01
MAX_WRONG_SHARES = {
    # A leak that rises by less than the program's own variation may be called clean. The reason of
    # that verdict names the growth that it does not exclude.
    "line in churn": 0.4,
    "steps at random": 0.06,
    # The series is a line until the plateau begins, so it may be called a leak.
    BEYOND_REACH: 0.2,
}
# A shape fails where chance alone, at the share that is allowed, would give as many wrong verdicts
# with less than this probability.
CHANCE = 0.001


@dataclass(frozen=True)
class Cell:
    """A shape with a number of samples, read exactly or in whole pages."""

    shape: str
    samples: int
    page_rounded: bool

    @property
    def truth(self) -> Shape:
        """The shape, with its law and whether it leaks."""
        return SHAPES[self.shape]


@dataclass(frozen=True)
class Rate:
    """The numbers of right and wrong verdicts on the series of a cell, without undecided ones."""

    cell: Cell
    series: int
    right: int
    wrong: int

    @property
    def meets_limits(self) -> bool:
        """Whether the wrong verdicts are within the limit of the shape (binomial test)."""
        from scipy.stats import binom  # noqa: PLC0415  (heavy)

        limit = MAX_WRONG_SHARES.get(self.cell.shape, MAX_WRONG_SHARE)
        return bool(self.wrong <= binom.ppf(1 - CHANCE, self.series, limit))

    @property
    def undecided(self) -> int:
        """The number of series with an undecided verdict."""
        return self.series - self.right - self.wrong


@dataclass(frozen=True)
class Sensitivity:
    """The results of all cells together with one constant of the rule changed, as shares."""

    constant: str
    value: float
    right: float
    wrong: float
    undecided: float
    series: int


def error_rates(
    series: int, seed: int, lengths: Sequence[int] = SAMPLES, rule: GrowthRule = DEFAULT_RULE
) -> Iterator[Rate]:
    """Judge a number of series of every shape, rounding and length.

    Args:
        series: The number of series in each cell.
        seed: Of the random generator.
        lengths: The lengths of the series, in samples.
        rule: The rule of the verdict.
    """
    for shape in SHAPES:
        for page_rounded in (False, True):
            for samples in lengths:
                yield _rate(Cell(shape, samples, page_rounded), series, seed, rule)


def constant_sensitivities(series: int, seed: int) -> Iterator[Sensitivity]:
    """Judge with the default rule, then with each constant changed, one at a time.

    All of them judge the same series, so that they can be compared.
    """
    yield _sensitivity("unchanged", 0.0, DEFAULT_RULE, series, seed)
    for constant, values in NEIGHBOURS.items():
        for value in values:
            changed = replace(DEFAULT_RULE, **{constant: value})
            yield _sensitivity(constant, value, changed, series, seed)


def _sensitivity(
    constant: str, value: float, rule: GrowthRule, series: int, seed: int
) -> Sensitivity:
    rates = [r for r in error_rates(series, seed, rule=rule) if r.cell.shape != BEYOND_REACH]
    total = sum(r.series for r in rates)
    right, wrong = (sum(getattr(r, name) for r in rates) / total for name in ("right", "wrong"))
    return Sensitivity(constant, value, right, wrong, 1 - right - wrong, total)


def _rate(cell: Cell, series: int, seed: int, rule: GrowthRule) -> Rate:
    # A generator for each cell, so that a new shape does not change the series of the others.
    rng = np.random.default_rng([seed, cell.samples, cell.page_rounded, *cell.shape.encode()])
    conclusions = [_judge_one(cell, rng, rule) for _ in range(series)]
    right = conclusions.count(Conclusion.of(leaks=cell.truth.leaks))
    wrong = conclusions.count(Conclusion.of(leaks=not cell.truth.leaks))
    return Rate(cell, series, right, wrong)


def _judge_one(cell: Cell, rng: np.random.Generator, rule: GrowthRule) -> Conclusion:
    series = generate(cell.truth, cell.samples, rng, page_rounded=cell.page_rounded)
    stops = zip(series.kept_units, series.kept_bytes, strict=True)
    process = ProcessRecord(
        pid=1,
        role=Role.PARENT,
        units_done=UNITS,
        baseline_rss_bytes=0,
        peak_rss_bytes=int(series.values.max()),
        samples=Samples(
            units=[round(u) for u in series.units], heap_bytes=[round(v) for v in series.values]
        ),
        stops=[_collected(units, heap_bytes) for units, heap_bytes in stops],
    )
    work = RunLength(end_reason=EndReason.COMPLETED, done=UNITS, needed=DECLARED)
    return judge_process(process, Resource.MEMORY, work, rule).conclusion


def _collected(units: int, heap_bytes: int) -> Stop:
    return Stop(
        units=units,
        how=StopKind.COLLECTED,
        peak_rss_bytes=0,
        reading=Reading(heap_bytes=heap_bytes),
    )
