"""The work without a profiler, in a process that stays until it is released."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from leaklab.features.profilers.bare import BareRun, bare_run_of, require_one_process
from leaklab.features.profilers.foreground import in_foreground, terminate, wait_for_end
from leaklab.features.profilers.profile import install_probes
from leaklab.features.profilers.profiler import PROBES
from leaklab.features.tools.registry import last_line
from leaklab.features.tools.tool_job import Probe, ToolJob
from leaklab.features.tools.tool_run import ToolRun, ToolRunner
from leaklab.model.errors import NotMeasured
from leaklab.model.job import Job
from leaklab.sandbox.child import Child

REPORT_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class HeldRun:
    """Work that is done, in a process that stays.

    Attributes:
        run: What the kernel reported of the process.
        ended: A descriptor that becomes readable when the process ends by itself.
    """

    run: BareRun
    ended: int


@contextlib.contextmanager
def hold(runner: ToolRunner, job: Job) -> Iterator[HeldRun]:
    """Do the work, and keep its process until the exit of the context.

    Args:
        runner: Serves the work.
        job: The work.

    Raises:
        BadInput: The workers of a pool would do the work.
        NotMeasured: The work failed.
    """
    require_one_process(job)
    install_probes(runner)
    with runner.prepare(job) as tool_job, (tool_job.folder / "printed").open("wb") as printed:
        argv = [sys.executable, str(tool_job.driver)]
        fds = (printed.fileno(), printed.fileno())
        probe = Probe(f"{PROBES}.with_hold", tool_job.folder)
        with in_foreground(runner, tool_job, argv, fds, probe) as child:
            _wait_for_report(child, tool_job)
            report = tool_job.read_report()
            yield HeldRun(bare_run_of(job, report), child.records.fileno())
            terminate(child)


def _wait_for_report(child: Child, tool_job: ToolJob) -> None:
    """Wait until the work is done.

    Raises:
        NotMeasured: It failed; the message has the last line of its output.
    """
    while not tool_job.report.is_file():
        status = wait_for_end(child, REPORT_POLL_SECONDS)
        if status is not None or child.closed:
            output = (tool_job.folder / "printed").read_text(encoding="utf-8", errors="replace")
            ended = last_line(ToolRun(status or 0, 0.0, output))
            raise NotMeasured(f"{tool_job.job.label}: the work failed; {ended}")
