"""The job of a tool: what the driver is to do, and the environment in which a tool does it."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from leaklab.model.job import Job

DRIVER = "leaklab_driver"


@dataclass(frozen=True)
class ToolJob:
    """One run to make under a tool.

    `job` is the work, `root` the folder of its catalogue, `driver` the copy of the driver, and
    `folder` the folder of this run.
    """

    job: Job
    root: Path
    driver: Path
    folder: Path

    @property
    def report(self) -> Path:
        """The file that the driver writes at the end of its work."""
        return self.folder / "report"

    def read_report(self) -> dict[str, Any]:
        """Return the driver's report, empty if it wrote none."""
        try:
            text = self.report.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        report: dict[str, Any] = json.loads(text)
        return report


@dataclass(frozen=True)
class Probe:
    """A module that the driver imports to profile from within, and the folder for its files."""

    module: str
    output: Path


def job_fields(
    tool_job: ToolJob, roots: Sequence[Path], addresses: Mapping[str, str]
) -> dict[str, object]:
    """Return a job as the driver reads it (`driver.py` describes the fields)."""
    job = tool_job.job
    target = job.scenario.target
    return {
        "roots": [str(root) for root in roots],
        "scenario": job.scenario.name,
        "variant": str(job.variant),
        "mode": str(job.mode),
        "workers": job.workers,
        "seed": job.seed,
        "units": job.units,
        "options": dict(job.options),
        "services": dict(addresses),
        "scratch": str(tool_job.folder / "scratch"),
        "target": target and to_builtins(target),
        "report": str(tool_job.report),
    }


def environment_of(tool_job: ToolJob) -> dict[str, str]:
    """Return the environment of a tool: that of the caller with changes that make runs alike.

    No bytecode is written, so that no run uses what another one compiled. Variables of pytest are
    removed, because they are not meant for the tests that are run here.
    """
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST")}
    return {
        **inherited,
        "LEAKLAB_TOOL_JOB": str(tool_job.folder / "job"),
        "PYTHONPATH": str(tool_job.driver.parent),
        "PYTHONHASHSEED": "0",
        # Some tools leave temporary files; the folder is removed with the run.
        "TMPDIR": str(tool_job.folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_PROXY": "127.0.0.1",
    }
