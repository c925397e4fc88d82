"""The agent as the parent of a real pool; the workers share the work.

Each worker keeps one workload alive to the end. In each round a barrier makes every worker take
exactly one task. A pool does not report a dead worker, but starts a new one in its place. The agent
therefore watches the processes itself, and ends the run when one dies.
"""

from __future__ import annotations

import os
import sys
import time

from . import run_order
from .layout import END, GO_ON, SURVEY, TABLE_FD
from .process import MeasuredProcess
from .schedule import Schedule
from .worker import init_worker, pool_library, register_task_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .channel import Channel

# The workers of dill's multiprocess are started with fork, on every version of Python.
START_METHOD = {"multiprocess": "fork"}

# The size of CPython's free lists of dicts and lists (PyDict_MAXFREELIST, PyList_MAXFREELIST).
FREE_LIST = 80

# How long the pool's threads need to become idle after they have handed out the tasks of a round.
REST_SECONDS = 0.0005

# How long the agent waits for its workers before it checks that all of them still live.
DEATH_POLL_SECONDS = 0.05


def run_pool(job: dict[str, Any], channel: Channel) -> None:
    """Share the work among the workers of a pool; this process is its parent."""
    pool = WorkerPool(job)
    for report in pool.broadcast("introduce"):
        channel.send("baseline", **report)
    pool.broadcast("begin")
    fill_free_lists()
    parent = MeasuredProcess(job, 0, TABLE_FD, channel)
    channel.send("baseline", **parent.baseline)
    pool.between_rounds = parent.sample
    run_rounds(Schedule(job, channel, -(-job["units"] // job["workers"])), pool, parent)
    for report in pool.broadcast("finish"):
        channel.send("finished", **report)
    channel.send("finished", **parent.finish())


def run_rounds(schedule: Schedule, pool: WorkerPool, parent: MeasuredProcess) -> None:
    """Do the work of a whole schedule, one round of tasks after another."""
    is_beyond_units = False
    for points, full in schedule.stages():
        if full:
            pool.broadcast("halve")
            parent.halve()
        for task in tasks(points, schedule.points_per_task):
            done = pool.broadcast("advance", task)
            parent.done = sum(done)
            if is_beyond_units and min(done) < task[-1]:
                return
            if schedule.is_checkpoint(task[-1]):
                pool.broadcast("stop")
                parent.stop()
            if not pool_goes_on(schedule, pool, parent):
                return
        is_beyond_units = True


def pool_goes_on(schedule: Schedule, pool: WorkerPool, parent: MeasuredProcess) -> bool:
    """Ask the harness if that is due, and obey until it answers GO_ON or END; return whether the
    pool goes on."""
    answer = schedule.ask(parent.done)
    while answer not in (GO_ON, END):
        if answer == SURVEY:
            for number, containers in enumerate(pool.broadcast("survey"), start=1):
                parent.channel.send(
                    "bounded", process=number, units=parent.done, containers=containers
                )
        else:
            pool.broadcast("collect")
            parent.collect()
        answer = schedule.ask_again(parent.done)
    return answer == GO_ON


def fill_free_lists() -> None:
    """Fill the interpreter's free lists of dicts and lists to their maximum (80 objects each).

    In each round dill calls `dict` and `list` in the pool's parent. Such objects are not taken from
    the free lists but go there when they are freed. Until the free lists are full, their growth
    looks like a leak.
    """
    objects: list[Any] = [[cls() for _ in range(FREE_LIST)] for cls in (dict, list)]
    objects.clear()


def tasks(points: Iterator[int], size: int) -> Iterator[list[int]]:
    """Group the sample points of a worker into tasks of `size` points.

    The parent's series must have enough tasks to be judged. More would cost time: on a busy machine
    each task waits until every process had its turn.
    """
    task: list[int] = []
    for point in points:
        task.append(point)
        if len(task) == size:
            yield task
            task = []
    if task:
        yield task


class WorkerPool:
    """The workers: all get the same orders, and the pool watches them while they work.

    `between_rounds` is called in every round when all workers have their orders and none has
    started. The pool's own threads are idle then, so no sample has the memory that they use for a
    moment.
    """

    def __init__(self, job: dict[str, Any]) -> None:
        self.between_rounds: Callable[[], None] = lambda: None
        self._size = job["workers"]
        self._library = pool_library(job)
        context = self._library.get_context(START_METHOD.get(job["method"], job["method"]))
        self._started = record_processes(context)
        hide_main()
        self._arrived, self._go = context.Semaphore(0), context.Semaphore(0)
        register_task_number()
        gates = self._arrived, self._go, context.Lock()
        with gates[2]:  # no worker continues before all are started
            self._pool = context.Pool(self._size, init_worker, (job, os.getpid(), gates))
        for process in self._started:
            serialize_poll(process)

    def broadcast(self, *order: object) -> list[Any]:
        """Make every worker carry out an order; return their answers, sorted by worker number.

        Raises:
            WorkerEndedError: A worker is gone, or its program failed.
        """
        answers = self._pool.imap_unordered(run_order, [order] * self._size)
        for _ in range(self._size):
            while not self._arrived.acquire(timeout=DEATH_POLL_SECONDS):
                self._raise_if_worker_died()
        time.sleep(REST_SECONDS)
        self.between_rounds()
        for _ in range(self._size):
            self._go.release()
        numbered = sorted(self._next(answers) for _ in range(self._size))
        return [answer for _, answer in numbered]

    def _next(self, answers: Any) -> tuple[int, Any]:
        """Wait for the next answer. The pool would wait for a dead worker forever, so the wait
        checks for one."""
        while True:
            try:
                number, answer, failure = answers.next(DEATH_POLL_SECONDS)
            except self._library.TimeoutError:
                self._raise_if_worker_died()
                continue
            if failure:
                raise WorkerEndedError("failed", process=number, **failure)
            return number, answer

    def _raise_if_worker_died(self) -> None:
        for number, process in enumerate(self._started, start=1):
            if process.exitcode is not None:
                raise WorkerEndedError("died", process=number, exitcode=process.exitcode)


def hide_main() -> None:
    """Keep spawned workers from running the agent's `__main__` again, and from importing `runpy`
    for it. multiprocessing runs it only if the module has a `__file__`."""
    sys.modules["__main__"].__file__ = None


def record_processes(context: Any) -> list[Any]:
    """Return a list that records every process that a context makes from now on.

    A pool drops its dead processes together with their exit codes and starts new ones.
    """
    processes: list[Any] = []
    make = context.Process

    def make_recorded(*args: Any, **keywords: Any) -> Any:
        """Make a process and record it."""
        processes.append(make(*args, **keywords))
        return processes[-1]

    context.Process = make_recorded
    return processes


def serialize_poll(process: Any) -> None:
    """Let only one thread at a time poll a process.

    The pool's own thread polls, too. If two threads poll a child of a fork server at once, the
    second gets the wrong status 255.
    """
    import threading

    lock, poll = threading.Lock(), process._popen.poll

    def locked_poll(*arguments: Any) -> int | None:
        """Poll the process while no other thread does."""
        with lock:
            status: int | None = poll(*arguments)
            return status

    process._popen.poll = locked_poll


class WorkerEndedError(Exception):
    """A worker is gone, or its program failed. The arguments are the kind and the keys of the
    record to send."""

    def __init__(self, kind: str, **record: object) -> None:
        super().__init__(kind, record)
