"""The agent as the parent of a real pool, whose workers share the work.

Each worker keeps one workload alive to the end, and in each round a barrier makes every worker take
exactly one task. A pool never reports a dead worker and starts a new one instead: so the agent
watches the processes itself, and ends the run.
"""

from __future__ import annotations

import os
import sys
import time

from . import run_order
from .layout import END, GO_ON, SURVEY, TABLE_FD
from .process import MeasuredProcess
from .schedule import Schedule
from .worker import init_worker, number_the_task, pool_library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .channel import Channel

# dill's multiprocess starts its workers as it says here, on every version of Python.
START_METHOD = {"multiprocess": "fork"}

# What CPython keeps of a kind (PyDict_MAXFREELIST, PyList_MAXFREELIST).
FREE_LIST = 80

# Time for the pool's threads to come to rest, once they have handed out the tasks of a round.
REST_SECONDS = 0.0005

# How long the agent waits for its workers before it looks whether they are all there.
DEATH_POLL_SECONDS = 0.05


def run_pool(job: dict[str, Any], channel: Channel) -> None:
    """Share the work among the workers of a pool, of which this process is the parent."""
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
    """Do the work of a whole schedule, one round of tasks after the other."""
    goes_beyond = False
    for points, full in schedule.stages():
        if full:
            pool.broadcast("halve")
            parent.halve()
        for task in tasks(points, schedule.points_a_task):
            done = pool.broadcast("advance", task)
            parent.done = sum(done)
            if goes_beyond and min(done) < task[-1]:
                return
            if schedule.is_checkpoint(task[-1]):
                pool.broadcast("stop")
                parent.stop()
            if not pool_goes_on(schedule, pool, parent):
                return
        goes_beyond = True


def pool_goes_on(schedule: Schedule, pool: WorkerPool, parent: MeasuredProcess) -> bool:
    """Ask the harness, where that is due, and do as it says, until it is to go on or to end."""
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
    """Have the interpreter keep as many freed dicts and lists for reuse as it ever keeps (80).

    A pool's parent adds some in each round (dill calls `dict` and `list`, whose objects are not
    taken from there, but end there), and until they are full that looks like a leak.
    """
    kept: list[Any] = [[kind() for _ in range(FREE_LIST)] for kind in (dict, list)]
    kept.clear()


def tasks(points: Iterator[int], size: int) -> Iterator[list[int]]:
    """The sample points of a worker, `size` of them a task: enough tasks for a series of the parent
    that can be judged, and no more, for on a busy machine each waits for every process's turn."""
    task: list[int] = []
    for point in points:
        task.append(point)
        if len(task) == size:
            yield task
            task = []
    if task:
        yield task


class WorkerPool:
    """The workers, each given the same orders, and watched while they work.

    `between_rounds` is called in every round when all have their orders and none has begun: then
    the pool's own threads rest, too, and what they hold for a moment is in no sample.
    """

    def __init__(self, job: dict[str, Any]) -> None:
        self.between_rounds: Callable[[], None] = lambda: None
        self._size = job["workers"]
        self._library = pool_library(job)
        context = self._library.get_context(START_METHOD.get(job["method"], job["method"]))
        self._started = keep_processes(context)
        hide_main()
        self._arrived, self._go = context.Semaphore(0), context.Semaphore(0)
        number_the_task()
        gates = self._arrived, self._go, context.Lock()
        with gates[2]:  # none goes on before all are there
            self._pool = context.Pool(self._size, init_worker, (job, os.getpid(), gates))
        for process in self._started:
            lock_poll(process)

    def broadcast(self, *order: object) -> list[Any]:
        """Have every worker carry out an order; their answers, in the order of their numbers.

        Raises:
            WorkerEndedError: one is gone, or its program failed.
        """
        answers = self._pool.imap_unordered(run_order, [order] * self._size)
        for _ in range(self._size):
            while not self._arrived.acquire(timeout=DEATH_POLL_SECONDS):
                self._look_for_dead()
        time.sleep(REST_SECONDS)
        self.between_rounds()
        for _ in range(self._size):
            self._go.release()
        numbered = sorted(self._next(answers) for _ in range(self._size))
        return [answer for _, answer in numbered]

    def _next(self, answers: Any) -> tuple[int, Any]:
        """The next answer. The pool waits for a dead worker for ever, so look for it meanwhile."""
        while True:
            try:
                number, answer, failure = answers.next(DEATH_POLL_SECONDS)
            except self._library.TimeoutError:
                self._look_for_dead()
                continue
            if failure:
                raise WorkerEndedError("failed", process=number, **failure)
            return number, answer

    def _look_for_dead(self) -> None:
        for number, process in enumerate(self._started, start=1):
            if process.exitcode is not None:
                raise WorkerEndedError("died", process=number, exitcode=process.exitcode)


def hide_main() -> None:
    """Keep spawned workers from running the agent's `__main__` again, which they would import
    `runpy` for: its file is how multiprocessing knows of it."""
    sys.modules["__main__"].__file__ = None


def keep_processes(context: Any) -> list[Any]:
    """A list to which every process is added that this context makes: a pool forgets its dead, with
    their exit codes, and puts new ones in their place."""
    kept: list[Any] = []
    make = context.Process

    def keep(*args: Any, **keywords: Any) -> Any:
        kept.append(make(*args, **keywords))
        return kept[-1]

    context.Process = keep
    return kept


def lock_poll(process: Any) -> None:
    """Let one thread at a time ask how a process is. The pool's own thread asks, too, and of two
    that ask a fork server's child at once, the second is told 255."""
    import threading

    lock, poll = threading.Lock(), process._popen.poll

    def locked_poll(*arguments: Any) -> int | None:
        with lock:
            status: int | None = poll(*arguments)
            return status

    process._popen.poll = locked_poll


class WorkerEndedError(Exception):
    """A worker is gone, or its program failed: the kind of record that says so, and its keys."""

    def __init__(self, kind: str, **record: object) -> None:
        super().__init__(kind, record)
