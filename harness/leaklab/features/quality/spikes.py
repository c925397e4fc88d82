"""A spike of 50 ms between idle parts: how much of it does the peak show that a tool gives?

The truth is VmHWM as the very process reads it that the tool measures. From the error of a tool
that counts allocations that of the same program without the spike is taken off: the interpreter
and whatever else was there before is none of its business.
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
# The file in which the program itself writes its VmHWM at the end, in KiB.
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
    """By how much a tool's figure missed the spike, each time: below zero, it showed too little.
    `trouble` is why there are no figures."""

    tool: str
    trouble: str = ""
    errors_bytes: tuple[int, ...] = ()

    @property
    def median_bytes(self) -> float:
        """The error in the middle."""
        return median(self.errors_bytes)

    @property
    def worst_bytes(self) -> int:
        """The error furthest from none."""
        return max(self.errors_bytes, key=abs)


@contextmanager
def open_spike_runner(seconds: float) -> Iterator[tuple[ToolRunner, Job]]:
    """A session on a catalogue of its own, with the spike's job.

    Raises:
        NotMeasured: its folder cannot be made.
    """
    with session_folder() as root:
        write_catalogue(root)
        catalogue = open_catalogue(root)
        (job,) = plan(catalogue, PlanRequest(["spike"], units=catalogue.load("spike").units))
        with open_tool_runner(catalogue, seconds) as made:
            yield made, job


def write_catalogue(root: Path) -> None:
    """Make the catalogue of the one program."""
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
    stage: ToolRunner, job: Job, repeats: int, tools: Iterable[Tool], tell: Callable[[str], None]
) -> Iterator[SpikeErrors]:
    """Each tool on the spike, so many times; what is missing or fails is a row, too."""
    for tool in tools:
        if remedy := tool.needs.remedy:
            yield SpikeErrors(tool.name, remedy)
            continue
        try:
            flat = _beyond(stage, job, tool, 0) if tool.counts is Counts.ALLOCATED else 0
            errors = []
            for number in range(repeats):
                tell(f"{tool.name}, spike {number + 1} of {repeats}")
                errors.append(_beyond(stage, job, tool, SPIKE_BYTES) - flat)
            yield SpikeErrors(tool.name, errors_bytes=tuple(errors))
        except NotMeasured as error:
            yield SpikeErrors(tool.name, f"failed: {error}")


def _beyond(stage: ToolRunner, job: Job, tool: Tool, size: int) -> int:
    """By how much the tool's figure is above VmHWM, where the spike has this size.

    Raises:
        NotMeasured: the tool gave none.
    """
    job = msgspec.structs.replace(job, options={**job.options, "bytes": size})
    with stage.prepare(job) as order:
        found = tool.measure(stage, order)
    if found.peak_bytes is None:
        raise NotMeasured(f"{tool.name}: it gave no peak")
    truth = int((stage.catalogue.root / HIGH_WATER).read_text()) << 10
    return found.zero_bytes + found.peak_bytes - truth
