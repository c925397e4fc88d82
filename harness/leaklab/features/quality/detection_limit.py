"""The floor: the smallest leaks found every time and soon, and no false alarm among clean programs.

The programs are a catalogue of their own, `fixtures/detection_limit`: its pairs are leaks, its
controls are clean. No two runs of one are the same, for each has another seed.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import msgspec

from leaklab.catalogue.folders import Catalogue, builtin_root
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.model.errors import BadInput, Exit
from leaklab.model.job import Job
from leaklab.model.result import Result
from leaklab.model.scenario import Scenario, Variant
from leaklab.model.text import cut
from leaklab.runs.listener import Listener, SerialListener
from leaklab.runs.runner import Outcome
from leaklab.verdict.confusion import Answer, JudgedRun, judged_runs

# How soon a leak is to be found, from the start of its run to the verdict.
MAX_SECONDS = 5.0

Run = tuple[str, int]


@dataclass(frozen=True)
class Spread:
    """The median and the worst of several durations."""

    median_seconds: float
    worst_seconds: float


@dataclass(frozen=True)
class Detection:
    """What became of the runs of one program: of a leak that is to be found, or of a clean one.

    `cpu` is what the measured process took from its first unit to its last; `wall` is from the
    start of a run to its verdict. None where no run was measured.
    """

    name: str
    title: str
    leaks: bool
    judged_runs: tuple[tuple[int, JudgedRun], ...]
    cpu: Spread | None
    wall: Spread | None

    @property
    def runs(self) -> int:
        """How many were to be made."""
        return len(self.judged_runs)

    def count(self, said: Answer) -> int:
        """Of how many this was said."""
        return sum(j.answer is said for _, j in self.judged_runs)

    @property
    def missed(self) -> list[tuple[int, JudgedRun]]:
        """The runs, by seed, that must not be: a leak that was not found, or a false alarm."""
        if self.leaks:
            return [(seed, j) for seed, j in self.judged_runs if not j.right]
        return [(s, j) for s, j in self.judged_runs if j.wrong or j.answer is Answer.NOT_MEASURED]

    @property
    def holds(self) -> bool:
        """Whether a leak was found every time and soon; or a clean program was never accused."""
        late = self.leaks and (self.wall is None or self.wall.worst_seconds > MAX_SECONDS)
        return not self.missed and not late


class Stopwatch(SerialListener):
    """Passes every moment on, and keeps how long each run took."""

    def __init__(self, listener: Listener) -> None:
        super().__init__(listener)
        self._begun: dict[Run, float] = {}
        self.wall_seconds: dict[Run, float] = {}

    def run_started(self, job: Job, number: int, of: int) -> None:
        """Start the clock of a run."""
        self._begun[_run(job)] = time.monotonic()
        super().run_started(job, number, of)

    def judged(self, result: Result) -> None:
        """Stop the clock of a run."""
        run = (result.scenario, result.repeat)
        self.wall_seconds[run] = time.monotonic() - self._begun[run]
        super().judged(result)


def detection_catalogue() -> Catalogue:
    """The catalogue of the floor."""
    return Catalogue(builtin_root() / "fixtures" / "detection_limit")


def detection_jobs(
    floor: Catalogue, names: Sequence[str], rounds: int, clean_runs: int
) -> list[Job]:
    """The runs to make: every leak so many times, and the clean programs as often in all.

    Args:
        floor: the catalogue.
        names: which of its programs; empty for all.
        rounds: runs of each leak.
        clean_runs: runs of clean programs in all, shared evenly.

    Raises:
        BadInput: a program that there is not, or nothing to run.
    """
    _refuse_unknown(names, floor.names())
    scenarios = floor.load_all(names)
    clean = [s for s in scenarios if s.program]
    shares = [(clean_runs + place) // len(clean) for place in range(len(clean))]
    often = {s.name: rounds for s in scenarios} | {
        s.name: share for s, share in zip(clean, shares, strict=True)
    }
    found = [job for s in scenarios for job in _jobs(floor, s, often[s.name])]
    if not found:
        raise BadInput("nothing to run: they are clean programs all; give more --clean-runs")
    return found


def _refuse_unknown(names: Sequence[str], known: Sequence[str]) -> None:
    """In the floor's own words, for `leaklab list` does not have its programs."""
    for name in names:
        if name not in known:
            raise BadInput(f"the floor has no program {cut(name)!r}; it has {', '.join(known)}")


def _jobs(floor: Catalogue, scenario: Scenario, repeat: int) -> list[Job]:
    if not repeat:
        return []
    variant = Variant.PROGRAM if scenario.program else Variant.BUGGY
    planned = plan(floor, PlanRequest((scenario.name,), variant, repeat=repeat))
    return [msgspec.structs.replace(job, seed=job.repeat) for job in planned]


def detections(
    jobs: Sequence[Job], outcome: Outcome, wall_seconds: Mapping[Run, float]
) -> list[Detection]:
    """What became of the runs, program by program, in the order of the plan.

    Args:
        jobs: the plan.
        outcome: what they came to.
        wall_seconds: how long each took.
    """
    by_scenario: dict[str, list[Job]] = {}
    for job in jobs:
        by_scenario.setdefault(job.scenario.name, []).append(job)
    return [_sought(group, outcome, wall_seconds) for group in by_scenario.values()]


def exit_of(found: Sequence[Detection]) -> Exit:
    """The exit code: of a run that could not be measured, else of a floor that does not hold."""
    if any(s.count(Answer.NOT_MEASURED) for s in found):
        return Exit.NOT_MEASURED
    return Exit.AS_EXPECTED if all(s.holds for s in found) else Exit.DIFFERS


def _sought(jobs: Sequence[Job], outcome: Outcome, wall_seconds: Mapping[Run, float]) -> Detection:
    scenario = jobs[0].scenario
    made = [r for r in outcome.results if r.scenario == scenario.name and not r.end_reason.failed]
    cpu = [sum(p.cpu_seconds or 0.0 for p in r.processes) for r in made]
    walls = [wall_seconds[_run(job)] for job in jobs if _run(job) in wall_seconds]
    failures = {_run(failure.job): failure.reason for failure in outcome.failures}
    return Detection(
        name=scenario.name,
        title=scenario.title,
        leaks=scenario.buggy is not None,
        judged_runs=tuple((job.seed, _judgement(job, made, failures)) for job in jobs),
        cpu=_spread(cpu),
        wall=_spread(walls),
    )


def _judgement(job: Job, made: Sequence[Result], failures: Mapping[Run, str]) -> JudgedRun:
    reasons = {job.label: failures[_run(job)]} if _run(job) in failures else {}
    (found,) = judged_runs([job], made, reasons)
    return found


def _spread(seconds: Sequence[float]) -> Spread | None:
    return Spread(median(seconds), max(seconds)) if seconds else None


def _run(job: Job) -> Run:
    return job.scenario.name, job.repeat
