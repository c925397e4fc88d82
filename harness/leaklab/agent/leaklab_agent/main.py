"""From the job's file to the last record."""

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
    """Do the job. Every way out goes through a record, and nothing is torn down after it."""
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
    except BaseException as error:  # SystemExit of a program is a failure to report, too
        report_failure(error, channel)
    finally:
        exit_now(status)


def run_scenario(job: dict[str, Any], channel: Channel) -> None:
    """Drive the workload in this very process, and report."""
    process = MeasuredProcess(job, 0, TABLE_FD, channel)
    channel.send("baseline", **process.baseline)
    process.begin()
    run_inline(Schedule(job, channel, job["units"]), process)
    channel.send("finished", **process.finish())


def run_in_pool(job: dict[str, Any], channel: Channel) -> None:
    """Drive the workload in a pool; its modules are imported only here."""
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
    """Send the record of what the program raised."""
    channel.verify()
    channel.free_spare()
    from .failures import describe

    channel.send("failed", process=0, **describe(error))


def exit_now(status: int) -> None:
    """End at once: threads, exit handlers and the tearing down of a big heap are not waited for."""
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except BaseException:  # whatever the program put there
        pass
    finally:
        os._exit(status)
