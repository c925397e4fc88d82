"""How far a run goes: to where its verdict is certain, or its budget is spent.

At every doubling of the work the agent waits for an answer. Before the units that the scenario
declares, only growth that nothing innocent shows ends a run. From there on, what is not acquitted
is collected, and read again, before it is believed; and a leak must be confirmed over as much
further work as an acquittal that was in doubt. What is judged is exact, so the same run ends at the
same unit each time; only a run that is not certain is ended by what it took.

Where nobody vouches for the units, whatever is still filling looks like a leak: so only the whole
budget is enough for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from leaklab.model.job import Job, Limits
from leaklab.model.measurement import EndReason, ProcessRecord
from leaklab.model.scenario import Criterion, Resource, Scope
from leaklab.model.signals import Samples, Signal
from leaklab.model.verdicts import Verdict
from leaklab.observer.checkpoints import CheckpointOrder, Decision
from leaklab.verdict.growth import CONFIRM_TIMES
from leaklab.verdict.length import RunLength, is_extreme
from leaklab.verdict.process import is_certain, judge_process, judge_tree, rows_of, was_read
from leaklab.verdict.resources import MAX_THREADS, resource_limits
from leaklab.verdict.retained import is_collected

# An acquittal by units that nobody vouches for stands after this share of the budget, or so many
# times that by the clock: a program that waits for others takes hardly any CPU time.
ACQUITTAL_SHARE = 0.1
WAITING_TIMES = 5

NEVER = 1 << 63


@dataclass(frozen=True)
class RunState:
    """A run under way: the units done in all, and what was measured of it until now;
    `surveyed_units` is where its containers were looked at last."""

    units: int
    processes: Sequence[ProcessRecord] = ()
    tree: Samples = field(default_factory=Samples)
    surveyed_units: int = 0

    @property
    def is_collected(self) -> bool:
        """Whether every process has collected since its last unit."""
        return all(is_collected(process) for process in self.processes)


@dataclass(frozen=True)
class ResourceUse:
    """What a run has taken: CPU time (of the process that took most, or of a whole tree), resident
    memory, and time by the clock."""

    cpu_seconds: float
    resident_bytes: int
    elapsed_seconds: float


def decide(job: Job, limits: Limits, so_far: RunState, spent: ResourceUse) -> Decision:
    """What a run is to do, and at how many units that is to be decided again.

    Args:
        job: the run; one without a budget has a fixed length, and always goes on.
        limits: what the run is held to.
        so_far: what is to be judged.
        spent: what it took.
    """
    units, declared = so_far.units, job.units
    if job.budget_seconds is None:
        return Decision(CheckpointOrder.GO_ON, next_units=NEVER)
    if units < declared:
        extreme = _is_extreme(job, limits, so_far)
        order = CheckpointOrder.END if extreme else CheckpointOrder.GO_ON
        return Decision(order, next_units=min(2 * units, declared))
    if job.scenario.judge is Criterion.PEAK or _is_settled(job, limits, so_far, spent):
        return Decision(CheckpointOrder.END)
    if not so_far.is_collected:
        return Decision(CheckpointOrder.COLLECT)
    if not job.scenario.is_vouched and so_far.surveyed_units < units:
        return Decision(CheckpointOrder.SURVEY)
    option = _exhausted_by_doubling(job, limits, so_far, spent) or _counted_out(limits, so_far)
    order = CheckpointOrder.END if option else CheckpointOrder.GO_ON
    return Decision(order, stopped_by_option=option, next_units=2 * units)


def _is_extreme(job: Job, limits: Limits, so_far: RunState) -> bool:
    if job.scenario.judge is Criterion.PEAK:
        return False
    of_tree = job.scenario.scope is Scope.TREE
    series = [so_far.tree] if of_tree else [process.samples for process in so_far.processes]
    held_to = _held_to(limits)
    return any(is_extreme(rows_of(samples), job.scenario.resource, held_to) for samples in series)


def _is_settled(job: Job, limits: Limits, so_far: RunState, spent: ResourceUse) -> bool:
    """Whether more work is not expected to change the verdict."""
    verdicts = [verdict for verdict in _verdicts(job, limits, so_far) if was_read(verdict)]
    if not verdicts:
        return True  # the resource cannot be read here, and more work would not change that
    confirmed = so_far.units >= CONFIRM_TIMES * job.units
    if any(verdict.is_leak for verdict in verdicts):
        sure = confirmed and so_far.is_collected and job.scenario.is_vouched
        return sure and any(v.is_leak and is_certain(v) for v in verdicts)
    if not job.scenario.is_vouched:
        least_seconds = ACQUITTAL_SHARE * (job.budget_seconds or 0.0)
        waited = spent.elapsed_seconds >= WAITING_TIMES * least_seconds
        enough = spent.cpu_seconds >= least_seconds or waited
        if not (confirmed and enough):
            return False
    return all(is_certain(v) for v in verdicts)


def _verdicts(job: Job, limits: Limits, so_far: RunState) -> list[Verdict]:
    """The verdicts that decide the run's: the tree's, or that of each process."""
    resource, declared = job.scenario.resource, job.scenario.units
    held_to = _held_to(limits)
    verdicts = [
        judge_process(
            process, resource, RunLength(EndReason.COMPLETED, process.units_done, declared, held_to)
        )
        for process in so_far.processes
        if job.scenario.scope is not Scope.TREE
    ]
    if job.scenario.scope is Scope.TREE or resource is Resource.SHARED_MEMORY:
        work = RunLength(EndReason.COMPLETED, so_far.units, declared, held_to)
        of_tree = judge_tree(rows_of(so_far.tree), resource, work)
        # Shared memory may grow that is in no file: of memfds the cgroup alone knows.
        if job.scenario.scope is Scope.TREE or of_tree.is_leak:
            verdicts.append(of_tree)
    return verdicts


def _held_to(limits: Limits) -> dict[Resource, float]:
    return resource_limits(limits.memory_bytes, limits.processes, limits.descriptors)


def _exhausted_by_doubling(job: Job, limits: Limits, so_far: RunState, spent: ResourceUse) -> str:
    """The option that does not let the run go as far again; empty if all do. A doubling takes at
    least as much as all before it, and more where the last one took more than its half."""
    more = max([spent.cpu_seconds, *map(_next_cpu_seconds, so_far.processes)])
    most = {
        "--budget": (spent.cpu_seconds + more, job.budget_seconds or 0.0),
        "--memory-limit": (2 * spent.resident_bytes, limits.memory_bytes),
        "--time-limit": (2 * spent.elapsed_seconds, limits.time_seconds),
    }
    return next((option for option, (taken, limit) in most.items() if taken > limit), "")


def _next_cpu_seconds(process: ProcessRecord) -> float:
    """What the next doubling will take, if it takes as many times the last one as that one took of
    the one before: units of some programs grow slower and slower."""
    spent = {stop.units: stop.cpu_seconds for stop in process.stops}
    *_, oldest, before, now = [0.0, 0.0, 0.0, *(spent[units] for units in sorted(spent))]
    last, one_before = now - before, before - oldest
    return last * max(2.0, last / one_before) if one_before > 0 else 0.0


def _counted_out(limits: Limits, so_far: RunState) -> str:
    """The option that limits what a process would have too many of by then, if it goes on as over
    the last half of its work; empty if there is none. What has filled a limit is level from there
    on, as if it were none."""
    most = {
        Signal.DESCRIPTORS: ("--descriptor-limit", limits.descriptors),
        Signal.THREADS: ("--process-limit", MAX_THREADS),
        Signal.PROCESSES: ("--process-limit", limits.processes),
    }
    for process in so_far.processes:
        for signal, (option, limit) in most.items():
            known = [n for n in process.samples.column(signal) if n is not None]
            gained = known[-1] - known[len(known) // 2] if known else 0
            if gained > 0 and known[-1] + 2 * gained > limit:
                return option
    return ""
