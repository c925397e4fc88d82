"""Memory that grows in a program's own child processes, which are not judged."""

from collections.abc import Iterator, Sequence

from leaklab.model.job import Job
from leaklab.model.measurement import Measurement, ProcessRecord, TreeRecord
from leaklab.model.scenario import Resource, Scope
from leaklab.model.signals import Signal
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind

# The share of a tree's growth that the judged processes must account for.
OWN_SHARE = 0.5


def children_grow(
    job: Job, measurement: Measurement, processes: Sequence[ProcessRecord], tree: TreeRecord | None
) -> Iterator[Reason]:
    """Note that memory grows mostly outside the judged processes.

    Args:
        job: The run.
        measurement: What was measured of it.
        processes: The judged processes, with their verdicts.
        tree: All processes together, with their verdict; None where they were not read.

    Yields:
        One reason, where the memory of the whole tree surely grows and the judged processes account
        for less than half of that.
    """
    if job.scenario.scope is Scope.TREE or tree is None or tree.verdict is None:
        return
    if job.scenario.resource is not Resource.MEMORY:
        return
    for whole in tree.verdict.estimates:
        if whole.signal is not Signal.PSS_ANON or whole.low <= 0:
            continue
        if whole.conclusion is Conclusion.CLEAN:
            continue
        units = max(measurement.units_done, 1)
        own = sum(_per_unit(process) * process.units_done / units for process in processes)
        if own < OWN_SHARE * whole.per_unit:
            yield Reason(
                kind=ReasonKind.CHILDREN_GROW, signal=Signal.PSS_ANON, rate=whole.per_unit - own
            )


def _per_unit(process: ProcessRecord) -> float:
    """Return the growth of a process's anonymous memory per unit of its own work, in bytes."""
    estimates = process.verdict.estimates if process.verdict else []
    return next((e.per_unit for e in estimates if e.signal is Signal.ANON), 0.0)
