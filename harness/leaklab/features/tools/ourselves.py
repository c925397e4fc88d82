"""leaklab as one of the compared tools: its command, and its JSON output."""

from typing import Literal

import msgspec

from leaklab.features.tools.peaks import PYTHON, ToolFigures
from leaklab.features.tools.tool_job import ToolJob
from leaklab.features.tools.tool_run import ToolRun
from leaklab.model.verdicts import Conclusion


def lab_command(tool_job: ToolJob) -> list[str]:
    """Return the command of `leaklab run` on all units of the job."""
    return [*lab_default_command(tool_job), "--units", str(tool_job.job.units)]


def lab_default_command(tool_job: ToolJob) -> list[str]:
    """Return the command of `leaklab run` as users type it; leaklab decides the number of units."""
    job = tool_job.job
    what = ["--variant", str(job.variant), "--seed", str(job.seed)]
    where = ["--results", str(tool_job.folder / "results"), "--catalogue", str(tool_job.root)]
    changes = [f"-o{name}={value}" for name, value in job.options.items() if value != ""]
    command = [PYTHON, "-m", "leaklab", "run", job.scenario.name, "--json"]
    return [*command, *what, *where, *changes]


class LabProcess(msgspec.Struct):
    """The compared fields of a process in leaklab's JSON."""

    cpu_seconds: float | None


class LabVerdict(msgspec.Struct):
    """The compared fields of a verdict."""

    conclusion: Conclusion


class LabResult(msgspec.Struct):
    """The compared fields of a result."""

    end_reason: Literal["completed"]
    units_done: int
    verdict: LabVerdict
    peak_rss_bytes: int
    baseline_rss_bytes: int
    processes: list[LabProcess]


def lab_result(tool_run: ToolRun) -> LabResult:
    """Parse the one result that leaklab printed, below its messages if there are any.

    Raises:
        msgspec.MsgspecError, ValueError, IndexError: The output has no completed result.
    """
    text = tool_run.output[tool_run.output.index("[") :]
    return msgspec.json.decode(text, type=list[LabResult])[0]


def lab_read(tool_job: ToolJob, tool_run: ToolRun) -> ToolFigures:
    """Return leaklab's figures; its peak counts from the baseline."""
    del tool_job
    result = lab_result(tool_run)
    return ToolFigures(
        units=result.units_done,
        cpu_seconds=tool_run.cpu_seconds,
        work_cpu_seconds=result.processes[0].cpu_seconds,
        high_water_bytes=None,
        peak_bytes=result.peak_rss_bytes,
        zero_bytes=result.baseline_rss_bytes,
    )
