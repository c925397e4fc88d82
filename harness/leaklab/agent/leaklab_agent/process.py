"""One measured process: its baseline, its workload under way, its report."""

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
    """What a workload is given: `seed`, `units`, `options`, `services`, `scratch`."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.seed = job["seed"]
        self.units = job["units"]
        self.options = job["options"]
        self.services = job["services"]
        self.scratch = job["scratch"]


def load_scenario(job: dict[str, Any], part: str) -> Any:
    """Import a module of the scenario by the one name it has everywhere."""
    name = "scenarios.%s.%s" % (job["scenario"], part)
    __import__(name)
    return sys.modules[name]


class EndedEarlyError(Exception):
    """A workload that stopped yielding before its units were done."""


class MeasuredProcess:
    """A process of the run.

    What it opens stays open to the end, for a program may use up its descriptors.
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
            from . import bounded  # noqa: F401  (an import between two samples would be a step)
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
        """Import what samples only here: a run without sampling does not pay for it."""
        from .sampler import Sampler

        most = ROWS if self.number or self._job["task"] == RUN else TASKS
        rows = min(self._job["units"], most)
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
            gc.collect()  # or the imports' garbage, freed at the end, hides a leak of as much
        self.sample()

    def advance(self, point: int) -> None:
        """Work until this many units are done in all, and take a sample there. A workload may end
        by itself once it has done what was asked for."""
        if point == self.done:
            return
        began = time.process_time_ns()
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
        self._done_and_cpu[1] += time.process_time_ns() - began

    def stop(self, how: int = NO_COLLECTION) -> None:
        """Read what is too expensive for every sample."""
        if self._sampler:
            began = time.process_time_ns()
            high_water, spent = self._status_bytes(b"VmHWM"), self._done_and_cpu[1]
            self._sampler.stop(self.done, how, high_water, spent)
            self._done_and_cpu[1] += time.process_time_ns() - began

    def collect(self) -> None:
        """Collect, where the program left its collector on, and read what is left."""
        self.stop(COLLECTED if collect() else COLLECTOR_OFF)

    def survey(self) -> list[tuple[str, int, int]]:
        """The containers that state a maximum, as `bounded.survey` finds them."""
        from .bounded import survey

        return survey()

    def halve(self) -> None:
        """Make room for as many samples again as there are."""
        if self._sampler:
            self._sampler.halve()

    def sample(self) -> None:
        """Read the signals at the units done so far, where sampling is wanted."""
        if self._sampler:
            self._sampler.sample(self.done)

    def finish(self) -> dict[str, object]:
        """The report. The workload stays suspended, and what it holds alive, until it is made."""
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
        """A field of /proc/self/status that is given in kB, in bytes."""
        text = os.pread(self._status, 8192, 0)
        return int(text.split(field + b":", 1)[1].split(None, 1)[0]) * 1024


def collect() -> bool:
    """Collect all garbage, and empty the interpreter's free lists; not where the program has
    switched its collector off, whose cycles are its leak. Whether it was done."""
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
    """Ask the harness, where that is due, and do as it says, until it is to go on or to end."""
    answer = schedule.ask(point)
    while answer not in (GO_ON, END):
        if answer == SURVEY:
            process.channel.send("bounded", process=0, units=point, containers=process.survey())
        else:
            process.collect()
        answer = schedule.ask_again(point)
    return answer == GO_ON
