"""The sequential stopping rule: a run ends when its verdict is certain or its budget is spent.

The agent waits for a decision at every doubling of the work. Before the units that the scenario
declares, a run ends only for growth that no sound program shows. After that, a run that is not
clean collects its garbage and is read again before a leak is accepted. A leak must be confirmed
over as much further work as a clean verdict that was in doubt. The judged readings are exact, so
the same run ends at the same unit each time. CPU time, memory and elapsed time end only a run
with an uncertain verdict.

When the declared units are not vouched for, anything that is still filling looks like a leak.
A leak then takes the whole budget.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from leaklab.model.job import Job, Limits
from leaklab.model.measurement import EndReason, Life, ProcessRecord
from leaklab.model.scenario import Criterion, Resource, Scope
from leaklab.model.signals import Samples, Signal
from leaklab.model.verdicts import Verdict
from leaklab.observer.checkpoints import CheckpointOrder, Decision
from leaklab.verdict.growth import CONFIRM_TIMES
from leaklab.verdict.length import RunLength, is_extreme
from leaklab.verdict.process import is_certain, judge_process, judge_tree, rows_of, was_read
from leaklab.verdict.resources import MAX_THREADS, resource_limits
from leaklab.verdict.retained import is_collected

# When the units are not vouched for, a clean verdict stands after this share of the budget in CPU
# time. A program that waits for others takes hardly any CPU time, so WAITING_TIMES as much elapsed
# time is enough, too.
ACQUITTAL_SHARE = 0.1
WAITING_TIMES = 5

NEVER = 1 << 63


@dataclass(frozen=True)
class RunState:
    """A run under way: the units done by all processes, and what was measured until now.

    `replaced` are the processes that started and ended, where the tree is judged. `surveyed_units`
    are the units at which the sizes of its containers were last read.
    """

    units: int
    processes: Sequence[ProcessRecord] = ()
    tree: Samples = field(default_factory=Samples)
    replaced: Sequence[Life] = ()
    surveyed_units: int = 0

    @property
    def is_collected(self) -> bool:
        """Whether every process has collected its garbage since its last unit."""
        return all(is_collected(process) for process in self.processes)


@dataclass(frozen=True)
class ResourceUse:
    """What a run has used: CPU time, resident memory and elapsed time.

    The CPU time is that of the process with most of it, or of the whole tree if that is judged.
    """

    cpu_seconds: float
    resident_bytes: int
    elapsed_seconds: float


def decide(job: Job, limits: Limits, state: RunState, used: ResourceUse) -> Decision:
    """Decide what a run does next, and at how many units it asks again.

    Args:
        job: The run. One without a budget has a fixed length, and always goes on.
        limits: The limits of the run.
        state: What was measured until now.
        used: The resources that the run has used.
    """
    units, declared = state.units, job.units
    if job.budget_seconds is None:
        return Decision(CheckpointOrder.GO_ON, next_units=NEVER)
    if units < declared:
        extreme = _is_extreme(job, limits, state)
        order = CheckpointOrder.END if extreme else CheckpointOrder.GO_ON
        return Decision(order, next_units=min(2 * units, declared))
    if job.scenario.judge is Criterion.PEAK or _verdict_is_certain(job, limits, state, used):
        return Decision(CheckpointOrder.END)
    if not state.is_collected:
        return Decision(CheckpointOrder.COLLECT)
    if not job.scenario.is_vouched and state.surveyed_units < units:
        return Decision(CheckpointOrder.SURVEY)
    option = _exhausted_by_doubling(job, limits, state, used) or _exhausted_count(limits, state)
    order = CheckpointOrder.END if option else CheckpointOrder.GO_ON
    return Decision(order, stopped_by_option=option, next_units=2 * units)


def _is_extreme(job: Job, limits: Limits, state: RunState) -> bool:
    if job.scenario.judge is Criterion.PEAK:
        return False
    of_tree = job.scenario.scope is Scope.TREE
    series = [state.tree] if of_tree else [process.samples for process in state.processes]
    by_resource = _limits_by_resource(limits)
    return any(
        is_extreme(rows_of(samples), job.scenario.resource, by_resource) for samples in series
    )


def _verdict_is_certain(job: Job, limits: Limits, state: RunState, used: ResourceUse) -> bool:
    """Whether more work would not change the verdict."""
    verdicts = [verdict for verdict in _verdicts(job, limits, state) if was_read(verdict)]
    if not verdicts:
        return True  # the resource cannot be read here; more work does not change that
    confirmed = state.units >= CONFIRM_TIMES * job.units
    if any(verdict.is_leak for verdict in verdicts):
        sure = confirmed and state.is_collected and job.scenario.is_vouched
        return sure and any(v.is_leak and is_certain(v) for v in verdicts)
    if not job.scenario.is_vouched:
        min_seconds = ACQUITTAL_SHARE * (job.budget_seconds or 0.0)
        waited = used.elapsed_seconds >= WAITING_TIMES * min_seconds
        enough = used.cpu_seconds >= min_seconds or waited
        if not (confirmed and enough):
            return False
    return all(is_certain(v) for v in verdicts)


def _verdicts(job: Job, limits: Limits, state: RunState) -> list[Verdict]:
    """Return the verdicts that decide that of the run: of the tree, or of each process."""
    resource, declared = job.scenario.resource, job.scenario.units
    by_resource = _limits_by_resource(limits)
    verdicts = [
        judge_process(
            process,
            resource,
            RunLength(EndReason.COMPLETED, process.units_done, declared, by_resource),
        )
        for process in state.processes
        if job.scenario.scope is not Scope.TREE
    ]
    if job.scenario.scope is Scope.TREE or resource is Resource.SHARED_MEMORY:
        work = RunLength(EndReason.COMPLETED, state.units, declared, by_resource)
        of_tree = judge_tree(rows_of(state.tree), resource, work, state.replaced)
        # Shared memory can grow outside of any file: only the cgroup counts memfds.
        if job.scenario.scope is Scope.TREE or of_tree.is_leak:
            verdicts.append(of_tree)
    return verdicts


def _limits_by_resource(limits: Limits) -> dict[Resource, float]:
    return resource_limits(limits.memory_bytes, limits.processes, limits.descriptors)


def _exhausted_by_doubling(job: Job, limits: Limits, state: RunState, used: ResourceUse) -> str:
    """Return the option that sets the limit which the next doubling would exceed, or "".

    A doubling takes at least as much CPU time as all the work before it. It takes more if the last
    one took more than half of the total.
    """
    more = max([used.cpu_seconds, *map(_next_cpu_seconds, state.processes)])
    needs_and_limits = {
        "--budget": (used.cpu_seconds + more, job.budget_seconds or 0.0),
        "--memory-limit": (2 * used.resident_bytes, limits.memory_bytes),
        "--time-limit": (2 * used.elapsed_seconds, limits.time_seconds),
    }
    return next((name for name, (need, limit) in needs_and_limits.items() if need > limit), "")


def _next_cpu_seconds(process: ProcessRecord) -> float:
    """Return the CPU seconds that the next doubling takes, extrapolated from the last two.

    The ratio of the last two is assumed to stay, because some programs do each unit more slowly
    than the one before. It is taken as at least 2.
    """
    spent = {stop.units: stop.cpu_seconds for stop in process.stops}
    *_, oldest, before, now = [0.0, 0.0, 0.0, *(spent[units] for units in sorted(spent))]
    last, one_before = now - before, before - oldest
    return last * max(2.0, last / one_before) if one_before > 0 else 0.0


def _exhausted_count(limits: Limits, state: RunState) -> str:
    """Return the option that limits a count which would be exceeded at the next doubling.

    The count is extrapolated from the last half of the work; the option is empty if no limit is
    reached. A count that has filled its limit stays level afterwards and would pass for clean.
    """
    limit_by_signal = {
        Signal.DESCRIPTORS: ("--descriptor-limit", limits.descriptors),
        Signal.THREADS: ("--process-limit", MAX_THREADS),
        Signal.PROCESSES: ("--process-limit", limits.processes),
    }
    for process in state.processes:
        for signal, (option, limit) in limit_by_signal.items():
            known = [n for n in process.samples.column(signal) if n is not None]
            gained = known[-1] - known[len(known) // 2] if known else 0
            if gained > 0 and known[-1] + 2 * gained > limit:
                return option
    return ""
