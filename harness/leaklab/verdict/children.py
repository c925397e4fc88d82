"""Children that a program has of its own: nobody asked about them, and their memory grows."""

from collections.abc import Iterator, Sequence

from leaklab.model.job import Job
from leaklab.model.measurement import Measurement, ProcessRecord, TreeRecord
from leaklab.model.scenario import Resource, Scope
from leaklab.model.signals import Signal
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind

# Of the growth of a tree, the share that its judged processes must account for.
OWN_SHARE = 0.5


def children_grow(
    job: Job, trace: Measurement, processes: Sequence[ProcessRecord], tree: TreeRecord | None
) -> Iterator[Reason]:
    """A remark where the memory of all processes together surely grows, and most of that is
    not in those that are judged."""
    if job.scenario.scope is Scope.TREE or tree is None or tree.verdict is None:
        return
    if job.scenario.resource is not Resource.MEMORY:
        return
    for whole in tree.verdict.estimates:
        if whole.signal is not Signal.PSS_ANON or whole.low <= 0:
            continue
        if whole.conclusion is Conclusion.CLEAN:
            continue
        units = max(trace.units_done, 1)
        own = sum(_per_unit(process) * process.units_done / units for process in processes)
        if own < OWN_SHARE * whole.per_unit:
            yield Reason(
                kind=ReasonKind.CHILDREN_GROW, signal=Signal.PSS_ANON, rate=whole.per_unit - own
            )


def _per_unit(process: ProcessRecord) -> float:
    """Growth of a process's own anonymous memory, by a unit of its own work."""
    found = process.verdict.estimates if process.verdict else []
    return next((e.per_unit for e in found if e.signal is Signal.ANON), 0.0)
