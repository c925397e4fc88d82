"""How far a run goes: to where its verdict is certain, or its budget is spent.

At every doubling of the work the agent waits for an answer. Before the units that the scenario
declares, only growth that nothing innocent shows ends a run; from there on, a verdict that more
work is not expected to change. What is judged is exact, so the same run ends at the same unit each
time; only a run that is not certain is ended by what it took.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from leaklab.model.job import Job, Limits
from leaklab.model.measurement import Ended, ProcessRecord
from leaklab.model.scenario import Judge, Scope
from leaklab.model.signals import Samples
from leaklab.model.verdicts import Verdict
from leaklab.observer.checkpoints import Decision
from leaklab.verdict.process import (
    Work,
    is_certain,
    is_extreme,
    judge,
    judge_tree,
    rows_of,
    was_read,
)

# An acquittal in spite of a step stands after this many times the declared units: by then a second
# step of the same rarity would have appeared.
ENOUGH_TIMES = 4

NEVER = 1 << 63


@dataclass(frozen=True)
class SoFar:
    """A run under way: the units done in all, and what was measured of it until now."""

    units: int
    processes: Sequence[ProcessRecord] = ()
    tree: Samples = field(default_factory=Samples)


@dataclass(frozen=True)
class Spent:
    """What a run has taken: CPU time (of the process that took most, or of a whole tree), resident
    memory, and time by the clock."""

    cpu_seconds: float
    resident_bytes: int
    elapsed_seconds: float


def decide(job: Job, limits: Limits, so_far: SoFar, spent: Spent) -> Decision:
    """Whether a run goes on, and at how many units that is to be decided again.

    Args:
        job: the run; one without a budget has a fixed length, and always goes on.
        limits: what the run is held to.
        so_far: what is to be judged.
        spent: what it took.
    """
    units, declared = so_far.units, job.units
    if job.budget_seconds is None:
        return Decision(goes_on=True, next_units=NEVER)
    if units < declared:
        goes_on = not _is_extreme(job, so_far)
        return Decision(goes_on=goes_on, next_units=min(2 * units, declared))
    if _is_settled(job, so_far):
        return Decision(goes_on=False)
    option = _exhausted_by_doubling(job, limits, spent)
    return Decision(goes_on=not option, held_back_by=option, next_units=2 * units)


def _is_extreme(job: Job, so_far: SoFar) -> bool:
    if job.scenario.judge is Judge.PEAK:
        return False
    of_tree = job.scenario.scope is Scope.TREE
    series = [so_far.tree] if of_tree else [process.samples for process in so_far.processes]
    return any(is_extreme(rows_of(samples), job.scenario.resource) for samples in series)


def _is_settled(job: Job, so_far: SoFar) -> bool:
    """Whether more work is not expected to change the verdict."""
    if job.scenario.judge is Judge.PEAK:
        return True
    verdicts = [verdict for verdict in _verdicts(job, so_far) if was_read(verdict)]
    if not verdicts:
        return True  # the resource cannot be read here, and more work would not change that
    if any(verdict.is_leak and is_certain(verdict) for verdict in verdicts):
        return True
    enough = so_far.units >= ENOUGH_TIMES * job.units
    return all(is_certain(v) or (enough and v.is_decided) for v in verdicts)


def _verdicts(job: Job, so_far: SoFar) -> list[Verdict]:
    """The verdicts that decide the run's: the tree's, or that of each process."""
    resource, declared = job.scenario.resource, job.scenario.units
    if job.scenario.scope is Scope.TREE:
        work = Work(Ended.COMPLETED, so_far.units, declared)
        return [judge_tree(rows_of(so_far.tree), resource, work)]
    return [
        judge(process, resource, Work(Ended.COMPLETED, process.units_done, declared))
        for process in so_far.processes
    ]


def _exhausted_by_doubling(job: Job, limits: Limits, spent: Spent) -> str:
    """The option that does not let the run go as far again; empty if all do."""
    most = {
        "--budget": (spent.cpu_seconds, job.budget_seconds or 0.0),
        "--memory-limit": (spent.resident_bytes, limits.memory_bytes),
        "--time-limit": (spent.elapsed_seconds, limits.time_seconds),
    }
    return next((option for option, (taken, limit) in most.items() if 2 * taken > limit), "")
