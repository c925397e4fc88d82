"""The limits of a run: their defaults, and the checks that a run can work within them."""

import subprocess
import sys
from collections.abc import Iterable

from leaklab.model.errors import BadInput
from leaklab.model.job import Job, Limits
from leaklab.model.units import format_bytes

DEFAULT_RUN_LIMITS = Limits(memory_bytes=1 << 30, time_seconds=300.0)

# A pool has a parent process, and may have a fork server and a resource tracker.
BESIDE_WORKERS = 3
# Measured minimum for programs that open nothing: 10 descriptors for a run in one process; in the
# parent of a pool 22 for 2 workers and 82 for 30. The rest is for the program itself.
MIN_DESCRIPTORS = 64
DESCRIPTORS_PER_WORKER = 4
# Only a limit below this is compared with the memory of a bare interpreter, because measuring that
# means starting one.
SMALL_BYTES = 64 << 20
OWN_HIGH_WATER = """
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        print(line.split()[1])
"""


def available_bytes() -> int:
    """Return the memory that the machine can still give, in bytes.

    As a limit on private data it stops a single huge allocation between two of the observer's
    samples.
    """
    import psutil  # noqa: PLC0415  (26 ms, which --help does not pay for)

    return int(psutil.virtual_memory().available)


def default_memory_limit(at_once: int = 1) -> int:
    """Return the default memory limit of a run, in bytes.

    It is the smaller of 1 GiB and a quarter of the available memory. When more than two runs are
    made at a time, they share half of the available memory instead.
    """
    return min(DEFAULT_RUN_LIMITS.memory_bytes, available_bytes() // max(4, 2 * at_once))


def make_limits(
    memory_limit: int | None,
    time_limit: float,
    process_limit: int = DEFAULT_RUN_LIMITS.processes,
    descriptor_limit: int = DEFAULT_RUN_LIMITS.descriptors,
    at_once: int = 1,
) -> Limits:
    """Make the limits of a run from a user's options.

    Args:
        memory_limit: In bytes; None for the default.
        time_limit: In seconds.
        process_limit: The number of processes that a run may have at a time.
        descriptor_limit: The number of descriptors that each process may have open.
        at_once: The number of runs made at a time.

    Raises:
        BadInput: No program can run within the memory limit or the descriptor limit.
    """
    if memory_limit is not None and memory_limit < SMALL_BYTES:
        _require_memory(memory_limit)
    if descriptor_limit < MIN_DESCRIPTORS:
        problem = f"a limit of {descriptor_limit} descriptors is less than a run itself may need"
        raise BadInput(f"{problem} ({MIN_DESCRIPTORS}); allow more")
    return Limits(
        memory_bytes=memory_limit or default_memory_limit(at_once),
        time_seconds=time_limit,
        processes=process_limit,
        descriptors=descriptor_limit,
    )


def require_sufficient_limits(limits: Limits, jobs: Iterable[Job]) -> None:
    """Check that the limits allow the largest worker pool of the jobs to start.

    Raises:
        BadInput: A limit is too low; the message names it and what the pool needs.
    """
    workers = max((job.workers for job in jobs if job.mode.is_pool), default=0)
    if workers:
        _require_processes(limits, workers)
        _require_descriptors(limits, workers)


def _require_processes(limits: Limits, workers: int) -> None:
    needed = workers + BESIDE_WORKERS
    if limits.processes < needed:
        raise BadInput(
            f"a limit of {limits.processes} processes is less than a pool of {workers} workers "
            f"needs ({needed}, with its parent, fork server and resource tracker); allow more"
        )


def _require_descriptors(limits: Limits, workers: int) -> None:
    needed = MIN_DESCRIPTORS + DESCRIPTORS_PER_WORKER * workers
    if limits.descriptors < needed:
        raise BadInput(
            f"a limit of {limits.descriptors} descriptors is less than the parent of a pool of "
            f"{workers} workers may need ({needed}); allow more"
        )


def _require_memory(memory_limit: int) -> None:
    """Check that a memory limit in bytes has room for an interpreter that does nothing.

    Raises:
        BadInput: The limit is too low; the message has the memory of the interpreter.
    """
    command = [sys.executable, "-I", "-S", "-c", OWN_HIGH_WATER]
    completed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    needed = int(completed.stdout or 0) << 10
    if memory_limit < needed:
        problem = f"a memory limit of {format_bytes(memory_limit)} is less than a bare interpreter"
        raise BadInput(f"{problem} needs ({format_bytes(needed)}); allow more")
