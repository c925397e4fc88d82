"""Memory that is held and not retained: garbage in waiting, and fragmentation of the allocators.

After the last unit the agent collects, reads, has malloc give its free pages back, and reads again.
pymalloc never gives back an arena in which anything is alive; what is free in its arenas is the
interpreter's own count (`sys._debugmallocstats`), read at half of the work and at the end.
"""

from collections.abc import Iterator

from leaklab.model.measurement import ProcessRecord
from leaklab.model.scenario import Growth
from leaklab.model.signals import Reading, Signal
from leaklab.model.units import format_bytes
from leaklab.verdict.growth import Finding
from leaklab.verdict.resources import FLOOR, MIB

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
    if signal is not Signal.RSS and _kept_since_the_start(process, signal, value) > rise / 2:
        reason = "a collection gives much of it back, and as much is kept: name more --units"
        return Finding(leak=None, growth=None, reason=reason)
    if signal is not Signal.RSS:
        by = "a collection gives it back: garbage that waited for the collector"
    elif value < most:
        by = "malloc_trim gives it back: fragmentation of malloc's heap"
    else:
        by = "it is free places in pymalloc's arenas: fragmentation"
    return Finding(leak=False, growth=Growth.SAWTOOTH, reason=f"{by}, not a leak")


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


def remarks(process: ProcessRecord) -> list[str]:
    """A word on garbage that was most of what a process had gained, and on an allocator that holds
    much more than it has handed out."""
    return [*_garbage(process), *_fragmentation(process)]


def _garbage(process: ProcessRecord) -> Iterator[str]:
    first = next((value for value in process.samples.blocks if value is not None), None)
    end, after = (_value(r, Signal.BLOCKS) for r in (process.at_end, process.after_collect))
    if first is None or end is None or after is None:
        return
    if end - after > max(RETAINED_SHARE * (end - first), FLOOR[Signal.BLOCKS]):
        yield f"a collection at the end freed {end - after:,} blocks: garbage that waited for it"


def _fragmentation(process: ProcessRecord) -> Iterator[str]:
    end = process.at_end
    if end is None or end.rss_bytes is None:
        return
    held = end.rss_bytes - process.baseline_rss_bytes
    start = process.at_start or Reading()
    free = {
        "malloc's heap": (end.heap_free_bytes or 0) - (start.heap_free_bytes or 0),
        "pymalloc's arenas": (end.arena_free_bytes or 0) - (start.arena_free_bytes or 0),
    }
    for whose, amount in free.items():
        if min(amount, held) > max(MIB, (1 - RETAINED_SHARE) * held):
            unused = format_bytes(min(amount, held))
            words = f"of the {format_bytes(held)} held at the end, {unused} are free places"
            yield f"{words} in {whose}: fragmentation"


def _value(reading: Reading | None, signal: Signal) -> int | None:
    value: int | None = getattr(reading, signal.value, None)
    return value
