"""What the agent and its supervisor tell the harness, checked as it is read.

They write dict literals (see `agent.py`); anything on the pipe that is not exactly one of these
was written by somebody else, and is not heard.
"""

import ast

import msgspec
from msgspec import Struct

from leaklab.model.signals import Reading


class Controlled(Struct, frozen=True, tag_field="kind", tag="controls"):
    """From the supervisor, before the child starts: what was done to make the run repeatable."""

    aslr_off: bool = False
    huge_pages_off: bool = False
    own_shared_memory: bool = False
    confined: bool = False
    refused: list[str] = []


class Baseline(Struct, frozen=True, tag_field="kind", tag="baseline"):
    """Of a process, before it imports the program; `process` is 0 for the agent, else a worker's
    number."""

    process: int
    pid: int
    rss_bytes: int
    high_water_reset: bool
    at_start: Reading | None = None


class Reached(Struct, frozen=True, tag_field="kind", tag="reached"):
    """From the agent, which waits: so many units are done in all, and is it to go on?"""

    units: int


class Finished(Struct, frozen=True, tag_field="kind", tag="finished"):
    """Of a process, after its last unit (or a contract that holds, which has no figures)."""

    process: int = 0
    units: int = 0
    pin_kept: bool = True
    cpu_seconds: float | None = None
    peak_rss_bytes: int | None = None
    collector_on: bool = True
    at_end: Reading | None = None
    after_collect: Reading | None = None
    after_trim: Reading | None = None


class Failed(Struct, frozen=True, tag_field="kind", tag="failed"):
    """Of a process: the program raised, or its workload ended early (`args`: done, asked)."""

    process: int
    error: str
    message: str
    where: tuple[str, int | None] | None
    args: tuple[int, ...]
    traceback: str
    limit: str | None = None


class Died(Struct, frozen=True, tag_field="kind", tag="died"):
    """From the agent: a worker of its pool is gone; `exitcode` is negative for a signal."""

    process: int
    exitcode: int


class Exited(Struct, frozen=True, tag_field="kind", tag="exit"):
    """From the supervisor, after everything is gone; `status` is None where it was told to stop."""

    status: int | None


Message = Controlled | Baseline | Reached | Finished | Failed | Died | Exited


def parse(line: bytes) -> Message | None:
    """A message, or None for anything else."""
    try:
        message: Message = msgspec.convert(ast.literal_eval(line.decode()), Message)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return message
