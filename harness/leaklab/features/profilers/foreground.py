"""Commands that do the work beside leaklab's own terminal, and none of which outlives leaklab.

The runner of tools keeps a command's output and limits it. A user's own tool prints as it runs, and
its user decides when it ends.
"""

import contextlib
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence

from leaklab.features.tools.tool_job import Probe, ToolJob
from leaklab.features.tools.tool_run import ToolRunner
from leaklab.model.errors import NotMeasured
from leaklab.model.job import Job
from leaklab.model.text import cut
from leaklab.sandbox.child import Child
from leaklab.sandbox.launch import Command, Unmodified, describe_exit, supervised
from leaklab.sandbox.programs import current_folder, find_program, require_executed
from leaklab.sandbox.protocol import Exited

END_POLL_SECONDS = 1.0
# A tool may write its file after Ctrl-C.
TOOL_GRACE_SECONDS = 5.0
# A shell adds this to the number of the signal that killed a command.
SIGNALLED = 128
# In a tool's arguments: the interpreter, and the program that does the work.
PYTHON_PLACE, PROGRAM_PLACE = "{python}", "{program}"


@contextlib.contextmanager
def in_foreground(
    runner: ToolRunner,
    tool_job: ToolJob,
    argv: Sequence[str],
    output_fds: tuple[int, int],
    probe: Probe | None = None,
) -> Iterator[Child]:
    """Start a command in the current folder, with the services of its work and without input.

    On exit, all of its processes that are left are killed.

    Args:
        runner: Serves the work.
        tool_job: The work.
        argv: The program and its arguments.
        output_fds: The descriptors for its standard output and standard error.
        probe: The module that the driver imports, and the folder for its files.

    Raises:
        BadInput: The command cannot be started.
        NotMeasured: A service does not start, or no process can be started.
    """
    unmodified = Unmodified(find_program(argv[0]), current_folder(), output_fds)
    folder = tool_job.folder / "command"
    folder.mkdir()
    with runner.serving(tool_job, probe=probe) as environment:
        command = Command(argv, environment, folder, runner.folder, unmodified=unmodified)
        with supervised(command) as child:
            yield child


def run_tool(runner: ToolRunner, job: Job, argv: Sequence[str]) -> int:
    """Do the work under a tool of the user, and return the tool's exit code as a shell does.

    Args:
        runner: Serves the work.
        job: The work.
        argv: The tool and its arguments, in which `{python}` is the interpreter, and `{program}`
            the program that does the work. Both are appended if neither is there.

    Raises:
        BadInput: The tool cannot be started.
        NotMeasured: A service does not start, or no process can be started.
        KeyboardInterrupt: It was interrupted; the tool had some seconds to end.
    """
    with runner.prepare(job) as tool_job, _own_output() as fds:
        command = tool_command(argv, sys.executable, str(tool_job.driver))
        with in_foreground(runner, tool_job, command, fds) as child:
            try:
                status = wait_for_end(child)
            except KeyboardInterrupt:
                terminate(child)
                raise
            require_executed(cut(argv[0]), child)
    if status is None:
        raise NotMeasured(f"{cut(argv[0])!r}: {describe_exit(None)}")
    return SIGNALLED - status if status < 0 else status


def tool_command(argv: Sequence[str], python: str, program: str) -> list[str]:
    """Return a tool's command line with the interpreter and the program in their places."""
    if not any(PYTHON_PLACE in word or PROGRAM_PLACE in word for word in argv):
        return [*argv, python, program]
    places = {PYTHON_PLACE: python, PROGRAM_PLACE: program}
    return [re.sub("|".join(places), lambda place: places[place[0]], word) for word in argv]


def wait_for_end(child: Child, seconds: float = float("inf")) -> int | None:
    """Wait for the end of a command at most this long.

    Returns:
        Its exit code, or a signal as a negative number; None if it still runs, or its supervisor
        was killed.
    """
    give_up = time.monotonic() + seconds
    while not child.closed and (left := give_up - time.monotonic()) > 0:
        for message in child.read_messages(min(left, END_POLL_SECONDS)):
            if isinstance(message, Exited) and message.status is not None:
                return os.waitstatus_to_exitcode(message.status)
    return None


def terminate(child: Child) -> None:
    """Send SIGTERM to a command, and give it some seconds to end."""
    child.terminate()
    wait_for_end(child, TOOL_GRACE_SECONDS)


@contextlib.contextmanager
def _own_output() -> Iterator[tuple[int, int]]:
    """Yield copies of the descriptors of standard output and standard error."""
    output, errors = os.dup(1), os.dup(2)
    try:
        yield output, errors
    finally:
        os.close(output)
        os.close(errors)
