"""leaklab as a tool among the others: its command, and what it printed as JSON."""

from typing import Literal

import msgspec

from leaklab.features.tools.peaks import PYTHON, ToolFigures
from leaklab.features.tools.tool_run import ToolJob, ToolRun
from leaklab.model.verdicts import Conclusion


def lab_command(order: ToolJob) -> list[str]:
    """`leaklab run` on the order's work, all of it."""
    return [*lab_default_command(order), "--units", str(order.job.units)]


def lab_default_command(order: ToolJob) -> list[str]:
    """`leaklab run` as people type it: it decides itself how many units it does."""
    job = order.job
    what = ["--variant", str(job.variant), "--seed", str(job.seed)]
    where = ["--results", str(order.folder / "results"), "--catalogue", str(order.root)]
    changes = [f"-o{name}={value}" for name, value in job.options.items() if value != ""]
    command = [PYTHON, "-m", "leaklab", "run", job.scenario.name, "--json"]
    return [*command, *what, *where, *changes]


class LabProcess(msgspec.Struct):
    """Of a process in leaklab's JSON, what is compared."""

    cpu_seconds: float | None


class LabVerdict(msgspec.Struct):
    """Of a verdict."""

    conclusion: Conclusion


class LabResult(msgspec.Struct):
    """Of a result."""

    end_reason: Literal["completed"]
    units_done: int
    verdict: LabVerdict
    peak_rss_bytes: int
    baseline_rss_bytes: int
    processes: list[LabProcess]


def lab_result(ran: ToolRun) -> LabResult:
    """The one result that leaklab printed; what failed may be said on the lines above.

    Raises:
        msgspec.MsgspecError, IndexError: there is none.
    """
    text = ran.said[ran.said.index("[") :]
    return msgspec.json.decode(text, type=list[LabResult])[0]


def lab_read(order: ToolJob, ran: ToolRun) -> ToolFigures:
    """leaklab's figures; its peak counts from the baseline."""
    del order
    result = lab_result(ran)
    return ToolFigures(
        units=result.units_done,
        cpu_seconds=ran.cpu_seconds,
        work_cpu_seconds=result.processes[0].cpu_seconds,
        high_water_bytes=None,
        peak_bytes=result.peak_rss_bytes,
        zero_bytes=result.baseline_rss_bytes,
    )
