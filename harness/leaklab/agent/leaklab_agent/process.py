"""One measured process: its baseline, its running workload, its report."""

from __future__ import annotations

import gc
import os
import sys
import time

from .layout import COLLECTED, COLLECTOR_OFF, END, GO_ON, NO_COLLECTION, ROWS, RUN, SURVEY
from .proc import reset_high_water
from .schedule import TASKS
from .slots import int64_slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .channel import Channel
    from .sampler import Sampler
    from .schedule import Schedule

PATH_AT_START = list(sys.path)


class Lab:
    """The argument of a workload: `seed`, `units`, `options`, `services`, `scratch`."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.seed = job["seed"]
        self.units = job["units"]
        self.options = job["options"]
        self.services = job["services"]
        self.scratch = job["scratch"]


def load_scenario(job: dict[str, Any], part: str) -> Any:
    """Import a module of the scenario under the same name as everywhere else."""
    name = "scenarios.%s.%s" % (job["scenario"], part)
    __import__(name)
    return sys.modules[name]


class EndedEarlyError(Exception):
    """The workload stopped yielding too early. The arguments are the units done and requested."""


class MeasuredProcess:
    """A process of the run.

    The files that it opens stay open to the end, because a program may use up its descriptors.
    """

    def __init__(self, job: dict[str, Any], number: int, table_fd: int, channel: Channel) -> None:
        self.channel = channel
        self.number = number
        self._done_and_cpu = int64_slots(2)
        self._job = job
        self._steps: Any = None
        self._status = channel.guard(os.open("/proc/self/status", os.O_RDONLY))
        self._sampler = self._make_sampler(table_fd) if job["sampling"] else None
        if job["surveys"]:
            from . import bounded  # noqa: F401  (later, the import would be a step in the series)
        self._cpus = os.sched_getaffinity(0)
        if self._sampler:
            self._sampler.settle()
        reset = reset_high_water()
        self.baseline = {
            "process": number,
            "pid": os.getpid(),
            "rss_bytes": self._status_bytes(b"VmRSS"),
            "file_bytes": self._status_bytes(b"RssFile"),
            "high_water_reset": reset,
            "at_start": self._sampler.full_reading() if self._sampler else None,
        }

    def _make_sampler(self, table_fd: int) -> Sampler:
        """Make the sampler. Its modules are imported here, so that a run without sampling does not
        pay for them."""
        from .sampler import Sampler

        max_rows = ROWS if self.number or self._job["task"] == RUN else TASKS
        rows = min(self._job["units"], max_rows)
        return Sampler(self._job, table_fd, self.number, self.channel, rows)

    @property
    def done(self) -> int:
        """The units done so far."""
        return self._done_and_cpu[0]

    @done.setter
    def done(self, units: int) -> None:
        self._done_and_cpu[0] = units

    def begin(self) -> None:
        """Import the program and start its workload, up to the first unit."""
        program = load_scenario(self._job, self._job["variant"])
        self._steps = load_scenario(self._job, "workload").workload(program, Lab(self._job))
        if not hasattr(self._steps, "__next__"):
            message = "workload() must yield once per unit of work; it returned %r"
            raise TypeError(message % (self._steps,))
        if gc.isenabled():
            gc.collect()  # the imports' garbage, if freed later, would hide a leak of that size
        self.sample()

    def advance(self, point: int) -> None:
        """Work until `point` units of the whole run are done, and take a sample there.

        Once the workload has done the requested units, it may end by itself.

        Raises:
            EndedEarlyError: The workload ended before its units were done.
        """
        if point == self.done:
            return
        started = time.process_time_ns()
        steps, done = self._steps, self.done
        try:
            while done < point:
                next(steps)
                done += 1
        except StopIteration:
            if done < self._job["units"]:
                raise EndedEarlyError(done, self._job["units"]) from None
            if done == self.done:
                return
        self.done = done
        self.sample()
        self._done_and_cpu[1] += time.process_time_ns() - started

    def stop(self, how: int = NO_COLLECTION) -> None:
        """Read the signals that are too expensive for every sample."""
        if self._sampler:
            started = time.process_time_ns()
            high_water, spent = self._status_bytes(b"VmHWM"), self._done_and_cpu[1]
            self._sampler.stop(self.done, how, high_water, spent)
            self._done_and_cpu[1] += time.process_time_ns() - started

    def collect(self) -> None:
        """Collect, unless the program has switched its collector off, and read a stop."""
        self.stop(COLLECTED if collect() else COLLECTOR_OFF)

    def survey(self) -> list[tuple[str, int, int]]:
        """Return the containers that state a maximum, as `bounded.survey` does."""
        from .bounded import survey

        return survey()

    def halve(self) -> None:
        """Drop every second sample to make room for more."""
        if self._sampler:
            self._sampler.halve()

    def sample(self) -> None:
        """Take a sample at the units done so far, if the job has sampling."""
        if self._sampler:
            self._sampler.sample(self.done)

    def finish(self) -> dict[str, object]:
        """Return the report. The suspended workload keeps its objects alive until all is read."""
        report: dict[str, object] = {
            "process": self.number,
            "units": self.done,
            "cpu_seconds": self._done_and_cpu[1] / 1e9,
            "peak_rss_bytes": self._status_bytes(b"VmHWM"),
            "collector_on": gc.isenabled(),
            "pin_kept": os.sched_getaffinity(0) == self._cpus,
        }
        if self._sampler:
            report["at_end"] = self._sampler.full_reading()
            if collect():
                report["after_collect"] = self._sampler.full_reading()
            self._sampler.trim()
            report["after_trim"] = self._sampler.full_reading()
        if self._steps:
            self._steps.close()
        self.channel.verify()
        return report

    def _status_bytes(self, field: bytes) -> int:
        """Return a field of /proc/self/status, which is in kB there, in bytes."""
        text = os.pread(self._status, 8192, 0)
        return int(text.split(field + b":", 1)[1].split(None, 1)[0]) * 1024


def collect() -> bool:
    """Collect all garbage, which also empties the interpreter's free lists; return whether it did.

    If the program has switched its collector off, its cycles are its leak and stay.
    """
    if gc.isenabled():
        gc.collect()
    return gc.isenabled()


def run_inline(schedule: Schedule, process: MeasuredProcess) -> None:
    """Do the work of a whole schedule in this process."""
    for points, full in schedule.stages():
        if full:
            process.halve()
        for point in points:
            process.advance(point)
            if process.done < point:
                return
            if schedule.is_checkpoint(point):
                process.stop()
            if not goes_on(schedule, point, process):
                return


def goes_on(schedule: Schedule, point: int, process: MeasuredProcess) -> bool:
    """Ask the harness if that is due, and obey until it answers GO_ON or END; return whether the
    run goes on."""
    answer = schedule.ask(point)
    while answer not in (GO_ON, END):
        if answer == SURVEY:
            process.channel.send("bounded", process=0, units=point, containers=process.survey())
        else:
            process.collect()
        answer = schedule.ask_again(point)
    return answer == GO_ON
