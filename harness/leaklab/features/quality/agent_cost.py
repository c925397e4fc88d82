"""What the agent costs the process it measures, side by side in one run."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from leaklab.catalogue.folders import Catalogue
from leaklab.model.errors import NotMeasured, one_line
from leaklab.model.job import Job, Limits
from leaklab.model.measurement import Ended, ProcessRecord
from leaklab.runs.executor import ProcessExecutor, Sampling
from leaklab.sandbox.launch import Command, fixed_environment, supervised
from leaklab.sandbox.scratch import run_folder, session_folder
from leaklab.verdict.intervals import median_interval

LOOK_SECONDS = 0.1

# What sampling may cost: the upper end of the interval, and memory in the measured process; and how
# far the agent, sampling included, may be above a bare interpreter.
MAX_RATIO = 1.05
MAX_BYTES = 1 << 20
MAX_AGENT_BYTES = 12 * (1 << 20) // 10

# The RSS of an interpreter that does nothing else, in kB.
OWN_RSS = """
import os
status = os.pread(os.open("/proc/self/status", os.O_RDONLY), 8192, 0)
print(int(status.split(b"VmRSS:", 1)[1].split(None, 1)[0]))
"""


@dataclass(frozen=True)
class Overhead:
    """With sampling against without: the median of `ratios` of CPU time over pairs run in turn,
    with a 95 % interval, the memory that sampling adds before the first unit, and by how much the
    baseline RSS with it is above the RSS of a bare interpreter."""

    label: str
    pairs: int
    bare_cpu_seconds: float
    ratio: float
    low: float
    high: float
    added_bytes: int
    agent_bytes: int
    ratios: tuple[float, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the agent is surely as cheap as it is meant to be."""
        is_small = self.added_bytes <= MAX_BYTES and self.agent_bytes <= MAX_AGENT_BYTES
        return is_small and self.high <= MAX_RATIO


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
        interpreter_bytes = interpreter_rss_bytes(limits)
        for job in jobs:
            found = []
            for number in range(pairs):
                tell(f"{job.label}, pair {number + 1} of {pairs}")
                order = (with_it, without) if number % 2 else (without, with_it)
                by_executor = {executor: _run(executor, job) for executor in order}
                found.append((by_executor[with_it], by_executor[without]))
            yield _summary(job, found, interpreter_bytes)


def interpreter_rss_bytes(limits: Limits) -> int:
    """The RSS of a bare interpreter, the lab's own, that is started as the agent is: for the second
    time, for the first one compiles what it imports.

    Raises:
        NotMeasured: it did not say.
    """
    with session_folder() as session:
        said = [_said_by_interpreter(session, limits) for _ in range(2)]
    if not said[1].strip().isdecimal():
        raise NotMeasured(f"{sys.executable} did not tell its RSS: {one_line(said[1])}")
    return int(said[1]) * 1024


def _said_by_interpreter(session: Path, limits: Limits) -> str:
    argv = [sys.executable, "-s", "-c", OWN_RSS]
    cpu = max(os.sched_getaffinity(0))
    with run_folder(session, 0) as folder:
        environment = fixed_environment(folder, session / "bytecode")
        with supervised(Command(argv, environment, folder, session, cpu, limits=limits)) as child:
            while not child.closed:
                child.read_messages(LOOK_SECONDS)
            return child.output.read_text(errors="replace")


def _run(executor: ProcessExecutor, job: Job) -> ProcessRecord:
    trace = executor.execute(job, lambda _: None)
    if trace.ended is not Ended.COMPLETED:
        raise NotMeasured(f"{job.label}: {trace.ended} {trace.detail}")
    return trace.processes[0]


def _summary(
    job: Job, found: Sequence[tuple[ProcessRecord, ProcessRecord]], interpreter_bytes: int
) -> Overhead:
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
        agent_bytes=int(np.median([a.baseline_rss_bytes for a, _ in found])) - interpreter_bytes,
        ratios=tuple(ratios),
    )
