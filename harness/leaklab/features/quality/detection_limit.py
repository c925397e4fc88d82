"""The detection limit: the smallest leaks that are always detected in time, without false alarms.

The programs are a separate catalogue, `fixtures/detection_limit`. Its pairs are leaks, and its
controls are clean. Each run of a program has another seed, so that no two runs are the same.
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

# The maximum time from the start of a run to the verdict for a leak to count as detected in time.
MAX_SECONDS = 5.0

Run = tuple[str, int]


@dataclass(frozen=True)
class DurationSpread:
    """The median and the maximum of several durations."""

    median_seconds: float
    worst_seconds: float


@dataclass(frozen=True)
class Detection:
    """The runs of one program, which is a leak or clean, by seed.

    `cpu` is the CPU time of the measured processes from the first unit to the last. `wall` is the
    time from the start of a run to its verdict. Both are None if no run was measured.
    """

    name: str
    title: str
    leaks: bool
    judged_runs: tuple[tuple[int, JudgedRun], ...]
    cpu: DurationSpread | None
    wall: DurationSpread | None

    @property
    def runs(self) -> int:
        """The number of planned runs."""
        return len(self.judged_runs)

    def count(self, answer: Answer) -> int:
        """Return the number of runs with this answer."""
        return sum(j.answer is answer for _, j in self.judged_runs)

    @property
    def failed_runs(self) -> list[tuple[int, JudgedRun]]:
        """The runs, by seed, with a missed leak, a false alarm or no measurement."""
        if self.leaks:
            return [(seed, j) for seed, j in self.judged_runs if not j.right]
        return [(s, j) for s, j in self.judged_runs if j.wrong or j.answer is Answer.NOT_MEASURED]

    @property
    def meets_limits(self) -> bool:
        """Whether every run of a leak detected it in time, and none of a clean program did."""
        late = self.leaks and (self.wall is None or self.wall.worst_seconds > MAX_SECONDS)
        return not self.failed_runs and not late


class Stopwatch(SerialListener):
    """Passes every event on, and records how long each run took."""

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
    """Open the catalogue of the programs for the detection limit."""
    return Catalogue(builtin_root() / "fixtures" / "detection_limit")


def detection_jobs(
    programs: Catalogue, names: Sequence[str], rounds: int, clean_runs: int
) -> list[Job]:
    """Plan the runs of leaks and of clean programs.

    Args:
        programs: The catalogue.
        names: The names of its programs to run; empty for all.
        rounds: The number of runs of each leak.
        clean_runs: The total number of runs of clean programs, shared evenly.

    Raises:
        BadInput: A name is unknown, or there is nothing to run.
    """
    _require_known(names, programs.names())
    scenarios = programs.load_all(names)
    clean = [s for s in scenarios if s.program]
    shares = [(clean_runs + place) // len(clean) for place in range(len(clean))]
    repeats = {s.name: rounds for s in scenarios} | {
        s.name: share for s, share in zip(clean, shares, strict=True)
    }
    jobs = [job for s in scenarios for job in _jobs(programs, s, repeats[s.name])]
    if not jobs:
        raise BadInput("nothing to run: all programs are clean ones; raise --clean-runs")
    return jobs


def _require_known(names: Sequence[str], known: Sequence[str]) -> None:
    """Check names with a message of its own, because `leaklab list` does not list the programs."""
    for name in names:
        if name not in known:
            problem = f"the detection limit has no program {cut(name)!r}"
            raise BadInput(f"{problem}; it has {', '.join(known)}")


def _jobs(programs: Catalogue, scenario: Scenario, repeat: int) -> list[Job]:
    if not repeat:
        return []
    variant = Variant.PROGRAM if scenario.program else Variant.BUGGY
    planned = plan(programs, PlanRequest((scenario.name,), variant, repeat=repeat))
    return [msgspec.structs.replace(job, seed=job.repeat) for job in planned]


def detections(
    jobs: Sequence[Job], outcome: Outcome, wall_seconds: Mapping[Run, float]
) -> list[Detection]:
    """Group the results of the runs by program, in the order of the plan.

    Args:
        jobs: The plan.
        outcome: The results and failures of the runs.
        wall_seconds: The duration of each run.
    """
    by_scenario: dict[str, list[Job]] = {}
    for job in jobs:
        by_scenario.setdefault(job.scenario.name, []).append(job)
    return [_detection(group, outcome, wall_seconds) for group in by_scenario.values()]


def exit_of(detections: Sequence[Detection]) -> Exit:
    """Return NOT_MEASURED if a run was not measured, otherwise whether all limits are met."""
    if any(s.count(Answer.NOT_MEASURED) for s in detections):
        return Exit.NOT_MEASURED
    return Exit.AS_EXPECTED if all(s.meets_limits for s in detections) else Exit.DIFFERS


def _detection(
    jobs: Sequence[Job], outcome: Outcome, wall_seconds: Mapping[Run, float]
) -> Detection:
    scenario = jobs[0].scenario
    made = [r for r in outcome.results if r.scenario == scenario.name and not r.end_reason.failed]
    cpu = [sum(p.cpu_seconds or 0.0 for p in r.processes) for r in made]
    walls = [wall_seconds[_run(job)] for job in jobs if _run(job) in wall_seconds]
    failures = {_run(failure.job): failure.reason for failure in outcome.failures}
    return Detection(
        name=scenario.name,
        title=scenario.title,
        leaks=scenario.buggy is not None,
        judged_runs=tuple((job.seed, _judged_run(job, made, failures)) for job in jobs),
        cpu=_spread(cpu),
        wall=_spread(walls),
    )


def _judged_run(job: Job, made: Sequence[Result], failures: Mapping[Run, str]) -> JudgedRun:
    reasons = {job.label: failures[_run(job)]} if _run(job) in failures else {}
    (judged,) = judged_runs([job], made, reasons)
    return judged


def _spread(seconds: Sequence[float]) -> DurationSpread | None:
    return DurationSpread(median(seconds), max(seconds)) if seconds else None


def _run(job: Job) -> Run:
    return job.scenario.name, job.repeat
