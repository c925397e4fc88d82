"""The error of each tool's peak on a spike of 50 ms between idle parts.

The truth is the VmHWM that the measured process reads of itself. For a tool that counts
allocations, the error on the same program without the spike is subtracted, because such a tool does
not count the interpreter and other memory from before its start.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import msgspec

from leaklab.catalogue.folders import open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.features.tools.registry import Counts, Tool
from leaklab.features.tools.tool_run import ToolRunner, open_tool_runner
from leaklab.model.errors import NotMeasured
from leaklab.model.job import Job
from leaklab.sandbox.scratch import session_folder

SPIKE_BYTES = 300_000_000
HELD_SECONDS = 0.05
# The file to which the program writes its VmHWM at the end, in KiB.
HIGH_WATER = "high_water"

SCENARIO = f"""
schema   = 1
title    = "A spike"
summary  = "Memory that is held for a moment only."
pattern  = "none"
resource = "memory"
unit     = "step"
units    = 64
modes    = ["inline"]
level    = 1
hints    = ["", "", "", ""]
sources  = []
[options]
bytes    = {SPIKE_BYTES}
seconds  = {HELD_SECONDS}
[program]
growth   = "none"
"""

PROGRAM = """
import time
import zlib

BLOCK = bytes(8 << 20)

def idle():
    # Busy, and allocates nothing: neither a tracer nor a tracker of allocations makes it longer.
    return zlib.crc32(BLOCK)

def spike(size, seconds):
    held = b"x" * size
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        idle()
    return len(held)
"""

WORKLOAD = """
def workload(program, lab):
    while True:
        for number in range(lab.units):
            program.idle()
            if number == lab.units // 2:
                program.spike(int(lab.options["bytes"]), lab.options["seconds"])
            if number == lab.units - 1:
                status = open("/proc/self/status").read()
                open(FILE, "w").write(status.partition("VmHWM:")[2].split()[0])
            yield
"""


@dataclass(frozen=True)
class SpikeErrors:
    """The errors of a tool's peak on the spike, one for each repeat.

    An error below zero is a peak that is too small. `trouble` is the reason why there are no
    figures; empty if there are.
    """

    tool: str
    trouble: str = ""
    errors_bytes: tuple[int, ...] = ()

    @property
    def median_bytes(self) -> float:
        """The median error."""
        return median(self.errors_bytes)

    @property
    def worst_bytes(self) -> int:
        """The error furthest from zero."""
        return max(self.errors_bytes, key=abs)


@contextmanager
def open_spike_runner(seconds: float) -> Iterator[tuple[ToolRunner, Job]]:
    """Open a runner of tools on a catalogue with the spike's program, and its job.

    Raises:
        NotMeasured: The runner's folder cannot be made.
    """
    with session_folder() as root:
        write_catalogue(root)
        catalogue = open_catalogue(root)
        (job,) = plan(catalogue, PlanRequest(["spike"], units=catalogue.load("spike").units))
        with open_tool_runner(catalogue, seconds) as runner:
            yield runner, job


def write_catalogue(root: Path) -> None:
    """Write a catalogue with the spike's program into the folder `root`."""
    folder = root / "scenarios" / "spike"
    folder.mkdir(parents=True)
    (root / "scenarios" / "__init__.py").touch()
    for name, text in (
        ("scenario.toml", SCENARIO),
        ("program.py", PROGRAM),
        ("workload.py", WORKLOAD.replace("FILE", repr(str(root / HIGH_WATER)))),
    ):
        (folder / name).write_text(text, encoding="utf-8")


def measure_spikes(
    runner: ToolRunner,
    job: Job,
    repeats: int,
    tools: Iterable[Tool],
    on_progress: Callable[[str], None],
) -> Iterator[SpikeErrors]:
    """Measure the spike with each tool `repeats` times.

    A tool that is not installed or fails gets a row with the reason.
    """
    for tool in tools:
        if remedy := tool.needs.remedy:
            yield SpikeErrors(tool.name, remedy)
            continue
        try:
            baseline = _beyond(runner, job, tool, 0) if tool.counts is Counts.ALLOCATED else 0
            errors = []
            for number in range(repeats):
                on_progress(f"{tool.name}, spike {number + 1} of {repeats}")
                errors.append(_beyond(runner, job, tool, SPIKE_BYTES) - baseline)
            yield SpikeErrors(tool.name, errors_bytes=tuple(errors))
        except NotMeasured as error:
            yield SpikeErrors(tool.name, f"failed: {error}")


def _beyond(runner: ToolRunner, job: Job, tool: Tool, size: int) -> int:
    """Return by how many bytes the tool's peak exceeds VmHWM for a spike of `size` bytes.

    Raises:
        NotMeasured: The tool failed or gave no peak.
    """
    job = msgspec.structs.replace(job, options={**job.options, "bytes": size})
    with runner.prepare(job) as tool_job:
        figures = tool.measure(runner, tool_job)
    if figures.peak_bytes is None:
        raise NotMeasured(f"{tool.name} gave no peak; leave it out with --tool")
    truth = int((runner.catalogue.root / HIGH_WATER).read_text()) << 10
    return figures.zero_bytes + figures.peak_bytes - truth
