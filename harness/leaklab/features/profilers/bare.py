"""The work without a profiler, and what the kernel reports of its process."""

import sys
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from leaklab.features.profilers.profile import run_bare
from leaklab.features.tools.tool_run import ToolRunner
from leaklab.model.errors import BadInput
from leaklab.model.job import Job


class BareRun(Struct, frozen=True, kw_only=True):
    """The outcome of a run without a profiler.

    Attributes:
        scenario: The scenario.
        variant: The program of the scenario.
        pid: The process that did the work.
        units: The units of work.
        first_rss_bytes: Its VmRSS before them.
        halfway_rss_bytes: The same after half of them.
        rss_bytes: The same after all of them.
        high_water_bytes: Its VmHWM then.
    """

    scenario: str
    variant: str
    pid: int
    units: int
    first_rss_bytes: int
    halfway_rss_bytes: int
    rss_bytes: int
    high_water_bytes: int


def run_without_profiler(runner: ToolRunner, job: Job) -> BareRun:
    """Do the work, and return what the kernel reported of the process.

    Raises:
        BadInput: The workers of a pool would do the work.
        NotMeasured: The work failed.
    """
    require_one_process(job)
    return bare_run_of(job, run_bare(runner, job, sys.executable).report)


def require_one_process(job: Job) -> None:
    """Check that one process does the work.

    Raises:
        BadInput: The workers of a pool would do it.
    """
    if job.mode.is_pool:
        needed = "without a profiler, the work is done in one process"
        raise BadInput(f"{needed}; omit --mode {job.mode}, or give --with TOOL or -- TOOL")


def bare_run_of(job: Job, report: Mapping[str, Any]) -> BareRun:
    """Return the outcome of a job by the report of the driver."""
    names = (name for name in BareRun.__struct_fields__ if name in report)
    known = {name: report[name] for name in names}
    return BareRun(scenario=job.scenario.name, variant=str(job.variant), **known)
