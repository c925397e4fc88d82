"""Builders for tests: scenarios, jobs and results out of nothing, and an executor with a law."""

from collections.abc import Callable
from typing import Any

import msgspec

from leaklab.model import Job, Mode, Scenario, Variant
from leaklab.record import Ended, Environment, ProcessRecord, Reading, Result, Role, Samples, Trace
from leaklab.runner import to_result

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
    """A toy pair; keywords replace what they name."""
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
    """A job of a toy."""
    toy = toy or scenario()
    whole: dict[str, Any] = {
        "scenario": toy,
        "variant": variant,
        "mode": Mode.INLINE,
        "units": toy.units,
        "seed": 1,
        "options": {},
    }
    return Job(**{**whole, **changes})


def process(heap: list[int], **changes: Any) -> ProcessRecord:
    """A process whose heap in use was this after 1, 2, 3 … units."""
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

    `ended` gives a job another end than `completed`.
    """

    def __init__(self, ended: Callable[[Job], Ended] = lambda _: Ended.COMPLETED) -> None:
        self.made: list[str] = []
        self._ended = ended

    def execute(self, job: Job, progress: Callable[[int], None]) -> Trace:
        self.made.append(job.label)
        ended = self._ended(job)
        done = job.units if ended is Ended.COMPLETED else job.units // 2
        pace = int(job.scenario.name.split("-")[1]) if job.variant is Variant.BUGGY else 0
        heap = [pace * unit for unit in range(1, done + 1)]
        progress(done)
        return Trace(
            ended=ended,
            detail="as the toy was told" if ended is not Ended.COMPLETED else "",
            units_done=done,
            processes=[process(heap, after_collect=Reading(heap_bytes=heap[-1]))],
        )


def result(toy: Scenario | None = None, variant: Variant = Variant.BUGGY, **changes: Any) -> Result:
    """A judged result of a toy run; keywords replace its fields."""
    made = job(toy, variant)
    trace = ToyExecutor().execute(made, lambda _: None)
    return msgspec.structs.replace(to_result(made, trace, ENVIRONMENT), **changes)
