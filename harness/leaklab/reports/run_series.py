"""The series of a saved result that a chart shows: one for each process, or that of the tree."""

from dataclasses import dataclass

from leaklab.model.errors import BadInput
from leaklab.model.measurement import ProcessRecord
from leaklab.model.result import Result
from leaklab.model.scenario import Resource, Scope
from leaklab.model.signals import Samples, Signal
from leaklab.model.verdicts import Conclusion, Verdict
from leaklab.verdict.pairs import label
from leaklab.verdict.resources import COUNTED, SIGNAL_LABELS
from leaklab.verdict.run import process_label


@dataclass(frozen=True)
class Series:
    """A line of a chart: `values` are in bytes or in pieces, after `units` units of work."""

    name: str
    units: list[int]
    values: list[float]

    def until(self, end: int) -> "Series":
        """Return the series without the samples after `end` units."""
        kept = sum(units <= end for units in self.units)
        return Series(self.name, self.units[:kept], self.values[:kept])


@dataclass(frozen=True)
class RunSeries:
    """The lines of a result, and the verdict on the main one.

    Attributes:
        result: The result.
        main: The process that the verdict is about; of a clean run, the one with the largest peak.
        verdict: The verdict on that process, or on the tree; None where the line is cut.
        others: The other processes.
    """

    result: Result
    main: Series
    verdict: Verdict | None
    others: tuple[Series, ...] = ()


def series_of(result: Result) -> RunSeries:
    """Select the samples of the main process and of the others, or those of a judged tree.

    Memory is RSS above the process's baseline (of a tree, PSS without files), in bytes. A run that
    is judged by another resource shows the number of its pieces.

    Raises:
        BadInput: The main process or the tree has no such samples.
    """
    signal = signal_of(result)
    if result.scope is Scope.TREE:
        samples = result.tree.samples if result.tree else Samples()
        run = RunSeries(result, _series("tree", samples, signal, 0), result.verdict)
    elif result.processes:
        main = _main_process(result)
        others = [_of_process(p, signal) for p in result.processes if p is not main]
        read = tuple(line for line in others if line.units)
        run = RunSeries(result, _of_process(main, signal), main.verdict or result.verdict, read)
    if not result.processes or not run.main.units:
        raise BadInput(f"{label(result)} has no samples of {SIGNAL_LABELS[signal]}; run it again")
    return run


def signal_of(result: Result) -> Signal:
    """Return the signal that shows the resource by which a result is judged."""
    resource = result.verdict.resource
    if resource is not Resource.MEMORY:
        return COUNTED[resource][0]
    return Signal.PSS_ANON if result.scope is Scope.TREE else Signal.RSS


def _main_process(result: Result) -> ProcessRecord:
    if result.verdict.conclusion is Conclusion.CLEAN and result.verdict.resource is Resource.MEMORY:
        return max(result.processes, key=lambda process: process.peak_rss_bytes)
    return result.processes[result.worst_process or 0]


def _of_process(process: ProcessRecord, signal: Signal) -> Series:
    baseline = process.baseline_rss_bytes if signal.in_bytes else 0
    return _series(process_label(process), process.samples, signal, baseline)


def _series(name: str, samples: Samples, signal: Signal, baseline: int) -> Series:
    rows = [
        (units, float(value - baseline))
        for units, value in zip(samples.units, samples.column(signal), strict=False)
        if value is not None
    ]
    return Series(name, [units for units, _ in rows], [value for _, value in rows])
