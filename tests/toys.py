"""Builders for tests: scenarios, jobs, results, and an executor that follows a law."""

import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from leaklab.model.errors import BadInput, Cancelled
from leaklab.model.job import Job
from leaklab.model.measurement import EndReason, Environment, Measurement, ProcessRecord, Role
from leaklab.model.result import Result
from leaklab.model.scenario import Mode, Scenario, Variant
from leaklab.model.signals import Reading, Samples
from leaklab.observer.probes import linux
from leaklab.observer.probes.protocol import Descent
from leaklab.verdict.run import to_result

PATIENCE_SECONDS = 20.0

# The scenario.toml of a toy, and the tables that make it a pair.
TOML = """
schema = 1
title = "A toy"
summary = "Nothing runs."
pattern = "unbounded-buffer"
resource = "memory"
unit = "step"
units = 400
vouched = true
modes = ["inline", "fork"]
level = 1
hints = ["a", "b", "c", "d"]
sources = ["made up"]
"""
PAIR = """
[buggy]
growth = "unbounded"
culprit = "x"
[fixed]
growth = "none"
"""

ENVIRONMENT = Environment(
    python="3.11.7",
    implementation="CPython",
    kernel="6.18",
    machine="x86_64",
    libc="glibc 2.36",
    cpus=2,
    leaklab="0.1.0",
)


def scenario(name: str = "grow-4096", **changes: Any) -> Scenario:
    """Return a toy pair; keyword arguments replace its fields."""
    table: dict[str, Any] = {
        "name": name,
        "schema": 1,
        "title": "A toy",
        "summary": "Nothing runs.",
        "pattern": "unbounded-buffer",
        "resource": "memory",
        "unit": "step",
        "units": 400,
        "modes": ["inline"],
        "level": 1,
        "hints": ["a", "b", "c", "d"],
        "sources": ["made up"],
        "buggy": {"growth": "unbounded", "culprit": "x"},
        "fixed": {"growth": "none"},
    }
    return msgspec.convert({**table, **changes}, Scenario)


def job(toy: Scenario | None = None, variant: Variant = Variant.BUGGY, **changes: Any) -> Job:
    """Return a job of a toy; by default each worker of a pool does the scenario's units."""
    toy = toy or scenario()
    whole: dict[str, Any] = {
        "scenario": toy,
        "variant": variant,
        "mode": Mode.INLINE,
        "units": toy.units * changes.get("workers", 1),
        "seed": 1,
        "options": {},
    }
    return Job(**{**whole, **changes})


def process(heap: list[int], **changes: Any) -> ProcessRecord:
    """Return a process with this heap in use after 1, 2, 3 … units."""
    whole: dict[str, Any] = {
        "pid": 4711,
        "role": Role.PARENT,
        "baseline_rss_bytes": 10 << 20,
        "peak_rss_bytes": max(heap, default=0),
        "samples": Samples(units=list(range(1, len(heap) + 1)), heap_bytes=list(heap)),
    }
    return ProcessRecord(**{**whole, **changes})


class ToyExecutor:
    """Obeys the law in a scenario's name: `grow-4096` grows 4,096 bytes a unit when buggy.

    In a pool each worker does its share and grows by the same law; the parent does not grow.
    `ended` gives a job another end than `completed`. A job that is `held` waits in `execute` until
    it is let go or cancelled, and puts its label into `holding` when it does.
    """

    def __init__(
        self,
        ended: Callable[[Job], EndReason] = lambda _: EndReason.COMPLETED,
        held: Callable[[Job], bool] = lambda _: False,
    ) -> None:
        self.made: list[str] = []
        self.holding: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._go = threading.Event()
        self._cancelled = threading.Event()
        self._ended = ended
        self._held = held

    def execute(self, job: Job, progress: Callable[[int], None]) -> Measurement:
        self.made.append(job.label)
        if self._held(job):
            self.holding.put(job.label)
            assert self._go.wait(PATIENCE_SECONDS)
        if self._cancelled.is_set():
            raise Cancelled(f"{job.label}: given up")
        ended = self._ended(job)
        done = job.units if ended is EndReason.COMPLETED else job.units // 2
        progress(done)
        return Measurement(
            end_reason=ended,
            detail="as the toy was told" if ended is not EndReason.COMPLETED else "",
            units_done=done,
            processes=self._pool(job, done) if job.mode.is_pool else [grown(job, done)],
        )

    def let_go(self) -> None:
        self._go.set()

    def cancel(self) -> None:
        self._cancelled.set()
        self._go.set()

    def _pool(self, job: Job, done: int) -> list[ProcessRecord]:
        share = done // job.workers
        idle = process([0] * done, units_done=done, after_collect=Reading(heap_bytes=0))
        return [idle, *(grown(job, share, number) for number in range(1, job.workers + 1))]


def grown(job: Job, done: int, number: int = 0) -> ProcessRecord:
    """Return a process that did `units` units by the law; number 0 is that of an inline run."""
    pace = int(job.scenario.name.split("-")[1]) if job.variant is Variant.BUGGY else 0
    heap = [pace * unit for unit in range(1, done + 1)]
    return process(
        heap,
        pid=4711 + number,
        role=Role.WORKER if number else Role.PARENT,
        number=number,
        units_done=done,
        after_collect=Reading(heap_bytes=heap[-1]),
    )


def result(toy: Scenario | None = None, variant: Variant = Variant.BUGGY, **changes: Any) -> Result:
    """Return a judged result of a toy run; keywords replace fields of the result or of its job."""
    fields_of_job = {name: changes.pop(name) for name in ("mode", "workers") if name in changes}
    made = job(toy, variant, **fields_of_job)
    trace = ToyExecutor().execute(made, lambda _: None)
    return msgspec.structs.replace(to_result(made, trace, ENVIRONMENT), **changes)


class ToyProbes:
    """Probes of processes that do not exist; a test overrides the methods that it needs."""

    def rss_bytes(self, pid: int) -> int | None:
        return None

    def high_water_bytes(self, pid: int) -> int | None:
        return None

    def pss_bytes(self, pid: int) -> int | None:
        return None

    def cpu_seconds(self, pid: int) -> float | None:
        return None

    def reading(self, pid: int) -> Reading | None:
        return None

    def cheap_reading(self, pid: int) -> Reading | None:
        return None

    def descent(self, pid: int) -> Descent | None:
        return None

    def sum_readings(self, readings: Iterable[Reading]) -> Reading:
        return linux.sum_readings(readings)

    def segment_names(self, pid: int) -> frozenset[str]:
        return frozenset()

    def shared_memory_bytes(self, pid: int) -> int | None:
        return None

    def descendants(self, pid: int, max_pids: int) -> list[int]:
        return []

    def command_line(self, pid: int) -> str:
        return f"/usr/bin/toy {pid}"

    def require_readable(self, pid: int) -> None:
        raise BadInput(f"process {pid} is a toy")
