"""What the lab's own sampling costs the process it measures, side by side in one run."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from leaklab.catalogue.folders import Catalogue
from leaklab.model.errors import NotMeasured
from leaklab.model.job import Job, Limits
from leaklab.model.measurement import Ended, ProcessRecord
from leaklab.runs.executor import ProcessExecutor, Sampling

# What sampling may cost: the upper end of the interval, and memory in the measured process.
MOST_RATIO = 1.05
MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Overhead:
    """With sampling against without: the median of `ratios` of CPU time over pairs run in turn,
    with a 95 % interval, and the memory that sampling adds before the first unit."""

    label: str
    pairs: int
    bare_cpu_seconds: float
    ratio: float
    low: float
    high: float
    added_bytes: int
    ratios: tuple[float, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether sampling is surely as cheap as it is meant to be."""
        return self.high <= MOST_RATIO and self.added_bytes <= MOST_BYTES


def measure(
    catalogue: Catalogue,
    jobs: Sequence[Job],
    pairs: int,
    limits: Limits,
    tell: Callable[[str], None],
) -> Iterator[Overhead]:
    """Run each job so many times with and without sampling, in turn, and compare.

    Raises:
        NotMeasured: a run did not end by itself.
    """
    with ExitStack() as stack:
        with_it, without = (
            stack.enter_context(ProcessExecutor(catalogue, limits, sampling))
            for sampling in (Sampling.ON, Sampling.OFF)
        )
        for job in jobs:
            found = []
            for number in range(pairs):
                tell(f"{job.label}, pair {number + 1} of {pairs}")
                order = (with_it, without) if number % 2 else (without, with_it)
                by_executor = {executor: _run(executor, job) for executor in order}
                found.append((by_executor[with_it], by_executor[without]))
            yield _summary(job, found)


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """A 95 % interval of the median from order statistics; it assumes no distribution.

    With n values, the k-th smallest and k-th largest enclose the median with probability
    1 - 2 P(Binomial(n, 1/2) < k); k is the largest for which that is at least 95 %.
    Source: Conover, Practical Nonparametric Statistics, 3.2.
    """
    from scipy.stats import binom  # noqa: PLC0415  (0.8 s to import)

    ordered = sorted(values)
    k = max(int(binom.ppf(0.025, len(ordered), 0.5)), 1)
    return ordered[k - 1], ordered[-k]


def _run(executor: ProcessExecutor, job: Job) -> ProcessRecord:
    trace = executor.execute(job, lambda _: None)
    if trace.ended is not Ended.COMPLETED:
        raise NotMeasured(f"{job.label}: {trace.ended} {trace.detail}")
    return trace.processes[0]


def _summary(job: Job, found: Sequence[tuple[ProcessRecord, ProcessRecord]]) -> Overhead:
    cpu = [(a.cpu_seconds or 0.0, b.cpu_seconds or 0.0) for a, b in found]
    ratios = [a / b for a, b in cpu if b]
    low, high = median_interval(ratios)
    added = [a.baseline_rss_bytes - b.baseline_rss_bytes for a, b in found]
    return Overhead(
        label=job.label,
        pairs=len(found),
        bare_cpu_seconds=float(np.median([b for _, b in cpu])),
        ratio=float(np.median(ratios)),
        low=low,
        high=high,
        added_bytes=int(np.median(added)),
        ratios=tuple(ratios),
    )
