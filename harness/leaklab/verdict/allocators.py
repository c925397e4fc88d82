"""Memory that a process holds without a leak: uncollected garbage, free lists, fragmentation.

After the last unit the agent runs a garbage collection, takes a reading, calls malloc_trim and
takes another reading. pymalloc never returns an arena that has a live object; the free memory in
its arenas is the interpreter's own count (`sys._debugmallocstats`), read at each doubling of the
work.
"""

from collections.abc import Iterator

from leaklab.model.measurement import ProcessRecord
from leaklab.model.scenario import Growth
from leaklab.model.signals import Reading, Signal
from leaklab.model.units import MIB
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind
from leaklab.verdict.growth import SeriesVerdict, undecided
from leaklab.verdict.in_use import last_half, mapped_gain
from leaklab.verdict.resources import NOISE_FLOOR
from leaklab.verdict.retained import RETAINED_SHARE, Rise, net_value


def explained_growth(process: ProcessRecord, signal: Signal, rise: Rise) -> SeriesVerdict | None:
    """Explain a rise of malloc's heap or pymalloc's blocks that the last collection mostly frees.

    Where the program has switched its collector off, its cycles are its leak and nothing was
    collected. The interpreter's free lists still do not count as the program's memory.

    Args:
        process: The process; its only collection followed the last unit.
        signal: `HEAP` or `BLOCKS`.
        rise: What the series did over the last octave.

    Returns:
        A verdict that is not a leak; None where the rise is retained.
    """
    last = process.after_collect if process.collector_on else process.at_end
    value = net_value(last, signal) if last else None
    pair = last_half(process)
    half = pair[0][1] if pair else Reading()
    free_lists = (half.free_list_blocks or 0) if signal is Signal.BLOCKS else 0
    if value is None or value >= rise.start - free_lists + RETAINED_SHARE * rise.amount:
        return None
    if not process.collector_on:
        return SeriesVerdict(Conclusion.CLEAN, Growth.BOUNDED, Reason(kind=ReasonKind.FREE_LISTS))
    if _kept_beside(process, signal, value) > rise.amount / 2:
        return undecided(ReasonKind.GARBAGE_AND_MORE)
    return SeriesVerdict(Conclusion.CLEAN, Growth.SAWTOOTH, Reason(kind=ReasonKind.GARBAGE))


def explained_anonymous_growth(process: ProcessRecord, rise: Rise) -> SeriesVerdict | None:
    """Explain a rise of anonymous memory that is fragmentation of malloc or pymalloc.

    malloc_trim returns it, or it is free memory in the allocators' heaps, and not memory in use or
    memory mapped outside both.

    Returns:
        A clean verdict; None where fragmentation does not explain the rise.
    """
    trimmed = process.after_trim.anon_bytes if process.after_trim else None
    limit = rise.start + RETAINED_SHARE * rise.amount
    free_arenas = _gained(process, "arena_free_bytes")
    if trimmed is not None and trimmed < limit + free_arenas:
        kind = ReasonKind.MALLOC_FRAGMENTATION
        if trimmed >= limit:
            kind = ReasonKind.PYMALLOC_FRAGMENTATION
        return SeriesVerdict(Conclusion.CLEAN, Growth.SAWTOOTH, Reason(kind=kind))
    free_heap = _gained(process, "heap_free_bytes") if trimmed is None else 0.0
    if free_heap + free_arenas > RETAINED_SHARE * rise.amount:
        by_malloc = free_heap > free_arenas
        kind = ReasonKind.FREED_IN_MALLOC if by_malloc else ReasonKind.PYMALLOC_FRAGMENTATION
        return SeriesVerdict(Conclusion.CLEAN, Growth.SAWTOOTH, Reason(kind=kind))
    return None


def grows_past_allocators(process: ProcessRecord, rise: Rise) -> bool:
    """Return whether most of a rise of anonymous memory was mapped outside both allocators.

    It is False where that is unknown, and where malloc_trim returned the memory.
    """
    gain = mapped_gain(process)
    trimmed = process.after_trim.anon_bytes if process.after_trim else None
    if trimmed is not None and trimmed < rise.start + RETAINED_SHARE * rise.amount:
        return False
    return gain is not None and gain[0] >= RETAINED_SHARE * rise.amount / rise.units * gain[1]


def _kept_beside(process: ProcessRecord, signal: Signal, value: float) -> float:
    """Return what the collection left of the growth since the first eighth of the work.

    Memory that the first units fill does not count as retained.
    """
    rows = zip(process.samples.units, process.samples.column(signal), strict=False)
    known = [v for units, v in rows if v is not None and units >= process.units_done / 8]
    return value - known[0] if known else 0.0


def _gained(process: ProcessRecord, field: str) -> float:
    """Return the growth of a field of `Reading` over the last half of the work; 0 if unknown."""
    pair = last_half(process)
    if pair is None:
        return 0.0
    before, after = (getattr(reading, field) for _, reading in pair)
    return 0.0 if before is None or after is None else max(float(after - before), 0.0)


def allocator_notes(process: ProcessRecord) -> list[Reason]:
    """Return notes on memory that a process holds without a leak.

    A note reports garbage that was most of the growth of the process, or an allocator that holds
    much more memory than is in use.
    """
    return [*_garbage(process), *_fragmentation(process)]


def _garbage(process: ProcessRecord) -> Iterator[Reason]:
    first = next((value for value in process.samples.blocks if value is not None), None)
    end = net_value(process.at_end, Signal.BLOCKS) if process.at_end else None
    after = net_value(process.after_collect, Signal.BLOCKS) if process.after_collect else None
    if first is None or end is None or after is None:
        return
    if end - after > max(RETAINED_SHARE * (end - first), NOISE_FLOOR[Signal.BLOCKS]):
        yield Reason(kind=ReasonKind.GARBAGE_FREED, count=round(end - after))


def _fragmentation(process: ProcessRecord) -> Iterator[Reason]:
    end = process.at_end
    if end is None or end.rss_bytes is None:
        return
    rss_growth = end.rss_bytes - process.baseline_rss_bytes
    start = process.at_start or Reading()
    free_by_kind = {
        ReasonKind.FREE_IN_MALLOC: (end.heap_free_bytes or 0) - (start.heap_free_bytes or 0),
        ReasonKind.FREE_IN_PYMALLOC: (end.arena_free_bytes or 0) - (start.arena_free_bytes or 0),
    }
    for kind, amount in free_by_kind.items():
        free = min(amount, rss_growth)
        if free > max(MIB, (1 - RETAINED_SHARE) * rss_growth):
            yield Reason(kind=kind, held_bytes=rss_growth, free_bytes=free)
