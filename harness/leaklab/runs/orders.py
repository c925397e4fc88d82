"""What an agent is told of a job."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from leaklab.model.job import Job
from leaklab.model.scenario import Resource, Scope
from leaklab.model.signals import Signal
from leaklab.sandbox.protocol import AgentOrder, Asks, Task
from leaklab.verdict.resources import SIGNALS_OF


def agent_order(  # noqa: PLR0913  (what differs between runs of one job)
    job: Job,
    task: Task,
    units: int,
    *,
    roots: Sequence[Path],
    cpus: Sequence[int],
    services: Mapping[str, str],
    scratch: Path,
    sampling: bool,
) -> AgentOrder:
    """The order for a run of a job, in the words of `AgentOrder`.

    Args:
        job: the job.
        task: what the agent does.
        units: the work. A rehearsal, which has fewer units than its job, is not open-ended.
        roots, cpus, services, scratch, sampling: as `AgentOrder` has them.
    """
    open_ended = job.budget_seconds is not None and units >= job.units
    return AgentOrder(
        task=task,
        roots=[str(root) for root in roots],
        scenario=job.scenario.name,
        variant=job.variant.value,
        units=units,
        seed=job.seed,
        options=dict(job.options),
        services=dict(services),
        scratch=str(scratch),
        sampling=sampling,
        judged=_judged(job.scenario.resource),
        asks=_asks(job, open_ended=open_ended),
        open_ended=open_ended,
        surveys=not job.scenario.is_vouched,
        method=job.mode.value,
        workers=job.workers,
        cpus=list(cpus),
    )


def _judged(resource: Resource) -> list[str]:
    """What is read at every sample: the signals that decide, or those that they are made of."""
    made_of = {Signal.ANON: [Signal.RSS, Signal.SHARED]}
    signals = SIGNALS_OF.get(resource, ())
    return [read.value for signal in signals for read in made_of.get(signal, [signal])]


def cpus_of_slot(cpus: Sequence[int], slot: int) -> list[int]:
    """The CPUs in the order of one of the slots in which runs are made at a time.

    A worker lies to its parent on the CPUs as in any other slot, the first beside it: a forked
    one's RSS was counted in part on the parent's CPU, and the kernel sums that up roughly.
    """
    slot %= len(cpus)
    return [*cpus[slot:], *cpus[:slot]]


def _asks(job: Job, *, open_ended: bool) -> Asks:
    """A tree is read from outside at every sample; else an open-ended run is judged on its way."""
    if job.scenario.scope is Scope.TREE:
        return Asks.AT_EVERY_SAMPLE
    return Asks.AT_CHECKPOINTS if open_ended else Asks.NEVER
