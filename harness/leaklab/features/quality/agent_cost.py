"""The cost of the agent for the process that it measures, from alternating runs.

Memory is counted without pages of files. A sampled process has more of these resident, because the
agent maps in all of them before the baseline (`agent/leaklab_agent/pages.py`). Most are the
interpreter's own code, and their number depends on how the interpreter was built.
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

# The limits for sampling: the upper end of the interval of the CPU ratio, and the memory that it
# adds to the measured process. The last one is for the whole agent against a bare interpreter.
MAX_CPU_RATIO = 1.05
MAX_SAMPLING_BYTES = 1 << 20
MAX_AGENT_BYTES = 12 * (1 << 20) // 10

# Prints the RSS of an interpreter that does nothing else, and its pages of files, in KiB.
OWN_RSS = """
import os
status = os.pread(os.open("/proc/self/status", os.O_RDONLY), 8192, 0)
print(*(status.split(name, 1)[1].split(None, 1)[0].decode() for name in (b"VmRSS:", b"RssFile:")))
"""


@dataclass(frozen=True)
class AgentCost:
    """The cost of sampling, and of the whole agent.

    Attributes:
        ratio: The median ratio of CPU time with sampling to that without, over pairs of alternating
            runs; `low` and `high` are its 95 % interval, and `ratios` all values.
        bare_cpu_seconds: The median CPU time without sampling.
        added_bytes: The memory that sampling adds before the first unit, without pages of files.
        agent_bytes: The memory of the agent beside a bare interpreter, without pages of files.
        agent_rss_bytes: The same with pages of files.
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
        """Whether memory and the upper end of the CPU ratio's interval are within the limits."""
        is_small = self.added_bytes <= MAX_SAMPLING_BYTES and self.agent_bytes <= MAX_AGENT_BYTES
        return is_small and self.high <= MAX_CPU_RATIO


def measure_agent_cost(
    catalogue: Catalogue,
    jobs: Sequence[Job],
    pairs: int,
    limits: Limits,
    on_progress: Callable[[str], None],
) -> Iterator[AgentCost]:
    """Run each job alternately with and without sampling, and compare the runs.

    Args:
        catalogue: The scenarios of the jobs.
        jobs: The work.
        pairs: The number of pairs of runs of each job.
        limits: Those of each run.
        on_progress: Is called with a line that names the run under way.

    Raises:
        NotMeasured: A run did not complete.
    """
    with ExitStack() as stack:
        sampled, unsampled = (
            stack.enter_context(ProcessExecutor(catalogue, limits, sampling))
            for sampling in (Sampling.ON, Sampling.OFF)
        )
        bare = interpreter_memory(limits)
        for job in jobs:
            measured = []
            for number in range(pairs):
                on_progress(f"{job.label}, pair {number + 1} of {pairs}")
                order = (sampled, unsampled) if number % 2 else (unsampled, sampled)
                by_executor = {executor: _run(executor, job) for executor in order}
                measured.append((by_executor[sampled], by_executor[unsampled]))
            yield _summary(job, measured, bare)


@dataclass(frozen=True)
class Memory:
    """RSS, and the part of it that is pages of files."""

    rss_bytes: int
    file_bytes: int

    @property
    def own_bytes(self) -> int:
        """The RSS without pages of files."""
        return self.rss_bytes - self.file_bytes


def interpreter_memory(limits: Limits) -> Memory:
    """Measure the memory of a bare interpreter, the lab's own, started as the agent is.

    It is started twice, because the first one compiles its imports. The second one is measured.

    Raises:
        NotMeasured: The interpreter did not print its memory.
    """
    with session_folder() as session:
        _, output = (_interpreter_output(session, limits) for _ in range(2))
    numbers = output.split()
    if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
        problem = f"{sys.executable} did not print its RSS: {one_line(output)}"
        raise NotMeasured(f"{problem}; check the interpreter")
    return Memory(*(int(number) * 1024 for number in numbers))


def _interpreter_output(session: Path, limits: Limits) -> str:
    argv = [sys.executable, "-s", "-c", OWN_RSS]
    cpu = max(os.sched_getaffinity(0))
    with run_folder(session, 0) as folder:
        environment = fixed_environment(folder, session / "bytecode")
        with supervised(Command(argv, environment, folder, session, cpu, limits=limits)) as child:
            while not child.closed:
                child.read_messages(POLL_SECONDS)
            return child.output.text()


def _run(executor: ProcessExecutor, job: Job) -> ProcessRecord:
    measurement = executor.execute(job, lambda _: None)
    if measurement.end_reason is not EndReason.COMPLETED:
        how = f"{job.label}: {measurement.end_reason} {measurement.detail}"
        raise NotMeasured(f"{how}; 'leaklab run {job.scenario.name}' shows more")
    return measurement.processes[0]


def _summary(
    job: Job, measured: Sequence[tuple[ProcessRecord, ProcessRecord]], bare: Memory
) -> AgentCost:
    cpu = [(a.cpu_seconds or 0.0, b.cpu_seconds or 0.0) for a, b in measured]
    ratios = [a / b for a, b in cpu if b]
    low, high = median_interval(ratios)
    added = [_baseline(a).own_bytes - _baseline(b).own_bytes for a, b in measured]
    return AgentCost(
        label=job.label,
        pairs=len(measured),
        bare_cpu_seconds=float(np.median([b for _, b in cpu])),
        ratio=float(np.median(ratios)),
        low=low,
        high=high,
        added_bytes=_median(added),
        agent_bytes=_median(_baseline(a).own_bytes for a, _ in measured) - bare.own_bytes,
        agent_rss_bytes=_median(a.baseline_rss_bytes for a, _ in measured) - bare.rss_bytes,
        ratios=tuple(ratios),
    )


def _baseline(process: ProcessRecord) -> Memory:
    return Memory(process.baseline_rss_bytes, process.baseline_file_bytes)


def _median(amounts: Iterable[int]) -> int:
    return int(np.median(list(amounts)))
