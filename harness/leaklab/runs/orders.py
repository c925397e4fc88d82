"""The order that tells an agent what to run."""

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
    """Make the order for a run of a job.

    Args:
        job: The job.
        task: What the agent does.
        units: The work. A rehearsal, which has fewer units than its job, is not open-ended.
        roots, cpus, services, scratch, sampling: The fields of `AgentOrder` of these names.
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
    """Return the signals to read at every sample: those that decide, or their components."""
    components = {Signal.ANON: [Signal.RSS, Signal.SHARED]}
    signals = SIGNALS_OF.get(resource, ())
    return [read.value for signal in signals for read in components.get(signal, [signal])]


def cpus_of_slot(cpus: Sequence[int], slot: int) -> list[int]:
    """Return the CPUs, rotated so that those of one of the concurrent runs come first.

    A worker's CPU has the same distance from its parent's CPU in every slot, and the first worker
    is next to the parent. The RSS of a forked process is counted in part on the parent's CPU, and
    the kernel sums the per-CPU counters only approximately.
    """
    slot %= len(cpus)
    return [*cpus[slot:], *cpus[:slot]]


def _asks(job: Job, *, open_ended: bool) -> Asks:
    """Return when the agent waits for an answer.

    A tree is read from outside at every sample. An open-ended run of one process is judged at its
    checkpoints.
    """
    if job.scenario.scope is Scope.TREE:
        return Asks.AT_EVERY_SAMPLE
    return Asks.AT_CHECKPOINTS if open_ended else Asks.NEVER
