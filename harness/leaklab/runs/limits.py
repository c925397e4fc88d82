"""The limits of a run: their defaults, and those under which nothing could run."""

import subprocess
import sys
from collections.abc import Iterable

from leaklab.model.errors import BadInput
from leaklab.model.job import Job, Limits
from leaklab.model.units import format_bytes

DEFAULT_RUN_LIMITS = Limits(memory_bytes=1 << 30, time_seconds=300.0)

# A pool has a parent, and may have a fork server and a resource tracker.
BESIDE_WORKERS = 3
# Runs that hold nothing open were seen to end well with 10, those of a pool with 22 for 2 workers
# and 82 for 30, in the parent; the rest is for what a program itself needs.
MIN_DESCRIPTORS = 64
DESCRIPTORS_PER_WORKER = 4
# Only a limit below this is worth asking an interpreter how much it takes.
SMALL_BYTES = 64 << 20
OWN_HIGH_WATER = """
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        print(line.split()[1])
"""


def available_bytes() -> int:
    """What the machine has to give; as a limit on private data it is the backstop for one huge
    allocation between two looks of the observer."""
    import psutil  # noqa: PLC0415  (26 ms, which --help does not pay for)

    return int(psutil.virtual_memory().available)


def default_memory_limit(at_once: int = 1) -> int:
    """The smaller of 1 GiB and a quarter of what the machine has to give; of half of it, a run's
    part where more than two are made at a time."""
    return min(DEFAULT_RUN_LIMITS.memory_bytes, available_bytes() // max(4, 2 * at_once))


def make_limits(
    memory_limit: int | None,
    time_limit: float,
    process_limit: int = DEFAULT_RUN_LIMITS.processes,
    descriptor_limit: int = DEFAULT_RUN_LIMITS.descriptors,
    at_once: int = 1,
) -> Limits:
    """The limits that were asked for.

    Args:
        memory_limit: in bytes; None for the default.
        time_limit: in seconds.
        process_limit: how many a run may have at a time.
        descriptor_limit: how many each process may open.
        at_once: how many runs are made at a time.

    Raises:
        BadInput: a limit under which nothing can run.
    """
    if memory_limit is not None and memory_limit < SMALL_BYTES:
        _require_memory(memory_limit)
    if descriptor_limit < MIN_DESCRIPTORS:
        words = f"a limit of {descriptor_limit} descriptors is less than a run itself may need"
        raise BadInput(f"{words} ({MIN_DESCRIPTORS}); allow more")
    return Limits(
        memory_bytes=memory_limit or default_memory_limit(at_once),
        time_seconds=time_limit,
        processes=process_limit,
        descriptors=descriptor_limit,
    )


def require_sufficient_limits(limits: Limits, jobs: Iterable[Job]) -> None:
    """Stop before a pool that the limits would not let begin.

    Raises:
        BadInput: saying which limit is too low, and what the pool needs.
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
    """Stop at a memory limit that is less than what an interpreter takes that does nothing.

    Raises:
        BadInput: saying what that is, measured here and now.
    """
    command = [sys.executable, "-I", "-S", "-c", OWN_HIGH_WATER]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    needed = int(found.stdout or 0) << 10
    if memory_limit < needed:
        words = f"a memory limit of {format_bytes(memory_limit)} is less than a bare interpreter"
        raise BadInput(f"{words} needs ({format_bytes(needed)}); allow more")
