"""What is said between the harness, its supervisors and its agents; checked as it is read.

Orders go there as files in the format of `marshal` (version 2, which every Python from 3.8 on reads
alike), each a dict with the fields of its class as keys. Answers come as dict literals, one a line
(`agent/leaklab_agent/channel.py`); a line that is not exactly one of the answers below was written
by something else, and is ignored.
"""

import ast
import marshal
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from leaklab.agent.leaklab_agent import layout
from leaklab.model.scenario import Option
from leaklab.model.signals import Reading

MARSHAL_VERSION = 2


class Task(StrEnum):
    """What an agent does: the work of a run in its own process, or in a pool's; or a contract."""

    RUN = layout.RUN
    POOL = layout.POOL
    CHECK = layout.CHECK


class Asks(StrEnum):
    """When an agent asks whether to go on."""

    NEVER = layout.NEVER
    AT_CHECKPOINTS = layout.AT_CHECKPOINTS
    AT_EVERY_SAMPLE = layout.AT_EVERY_SAMPLE


class AgentOrder(Struct, frozen=True, kw_only=True):
    """To an agent: the job.

    roots: put first on sys.path.
    units, seed, options, services, scratch: as the workload is given them; `units` are of all
        workers together.
    sampling: whether signals are read at all; `judged` are those that decide, and so are read at
        every sample.
    open_ended: the work goes on past `units` until the harness says that it is enough.
    surveys: the agent may be asked for the containers that state a maximum.
    method, workers, cpus: how a pool's workers are started, how many, and the CPUs to which they
        are pinned in turn.
    """

    task: Task
    roots: list[str]
    scenario: str
    variant: str
    units: int
    seed: int
    options: dict[str, Option]
    services: dict[str, str]
    scratch: str
    sampling: bool
    judged: list[str]
    asks: Asks
    open_ended: bool
    surveys: bool
    method: str
    workers: int
    cpus: list[int]


class SupervisorOrder(Struct, frozen=True, kw_only=True):
    """To a supervisor: the child to start, and what to do when it ends.

    program, argv, env, cwd: the child.
    lifeline_fd: the read end of the harness's pipe; records_fd: where answers go.
    keep_fds: become the child's descriptors 3, 4 ...
    output: the file that the child writes to; output_fds: a descriptor in its place, or none.
    controls: whether the run is made repeatable; own_shared_memory: and gets a /dev/shm of its own.
    cpu: the CPU it is pinned to; limits: by the number of the RLIMIT.
    procs_files: the cgroup files that its pid is written to; stop_file: writing "0" there ends all
        forking; cgroups: the groups, and scratch: the session's folder, both removed if the harness
        dies.
    """

    program: str
    argv: list[str]
    env: dict[str, str]
    cwd: str
    lifeline_fd: int
    records_fd: int
    keep_fds: list[int]
    output: str
    output_fds: list[int]
    controls: bool
    own_shared_memory: bool
    cpu: int | None
    limits: dict[int, int]
    procs_files: list[str]
    stop_file: str | None
    cgroups: list[str]
    scratch: str


def encode_order(order: AgentOrder | SupervisorOrder) -> bytes:
    """An order as its file holds it."""
    fields: dict[str, Any] = msgspec.to_builtins(order)
    return marshal.dumps(fields, MARSHAL_VERSION)


class Controlled(Struct, frozen=True, tag_field="kind", tag="controls"):
    """From the supervisor, before the child starts: what was done to make the run repeatable."""

    aslr_off: bool = False
    huge_pages_off: bool = False
    own_shared_memory: bool = False
    confined: bool = False
    refused: list[str] = []


class Baseline(Struct, frozen=True, tag_field="kind", tag="baseline"):
    """Of a process, before it imports the program; `process` is 0 for the agent, else a worker's
    number. `file_bytes` is what of its RSS are pages of files: interpreter and libraries."""

    process: int
    pid: int
    rss_bytes: int
    high_water_reset: bool
    file_bytes: int = 0
    at_start: Reading | None = None


class Reached(Struct, frozen=True, tag_field="kind", tag="reached"):
    """From the agent, which waits: `units` are done in all; is it to go on?"""

    units: int


class Bounded(Struct, frozen=True, tag_field="kind", tag="bounded"):
    """Of a process, after so many units of the run: the name, the entries and the maximum of each
    container that states a maximum."""

    process: int
    units: int
    containers: list[tuple[str, int, int]]


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
    """Of a process: the program raised, or its workload ended early (units done, and asked for)."""

    process: int
    error: str
    message: str
    where: tuple[str, int | None] | None
    traceback: str
    ended_early: tuple[int, int] | None = None
    limit: str | None = None


class Died(Struct, frozen=True, tag_field="kind", tag="died"):
    """From the agent: a worker of its pool is gone; `exitcode` is negative for a signal."""

    process: int
    exitcode: int


class Exited(Struct, frozen=True, tag_field="kind", tag="exit"):
    """From the supervisor, after everything is gone; `status` is None where it was told to stop."""

    status: int | None


AgentMessage = Controlled | Baseline | Reached | Bounded | Finished | Failed | Died | Exited


def parse_message(line: bytes) -> AgentMessage | None:
    """An answer; None for anything else."""
    try:
        answer: AgentMessage = msgspec.convert(ast.literal_eval(line.decode()), AgentMessage)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return answer
