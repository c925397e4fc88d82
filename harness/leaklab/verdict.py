"""The verdict on a run: a pure function of numbers, decided by work done and not by time.

Each signal is judged by `growth.judge_series`. On memory the heap in use and the allocated blocks
decide; RSS beside them adds only what was mapped past both. A leak must still be there after a
collection.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from leaklab.growth import RULE, Finding, Rule, judge_series
from leaklab.model import Growth, Resource
from leaklab.record import Ended, Estimate, ProcessRecord, Reading, Samples, Signal, Verdict
from leaklab.trend import BLOCKS, growth_per_unit, joined, octaves

# Growth smaller than one smallest thing per block of an octave is not told from chance: glibc's
# smallest chunk is 32 bytes, a block or a descriptor is one. RSS moves by pymalloc's arenas.
FLOOR = {
    Signal.HEAP: BLOCKS * 32.0,
    Signal.BLOCKS: BLOCKS * 1.0,
    Signal.RSS: float(1 << 20),
    Signal.DESCRIPTORS: BLOCKS * 1.0,
    Signal.SOCKETS: BLOCKS * 1.0,
    Signal.THREADS: BLOCKS * 1.0,
}

SIGNALS_OF = {
    Resource.MEMORY: (Signal.HEAP, Signal.BLOCKS, Signal.RSS),
    Resource.DESCRIPTORS: (Signal.DESCRIPTORS,),
    Resource.SOCKETS: (Signal.SOCKETS,),
    Resource.THREADS: (Signal.THREADS,),
}

# A rise of which a collection, or a trim, leaves less than this share was mostly not retained.
RETAINED_SHARE = 0.5

NOT_READ = Finding(leak=None, growth=None, reason="its resource was not read")

LABEL = {
    Signal.RSS: "RSS",
    Signal.HEAP: "heap in use",
    Signal.BLOCKS: "allocated blocks",
    Signal.DESCRIPTORS: "descriptors",
    Signal.SOCKETS: "sockets",
    Signal.THREADS: "threads",
}


@dataclass(frozen=True)
class Work:
    """How a run ended, the units it did, and the units its scenario declares a verdict to need.

    With less work done, a cache that is still filling looks like a leak, and a rare leak like none.
    """

    ended: Ended
    done: int
    needed: int


def judge(process: ProcessRecord, resource: Resource, work: Work, rule: Rule = RULE) -> Verdict:
    """Judge one process by its series.

    Args:
        process: the measured process, with its samples and its readings after the last unit.
        resource: the resource the scenario is about; it decides, the others are reported.
        work: how much of the work was done; a run that did less than a verdict needs is undecided.
        rule: the constants.

    Returns:
        The verdict, with an estimate for every signal that was read.
    """
    estimates = [e for signal in FLOOR if (e := _estimate(process, signal, rule)) is not None]
    of = {r: [e for e in estimates if e.signal in signals] for r, signals in SIGNALS_OF.items()}
    findings = {r: _combine(found) for r, found in of.items() if found}
    short = _too_short(work)
    finding = short or findings.get(resource, NOT_READ)
    per_unit, low, high = _quoted(of.get(resource, []))
    return Verdict(
        leak=finding.leak,
        growth=finding.growth,
        resource=resource,
        per_unit=per_unit,
        low=low,
        high=high,
        reasons=[finding.reason],
        estimates=estimates,
        others={r: None if short else f.leak for r, f in findings.items() if r is not resource},
    )


def _estimate(process: ProcessRecord, signal: Signal, rule: Rule) -> Estimate | None:
    """Judge one signal of a process; None where it was not read."""
    units, values = _rows(process.samples, signal)
    if len(values) < 2:
        return None
    finding = judge_series(units, values, FLOOR[signal], rule)
    _, before, last = octaves(units, values)
    if finding.leak:
        finding = _confirm(process, signal, last.minima[0], last.rise) or finding
    slope = growth_per_unit(*joined(before, last))
    return Estimate(
        signal=signal,
        leak=finding.leak,
        growth=finding.growth,
        per_unit=slope.estimate,
        low=slope.low,
        high=slope.high,
        reason=finding.reason,
    )


def _confirm(process: ProcessRecord, signal: Signal, start: float, rise: float) -> Finding | None:
    """Acquit a rise of which the collector, or the allocator when asked, gives back most.

    With its collector off a program's cycles are its leak, so nothing was collected there.
    """
    after = process.after_trim if signal is Signal.RSS else process.after_collect
    value = _value(after, signal)
    if value is None or value - start >= RETAINED_SHARE * rise:
        return None
    by = "malloc_trim" if signal is Signal.RSS else "a collection"
    return Finding(
        leak=False, growth=Growth.SAWTOOTH, reason=f"{by} gives it back: waiting, not leaked"
    )


def _combine(estimates: Sequence[Estimate]) -> Finding:
    """One finding from a resource's signals: a leak if one leaks; RSS alone leaves no doubt."""
    deciding = [e for e in estimates if e.signal is not Signal.RSS] or estimates
    leaking = [e for e in estimates if e.leak]
    doubtful = [e for e in deciding if e.leak is None]
    speaker = next(iter([*leaking, *doubtful, *deciding]))
    return Finding(speaker.leak, speaker.growth, f"{LABEL[speaker.signal]}: {speaker.reason}")


def _quoted(estimates: Sequence[Estimate]) -> tuple[float | None, float | None, float | None]:
    """The amounts to quote, (per unit, low, high): memory in bytes, by the RSS where that leaks."""
    in_bytes = [e for e in estimates if e.signal is not Signal.BLOCKS] or estimates
    for e in sorted(in_bytes, key=lambda e: (not e.leak, e.signal is not Signal.RSS)):
        return e.per_unit, e.low, e.high
    return None, None, None


def _too_short(work: Work) -> Finding | None:
    done, needed = f"{work.done:,}", f"{work.needed:,}"
    if work.ended is not Ended.COMPLETED:
        reason = f"{work.ended} after {done} units; a verdict needs {needed}"
    elif work.done < work.needed:
        reason = f"{done} of the {needed} units that a verdict needs: raise --units"
    else:
        return None
    return Finding(leak=None, growth=None, reason=reason)


def _rows(samples: Samples, signal: Signal) -> tuple[list[float], list[float]]:
    pairs = zip(samples.units, samples.column(signal), strict=False)
    rows = [(float(x), float(y)) for x, y in pairs if y is not None]
    return [x for x, _ in rows], [y for _, y in rows]


def _value(reading: Reading | None, signal: Signal) -> int | None:
    value: int | None = getattr(reading, signal.value, None)
    return value
