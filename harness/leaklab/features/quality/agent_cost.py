"""What the agent costs the process it measures, side by side in one run.

Memory is counted without the pages of files. A process that is sampled has more of them resident,
for the agent maps in all there are before the baseline (`agent/leaklab_agent/pages.py`): most are
the interpreter's own code, and how much that is depends on how it was built.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from leaklab.catalogue.folders import Catalogue
from leaklab.model.errors import NotMeasured, one_line
from leaklab.model.job import Job, Limits
from leaklab.model.measurement import EndReason, ProcessRecord
from leaklab.runs.executor import ProcessExecutor, Sampling
from leaklab.sandbox.launch import Command, fixed_environment, supervised
from leaklab.sandbox.scratch import run_folder, session_folder
from leaklab.verdict.intervals import median_interval

POLL_SECONDS = 0.1

# What sampling may cost: the upper end of the interval, and memory in the measured process; and
# what the agent as a whole may take beside a bare interpreter.
MAX_CPU_RATIO = 1.05
MAX_SAMPLING_BYTES = 1 << 20
MAX_AGENT_BYTES = 12 * (1 << 20) // 10

# RSS and its pages of files, of an interpreter that does nothing else, in kB.
OWN_RSS = """
import os
status = os.pread(os.open("/proc/self/status", os.O_RDONLY), 8192, 0)
print(*(status.split(name, 1)[1].split(None, 1)[0].decode() for name in (b"VmRSS:", b"RssFile:")))
"""


@dataclass(frozen=True)
class AgentCost:
    """With sampling against without: the median of `ratios` of CPU time over pairs run in turn,
    with a 95 % interval, and the memory before the first unit.

    added_bytes: what sampling adds, without the pages of files.
    agent_bytes: what the agent takes beside a bare interpreter, without the pages of files;
        agent_rss_bytes: with them.
    """

    label: str
    pairs: int
    bare_cpu_seconds: float
    ratio: float
    low: float
    high: float
    added_bytes: int
    agent_bytes: int
    agent_rss_bytes: int
    ratios: tuple[float, ...] = ()

    @property
    def meets_limits(self) -> bool:
        """Whether the agent is surely as cheap as it is meant to be."""
        is_small = self.added_bytes <= MAX_SAMPLING_BYTES and self.agent_bytes <= MAX_AGENT_BYTES
        return is_small and self.high <= MAX_CPU_RATIO


def measure_agent_cost(
    catalogue: Catalogue,
    jobs: Sequence[Job],
    pairs: int,
    limits: Limits,
    tell: Callable[[str], None],
) -> Iterator[AgentCost]:
    """Run each job so many times with and without sampling, in turn, and compare.

    Raises:
        NotMeasured: a run did not end by itself.
    """
    with ExitStack() as stack:
        with_it, without = (
            stack.enter_context(ProcessExecutor(catalogue, limits, sampling))
            for sampling in (Sampling.ON, Sampling.OFF)
        )
        bare = interpreter_memory(limits)
        for job in jobs:
            found = []
            for number in range(pairs):
                tell(f"{job.label}, pair {number + 1} of {pairs}")
                order = (with_it, without) if number % 2 else (without, with_it)
                by_executor = {executor: _run(executor, job) for executor in order}
                found.append((by_executor[with_it], by_executor[without]))
            yield _summary(job, found, bare)


@dataclass(frozen=True)
class Memory:
    """RSS, and what of it are pages of files."""

    rss_bytes: int
    file_bytes: int

    @property
    def own_bytes(self) -> int:
        """Without the pages of files."""
        return self.rss_bytes - self.file_bytes


def interpreter_memory(limits: Limits) -> Memory:
    """The memory of a bare interpreter, the lab's own, that is started as the agent is: for the
    second time, for the first one compiles what it imports.

    Raises:
        NotMeasured: it did not say.
    """
    with session_folder() as session:
        said = [_said_by_interpreter(session, limits) for _ in range(2)]
    numbers = said[1].split()
    if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
        raise NotMeasured(f"{sys.executable} did not tell its RSS: {one_line(said[1])}")
    return Memory(*(int(number) * 1024 for number in numbers))


def _said_by_interpreter(session: Path, limits: Limits) -> str:
    argv = [sys.executable, "-s", "-c", OWN_RSS]
    cpu = max(os.sched_getaffinity(0))
    with run_folder(session, 0) as folder:
        environment = fixed_environment(folder, session / "bytecode")
        with supervised(Command(argv, environment, folder, session, cpu, limits=limits)) as child:
            while not child.closed:
                child.read_messages(POLL_SECONDS)
            return child.output.read_text(errors="replace")


def _run(executor: ProcessExecutor, job: Job) -> ProcessRecord:
    trace = executor.execute(job, lambda _: None)
    if trace.end_reason is not EndReason.COMPLETED:
        raise NotMeasured(f"{job.label}: {trace.end_reason} {trace.detail}")
    return trace.processes[0]


def _summary(
    job: Job, found: Sequence[tuple[ProcessRecord, ProcessRecord]], bare: Memory
) -> AgentCost:
    cpu = [(a.cpu_seconds or 0.0, b.cpu_seconds or 0.0) for a, b in found]
    ratios = [a / b for a, b in cpu if b]
    low, high = median_interval(ratios)
    added = [_baseline(a).own_bytes - _baseline(b).own_bytes for a, b in found]
    return AgentCost(
        label=job.label,
        pairs=len(found),
        bare_cpu_seconds=float(np.median([b for _, b in cpu])),
        ratio=float(np.median(ratios)),
        low=low,
        high=high,
        added_bytes=_median(added),
        agent_bytes=_median(_baseline(a).own_bytes for a, _ in found) - bare.own_bytes,
        agent_rss_bytes=_median(a.baseline_rss_bytes for a, _ in found) - bare.rss_bytes,
        ratios=tuple(ratios),
    )


def _baseline(process: ProcessRecord) -> Memory:
    return Memory(process.baseline_rss_bytes, process.baseline_file_bytes)


def _median(amounts: Iterable[int]) -> int:
    return int(np.median(list(amounts)))
