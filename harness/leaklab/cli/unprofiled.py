"""What `leaklab profile` does without `--with`: the work bare, held, or under a user's own tool."""

import os
import select
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from leaklab.cli import streams
from leaklab.features.profilers.bare import BareRun, run_without_profiler
from leaklab.features.profilers.foreground import run_tool
from leaklab.features.profilers.hold import hold
from leaklab.features.tools.tool_run import ToolRunner
from leaklab.model.errors import BadInput, Exit
from leaklab.model.job import Job
from leaklab.reports.bare_run import bare_run_text

MAX_INPUT_BYTES = 4096


@dataclass(frozen=True)
class UnprofiledRequest:
    """How to do work without a profiler of leaklab's.

    Attributes:
        profilers: The profilers that were given all the same; a mistake beside the others.
        tool: The user's own tool and its arguments; empty for none.
        holds: Whether the process stays until Enter is pressed.
        as_json: Whether to write JSON.
    """

    profilers: Sequence[str]
    tool: Sequence[str]
    holds: bool
    as_json: bool

    def require_one_way(self) -> None:
        """Check that the work is done in one way only.

        Raises:
            BadInput: Two ways were given, or --json for a tool that prints itself.
        """
        if sum(map(bool, (self.profilers, self.tool, self.holds))) > 1:
            raise BadInput("give one of --with, --hold and -- TOOL: each is a run of its own")
        if self.tool and self.as_json:
            raise BadInput("-- TOOL prints its own output; omit --json")


def run_unprofiled(runner: ToolRunner, job: Job, request: UnprofiledRequest) -> int:
    """Do the work, and return the exit code.

    Raises:
        LabError: The work cannot be done.
        KeyboardInterrupt: Ctrl-C ended it.
    """
    if request.tool:
        return run_tool(runner, job, request.tool)
    if not request.holds:
        _show(run_without_profiler(runner, job), request)
        return Exit.AS_EXPECTED
    with hold(runner, job) as held:
        _show(held.run, request)
        streams.write_stderr(
            f"pid {held.run.pid} keeps its memory and files open: press Enter to end it\n"
        )
        _wait_for_enter(held.ended)
    return Exit.AS_EXPECTED


def _show(run: BareRun, request: UnprofiledRequest) -> None:
    text = msgspec.json.encode(run).decode() + "\n" if request.as_json else bare_run_text(run)
    sys.stdout.write(text)
    streams.flush()


def _wait_for_enter(ended: int) -> None:
    """Wait for a line of standard input, for its end, or for the end of the process."""
    if 0 in select.select([0, ended], [], [])[0]:
        os.read(0, MAX_INPUT_BYTES)
