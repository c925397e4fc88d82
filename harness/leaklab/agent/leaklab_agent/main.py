"""The agent's main function, from the job's file to the last record."""

from __future__ import annotations

import marshal
import os
import sys

from .channel import Channel
from .layout import CHECK, ORDERS_FD, POOL, RECORDS_FD, RUN, TABLE_FD
from .process import Lab, MeasuredProcess, load_scenario, run_inline
from .schedule import Schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main() -> None:
    """Do the job. Every exit sends a record first, and runs no exit handler afterwards."""
    with open(sys.argv[1], "rb") as file:
        job = marshal.loads(file.read())
    sys.path[:0] = job["roots"]
    channel = Channel()
    for fd in (RECORDS_FD, ORDERS_FD) if job["task"] != CHECK else (RECORDS_FD,):
        os.set_inheritable(channel.guard(fd), False)  # noqa: FBT003  (takes no keywords)
    status = 1
    try:
        {RUN: run_scenario, POOL: run_in_pool, CHECK: check_contract}[job["task"]](job, channel)
        status = 0
    except BaseException as error:  # a SystemExit of the program is reported as a failure
        report_failure(error, channel)
    finally:
        exit_now(status)


def run_scenario(job: dict[str, Any], channel: Channel) -> None:
    """Drive the workload in this process and report."""
    process = MeasuredProcess(job, 0, TABLE_FD, channel)
    channel.send("baseline", **process.baseline)
    process.begin()
    run_inline(Schedule(job, channel, job["units"]), process)
    channel.send("finished", **process.finish())


def run_in_pool(job: dict[str, Any], channel: Channel) -> None:
    """Drive the workload in a pool. Only this function imports the modules of pools."""
    from .pool import WorkerEndedError, run_pool

    try:
        run_pool(job, channel)
    except WorkerEndedError as error:
        kind, record = error.args
        channel.send(kind, **record)
        exit_now(1)


def check_contract(job: dict[str, Any], channel: Channel) -> None:
    """Run the scenario's functional contract."""
    load_scenario(job, "workload").check(load_scenario(job, job["variant"]), Lab(job))
    channel.send("finished")


def report_failure(error: BaseException, channel: Channel) -> None:
    """Send the record of an error that the program raised."""
    channel.verify()
    channel.free_spare()
    from .failures import describe

    channel.send("failed", process=0, **describe(error))


def exit_now(status: int) -> None:
    """Exit at once, without waiting for threads, exit handlers or the freeing of a large heap."""
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except BaseException:  # the program may have replaced the streams
        pass
    finally:
        os._exit(status)
