"""The messages between the harness, its supervisors and its agents, validated as they are read.

An order is a file in the format of `marshal` (version 2, which every Python from 3.8 on reads): a
dict with the fields of its class as keys. A message to the harness is a dict literal on a line
(`agent/leaklab_agent/channel.py`). A line that is not exactly one of the messages below was written
by something else, such as the program, and is ignored.
"""

import ast
import marshal
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from leaklab.agent.leaklab_agent import layout
from leaklab.model.scenario import Option
from leaklab.model.signals import Reading

MARSHAL_VERSION = 2

# The numbers of a message have the bounds of what they count, because a program can write messages.
Count = Annotated[int, Meta(ge=0, lt=1 << 53)]
ExitStatus = Annotated[int, Meta(gt=-(1 << 16), lt=1 << 16)]


class Task(StrEnum):
    """The task of an agent: the work of a run in its own process or in a pool, or the contract."""

    RUN = layout.RUN
    POOL = layout.POOL
    CHECK = layout.CHECK


class Asks(StrEnum):
    """When an agent asks the harness whether to go on."""

    NEVER = layout.NEVER
    AT_CHECKPOINTS = layout.AT_CHECKPOINTS
    AT_EVERY_SAMPLE = layout.AT_EVERY_SAMPLE


class AgentOrder(Struct, frozen=True, kw_only=True):
    """To an agent: the job.

    Attributes:
        roots: The folders to put first on sys.path.
        units, seed, options, services, scratch: The arguments of the workload. `units` is the work
            of all workers together.
        sampling: Whether signals are read.
        judged: The signals that decide the verdict, which are read at every sample.
        open_ended: Whether the work continues past `units` until the harness ends it.
        surveys: Whether the harness may request the containers that state a maximum.
        method, workers, cpus: The start method of a pool's workers, their number, and the CPUs to
            which they are pinned in turn.
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
    """To a supervisor: the child to start, and what to clean up when it ends.

    Attributes:
        program, argv, env, cwd: The child.
        lifeline_fd: The read end of the harness's pipe.
        records_fd: The descriptor for messages to the harness.
        keep_fds: The descriptors that become 3, 4 ... in the child.
        output: The file for the child's output.
        output_fds: Empty, or the descriptors for standard output and standard error that replace
            this file.
        controls: Whether the run is made repeatable.
        own_shared_memory: Whether it also gets a /dev/shm of its own.
        cpu: The CPU to pin the child to.
        limits: The limits of the child, by the numbers of their RLIMIT constants.
        procs_files: The cgroup files to write the child's pid to.
        stop_file: The file to write "0" to, which ends all forking in the run.
        cgroups, scratch: The groups and the session's folder, to be removed if the harness dies.
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
    """Encode an order as the content of its file."""
    fields: dict[str, Any] = msgspec.to_builtins(order)
    return marshal.dumps(fields, MARSHAL_VERSION)


class Controlled(Struct, frozen=True, tag_field="kind", tag="controls"):
    """From the supervisor, before the child starts: the controls that make the run repeatable."""

    aslr_off: bool = False
    huge_pages_off: bool = False
    own_shared_memory: bool = False
    confined: bool = False
    refused: list[str] = []


class Baseline(Struct, frozen=True, tag_field="kind", tag="baseline"):
    """The baseline of a process, read before it imports the program.

    Attributes:
        process: 0 for the agent, otherwise the worker's number.
        high_water_reset: Whether the kernel reset the high-water mark of RSS.
        file_bytes: The part of RSS that is file pages, of the interpreter and libraries.
        at_start: All signals, if the run has sampling.
    """

    process: Count
    pid: Count
    rss_bytes: Count
    high_water_reset: bool
    file_bytes: Count = 0
    at_start: Reading | None = None


class Reached(Struct, frozen=True, tag_field="kind", tag="reached"):
    """The agent has done `units` of the run's work, and waits for the harness's answer."""

    units: Count


class Bounded(Struct, frozen=True, tag_field="kind", tag="bounded"):
    """The name, the entries and the maximum of each container of a process that states a maximum,
    after `units` of the run's work."""

    process: Count
    units: Count
    containers: list[tuple[str, Count, Count]]


class Finished(Struct, frozen=True, tag_field="kind", tag="finished"):
    """The report of a process after its last unit, or of a fulfilled contract, without figures."""

    process: Count = 0
    units: Count = 0
    pin_kept: bool = True
    cpu_seconds: float | None = None
    peak_rss_bytes: Count | None = None
    collector_on: bool = True
    at_end: Reading | None = None
    after_collect: Reading | None = None
    after_trim: Reading | None = None


class Failed(Struct, frozen=True, tag_field="kind", tag="failed"):
    """The program in a process raised an error. `ended_early` has the units done and the units
    requested, if its workload ended early."""

    process: Count
    error: str
    message: str
    where: tuple[str, Count | None] | None
    traceback: str
    ended_early: tuple[Count, Count] | None = None
    limit: str | None = None


class Died(Struct, frozen=True, tag_field="kind", tag="died"):
    """From the agent: a worker of its pool died. `exitcode` is negative for a signal."""

    process: Count
    exitcode: ExitStatus


class Exited(Struct, frozen=True, tag_field="kind", tag="exit"):
    """From the supervisor, after all processes are gone. `status` is the child's wait status; it is
    None if the harness stopped the run."""

    status: ExitStatus | None


AgentMessage = Controlled | Baseline | Reached | Bounded | Finished | Failed | Died | Exited


def parse_message(line: bytes) -> AgentMessage | None:
    """Parse a line as a message; return None if it is not one."""
    try:
        fields = without_surrogates(ast.literal_eval(line.decode()))
        message: AgentMessage = msgspec.convert(fields, AgentMessage)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, OverflowError):
        return None
    return message


def without_surrogates(value: Any) -> Any:
    """Return a value with every text in it encodable as UTF-8.

    A program may put a file name that is no UTF-8 into the message of an error. Python reads such
    bytes as lone surrogates, which cannot be saved.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {without_surrogates(key): without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(without_surrogates, value))
    return value
