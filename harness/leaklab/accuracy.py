"""How often the verdict is right on generated series of known truth."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from leaklab.model import Resource
from leaklab.record import Ended, ProcessRecord, Role, Samples
from leaklab.shapes import SHAPES, Shape, generate
from leaklab.verdict import judge

SAMPLES = (20, 200, 2000)
UNITS = 100_000
CUT_OFF = 0.5


@dataclass(frozen=True)
class Rate:
    """Verdicts on `series` series of one shape; `wrong` leaves the undecided out."""

    shape: str
    leaks: bool | None
    samples: int
    page_rounded: bool
    series: int
    right: int
    wrong: int

    @property
    def undecided(self) -> int:
        """Series on which nothing was decided (for a cut-off run, that is what is right)."""
        return self.series - self.right - self.wrong


def rates(series: int, seed: int) -> Iterator[Rate]:
    """Judge so many series of every shape, rounding and length."""
    for name, shape in SHAPES.items():
        for page_rounded in (False, True):
            for samples in SAMPLES:
                # A generator per cell: adding a shape leaves the others' series as they were.
                rng = np.random.default_rng([seed, samples, page_rounded, *name.encode()])
                found = [
                    _judge_one(shape, samples, rng, page_rounded=page_rounded)
                    for _ in range(series)
                ]
                right = sum(leak is shape.leaks for leak in found)
                wrong = sum(leak is (not shape.leaks) for leak in found)
                if shape.leaks is None:
                    wrong = series - right
                yield Rate(name, shape.leaks, samples, page_rounded, series, right, wrong)


def _judge_one(
    shape: Shape, samples: int, rng: np.random.Generator, *, page_rounded: bool
) -> bool | None:
    units, values = generate(shape, samples, rng, page_rounded=page_rounded)
    process = ProcessRecord(
        pid=1,
        role=Role.PARENT,
        baseline_rss_bytes=0,
        peak_rss_bytes=int(values.max()),
        samples=Samples(units=[round(u) for u in units], heap_bytes=[round(v) for v in values]),
    )
    needed = UNITS if shape.leaks is not None else round(UNITS / CUT_OFF)
    return judge(
        process,
        resource=Resource.MEMORY,
        ended=Ended.COMPLETED,
        units_done=UNITS,
        units_needed=needed,
    ).leak
