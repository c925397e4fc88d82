"""A worker of a pool, made by the pool's initializer, `init_worker`."""

from __future__ import annotations

import os
import sys
import time

from . import run_order, set_worker
from .channel import Channel
from .layout import TABLE_FD
from .process import MeasuredProcess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# One of the extension codes that copyreg reserves for private use.
TASK_NUMBER = 240

# How long a replacement of a dead worker sleeps at a time, until the agent ends the run.
WAIT_SECONDS = 0.05


class Worker:
    """A process of the pool.

    It passes three gates. The semaphores `arrived` and `go` form the barrier at the start of every
    task: a worker reports its arrival and waits until all workers have arrived. multiprocessing's
    Barrier is not used, because there the last worker to arrive takes a different path, which
    changes the layout of its memory. The lock `turn` makes the workers start, and do their first
    units, one after another: if two processes fault in the same pages of a library at once, the
    kernel skips the pages that the other has locked (filemap_map_pages), and their RSS differs by
    some pages.
    """

    def __init__(self, job: dict[str, Any], number: int, agent: int, gates: Any) -> None:
        self._arrived, self._go, self._turn = gates
        job = worker_job(job, number)
        os.sched_setaffinity(0, {job["cpus"][(number - 1) % len(job["cpus"])]})
        os.mkdir(job["scratch"])
        table_fd = os.open("/proc/%d/fd/%d" % (agent, TABLE_FD), os.O_RDWR)
        self._process = MeasuredProcess(job, number, table_fd, Channel())
        os.close(table_fd)
        self._share = job["units"]
        self._open_ended = job["open_ended"]

    def run_order(self, order: str, *arguments: Any) -> tuple[int, Any, object]:
        """Carry out an order after every worker has one, so that no worker takes two.

        Returns:
            The worker's number, its answer, and the description of a failure or None.
        """
        self._arrived.release()
        self._go.acquire()
        answer = failure = None
        try:
            answer = ORDERS[order](self, *arguments)
            self._process.channel.verify()
        except BaseException as error:
            self._process.channel.verify()
            self._process.channel.free_spare()
            from .failures import describe

            failure = describe(error)
        return self._process.number, answer, failure

    def introduce(self) -> dict[str, Any]:
        """Return the baseline, which was read before the program was imported."""
        return self._process.baseline

    def begin(self) -> None:
        """Start the workload."""
        with self._turn:
            self._process.begin()

    def advance(self, points: list[int]) -> int:
        """Work from point to point, up to the worker's share of the units; return units done."""
        if self._process.done:
            self._advance(points)
        else:
            with self._turn:
                self._advance(points)
        return self._process.done

    def _advance(self, points: list[int]) -> None:
        for point in points:
            self._process.advance(point if self._open_ended else min(point, self._share))

    def stop(self) -> None:
        """Read the signals that are too expensive for every sample."""
        self._process.stop()

    def collect(self) -> None:
        """Collect, unless the program has switched its collector off, and read a stop."""
        self._process.collect()

    def survey(self) -> list[tuple[str, int, int]]:
        """Return the containers that state a maximum."""
        return self._process.survey()

    def halve(self) -> None:
        """Drop every second sample to make room for more."""
        self._process.halve()

    def finish(self) -> dict[str, object]:
        """Return the report."""
        return self._process.finish()


# A dict instead of getattr, because of the attribute cache: see `register_task_number`.
ORDERS: dict[str, Any] = {
    "introduce": Worker.introduce,
    "begin": Worker.begin,
    "advance": Worker.advance,
    "stop": Worker.stop,
    "collect": Worker.collect,
    "survey": Worker.survey,
    "halve": Worker.halve,
    "finish": Worker.finish,
}


def init_worker(job: dict[str, Any], agent: int, gates: Any) -> None:
    """Initialize a worker of the pool. The initializer does not import the program: if an
    initializer raises or exits, a pool starts one worker after another without end."""
    number = int(pool_library(job).current_process().name.rpartition("-")[2])
    while number > job["workers"]:  # a replacement of a dead worker: the agent ends the run
        time.sleep(WAIT_SECONDS)
    register_task_number()
    with gates[2]:
        set_worker(Worker(job, number, agent, gates))


def register_task_number() -> None:
    """Make the pool's queue send a number for the task instead of its name.

    The interpreter's attribute cache keeps the names that it looks up, and each task would bring a
    new copy of the name: about a hundred strings at first, which look like a leak.
    """
    import copyreg

    copyreg.add_extension(run_order.__module__, "run_order", TASK_NUMBER)


def pool_library(job: dict[str, Any]) -> Any:
    """Import and return the module that makes the pool: the standard library's or dill's."""
    name = "multiprocess" if job["method"] == "multiprocess" else "multiprocessing"
    __import__(name)
    return sys.modules[name]


def worker_job(job: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the job of one worker, with its share of the units, its seed and scratch folder."""
    units, remainder = divmod(job["units"], job["workers"])
    return dict(
        job,
        units=units + (number <= remainder),
        seed=derived_seed(job["seed"], number),
        scratch="%s/worker-%03d" % (job["scratch"], number),
    )


def derived_seed(seed: int, number: int) -> int:
    """Return a worker's seed: 63 well-mixed bits of the run's seed and the worker's number (the
    finalizer of SplitMix64: Steele, Lea and Flood, OOPSLA 2014)."""
    mask = (1 << 64) - 1
    x = (seed + number * 0x9E3779B97F4A7C15) & mask
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & mask
    x = (x ^ x >> 27) * 0x94D049BB133111EB & mask
    return (x ^ x >> 31) >> 1
