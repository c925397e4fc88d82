"""A pool's worker, made by the pool's initializer, `init_worker`."""

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

# Of the numbers that copyreg leaves for private use.
TASK_NUMBER = 240

# How long a replacement of a dead worker sleeps, again and again, until the agent ends the run.
WAIT_SECONDS = 0.05


class Worker:
    """A process of the pool.

    It passes three gates. `arrived` and `go` are the barrier at the head of every task: a worker
    says that it is there, and waits until the agent has heard all. (In multiprocessing's Barrier
    the last to come takes another path than the others, and its memory another shape.) In `turn`
    the workers start, and do their first units, one after another: where two fault in the same
    pages of a library at once, the kernel passes over those that the other has locked
    (filemap_map_pages), and their RSS differs by some pages.
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
        """Wait until every worker has its order, so that none takes two; then carry it out."""
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
        """The baseline, known before anything of the program is imported."""
        return self._process.baseline

    def begin(self) -> None:
        """Start the workload."""
        with self._turn:
            self._process.begin()

    def advance(self, points: list[int]) -> int:
        """Work from sample point to sample point, as far as its share goes; the units done."""
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
        """Read what is too expensive for every sample."""
        self._process.stop()

    def collect(self) -> None:
        """Collect, and read what is left."""
        self._process.collect()

    def survey(self) -> list[tuple[str, int, int]]:
        """The containers that state a maximum."""
        return self._process.survey()

    def halve(self) -> None:
        """Make room for samples."""
        self._process.halve()

    def finish(self) -> dict[str, object]:
        """The report."""
        return self._process.finish()


# Not getattr: see `number_the_task`.
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
    """The pool's initializer. It imports nothing of the program's: where an initializer raises or
    exits, a pool starts worker after worker."""
    number = int(pool_library(job).current_process().name.rpartition("-")[2])
    while number > job["workers"]:  # in the place of one that died: the agent ends the run
        time.sleep(WAIT_SECONDS)
    number_the_task()
    with gates[2]:
        set_worker(Worker(job, number, agent, gates))


def number_the_task() -> None:
    """Have the pool's queue carry a number for the task, and not its name.

    The interpreter's cache of attributes keeps the names it was asked for, and each task would
    bring a new copy: some hundred strings at first, which look like a leak.
    """
    import copyreg

    copyreg.add_extension(run_order.__module__, "run_order", TASK_NUMBER)


def pool_library(job: dict[str, Any]) -> Any:
    """The module whose pools are used: the standard library's, or dill's."""
    name = "multiprocess" if job["method"] == "multiprocess" else "multiprocessing"
    __import__(name)
    return sys.modules[name]


def worker_job(job: dict[str, Any], number: int) -> dict[str, Any]:
    """The job of one worker: its share of the units, a seed and a scratch folder of its own."""
    units, left_over = divmod(job["units"], job["workers"])
    return dict(
        job,
        units=units + (number <= left_over),
        seed=derived_seed(job["seed"], number),
        scratch="%s/worker-%03d" % (job["scratch"], number),
    )


def derived_seed(seed: int, number: int) -> int:
    """A worker's seed: 63 well-mixed bits of the run's seed and its number (the finalizer of
    Steele, Lea and Flood's SplitMix64, OOPSLA 2014)."""
    mask = (1 << 64) - 1
    x = (seed + number * 0x9E3779B97F4A7C15) & mask
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & mask
    x = (x ^ x >> 27) * 0x94D049BB133111EB & mask
    return (x ^ x >> 31) >> 1
