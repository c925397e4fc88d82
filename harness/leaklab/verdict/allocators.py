"""Memory that is held and not retained: garbage in waiting, and fragmentation of the allocators.

After the last unit the agent collects, reads, has malloc give its free pages back, and reads again.
pymalloc never gives back an arena in which anything is alive; what is free in its arenas is the
interpreter's own count (`sys._debugmallocstats`), read at half of the work and at the end.
"""

from collections.abc import Iterator

from leaklab.model.measurement import ProcessRecord
from leaklab.model.scenario import Growth
from leaklab.model.signals import Reading, Signal
from leaklab.model.units import MIB
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind
from leaklab.verdict.growth import Finding, undecided
from leaklab.verdict.resources import FLOOR

# A rise of which a collection, or a trim, leaves less than this share was mostly not retained; and
# an allocator that has handed out less than this share of what it holds is fragmented.
RETAINED_SHARE = 0.5


def acquit(process: ProcessRecord, signal: Signal, start: float, rise: float) -> Finding | None:
    """Acquit a rise of which the collector, or an allocator, gives back most when asked, and one
    of RSS that is free places in pymalloc's arenas, which it never gives back when asked.

    With its collector off a program's cycles are its leak, so nothing was collected there.
    """
    after = process.after_trim if signal is Signal.RSS else process.after_collect
    value = _value(after, signal)
    most = start + RETAINED_SHARE * rise
    if value is None or value >= most + _arenas_gained(process, signal):
        return None
    if signal is not Signal.RSS:
        if _kept_since_the_start(process, signal, value) > rise / 2:
            return undecided(ReasonKind.GARBAGE_AND_MORE)
        kind = ReasonKind.GARBAGE
    elif value < most:
        kind = ReasonKind.MALLOC_FRAGMENTATION
    else:
        kind = ReasonKind.PYMALLOC_FRAGMENTATION
    return Finding(Conclusion.CLEAN, Growth.SAWTOOTH, Reason(kind=kind))


def _kept_since_the_start(process: ProcessRecord, signal: Signal, value: float) -> float:
    """What is left after the collection of all that was gained since the first sample."""
    column = process.samples.column(signal)
    return value - next((first for first in column if first is not None), value)


def _arenas_gained(process: ProcessRecord, signal: Signal) -> int:
    """By how much the free places in pymalloc's arenas have grown over the last half of the work;
    they count in RSS."""
    if signal is not Signal.RSS or process.halfway is None or process.after_collect is None:
        return 0
    before, after = process.halfway.arena_free_bytes, process.after_collect.arena_free_bytes
    return 0 if before is None or after is None else max(after - before, 0)


def remarks(process: ProcessRecord) -> list[Reason]:
    """A word on garbage that was most of what a process had gained, and on an allocator that holds
    much more than it has handed out."""
    return [*_garbage(process), *_fragmentation(process)]


def _garbage(process: ProcessRecord) -> Iterator[Reason]:
    first = next((value for value in process.samples.blocks if value is not None), None)
    end, after = (_value(r, Signal.BLOCKS) for r in (process.at_end, process.after_collect))
    if first is None or end is None or after is None:
        return
    if end - after > max(RETAINED_SHARE * (end - first), FLOOR[Signal.BLOCKS]):
        yield Reason(kind=ReasonKind.GARBAGE_FREED, count=end - after)


def _fragmentation(process: ProcessRecord) -> Iterator[Reason]:
    end = process.at_end
    if end is None or end.rss_bytes is None:
        return
    held = end.rss_bytes - process.baseline_rss_bytes
    start = process.at_start or Reading()
    free_by_kind = {
        ReasonKind.FREE_IN_MALLOC: (end.heap_free_bytes or 0) - (start.heap_free_bytes or 0),
        ReasonKind.FREE_IN_PYMALLOC: (end.arena_free_bytes or 0) - (start.arena_free_bytes or 0),
    }
    for kind, amount in free_by_kind.items():
        free = min(amount, held)
        if free > max(MIB, (1 - RETAINED_SHARE) * held):
            yield Reason(kind=kind, held_bytes=held, free_bytes=free)


def _value(reading: Reading | None, signal: Signal) -> int | None:
    value: int | None = getattr(reading, signal.value, None)
    return value
