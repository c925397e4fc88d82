"""How much memory a process has in use, and where it grew.

In use is what malloc and pymalloc have handed out. malloc's part is read at every sample,
pymalloc's at stops only: in between it goes with the number of its blocks, whose mean size from one
stop to the next is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from leaklab.model.measurement import ProcessRecord, Stop
from leaklab.model.signals import Reading, Signal
from leaklab.model.units import PAGE_BYTES
from leaklab.model.verdicts import Split
from leaklab.verdict.octaves import BLOCKS, Rows, Slope, growth_per_unit, joined, octaves
from leaklab.verdict.retained import Kept, kept_of

# pymalloc's smallest and largest blocks.
MIN_BLOCK_BYTES, MAX_BLOCK_BYTES = 16, 512


def in_use_rows(process: ProcessRecord) -> Rows:
    """The memory in use at each sample, by the work done; empty where it cannot be told."""
    samples, stops = process.samples, _usable(process.stops)
    if not stops:
        return [], []
    found = [
        (float(units), heap + _pymalloc_bytes(stops, units, blocks))
        for units, heap, blocks in zip(
            samples.units, samples.heap_bytes, samples.blocks, strict=False
        )
        if heap is not None and blocks is not None
    ]
    return [units for units, _ in found], [value for _, value in found]


def growth_in_use(process: ProcessRecord, rows: Rows) -> Slope:
    """Growth per unit of work over the last two octaves, with a 95 % interval.

    The mean and not the median: a table that is rebuilt now and then is part of what an entry
    costs. Two octaves are four times the work, over which a table that doubles does so twice; so
    it is taken from stop to stop, which lie at doublings. Where it was collected meanwhile, growth
    is what was retained from one collection to another.
    """
    _, before, last = octaves(*rows)
    units, minima = joined(before, last)
    slope = growth_per_unit(units, minima)
    if units.size < 3:
        return slope
    oldest = rows[0][-1] / 4
    kept = [k for k in kept_of(process, Signal.IN_USE) if k.units >= oldest]
    if len(kept) >= 2:
        return _between_collections(kept, slope)
    mean = float(minima[-1] - minima[0]) / float(units[-1] - units[0])
    ends = [s for s in _usable(process.stops) if s.units >= oldest]
    if len(ends) >= 2 and ends[-1].units > ends[0].units:
        gained = _held(ends[-1].reading) - _held(ends[0].reading)
        exact = gained / (ends[-1].units - ends[0].units)
        mean = exact if slope.low <= exact <= slope.high else mean
    return Slope(mean, min(slope.low, mean), max(slope.high, mean))


def _between_collections(kept: Sequence[Kept], slope: Slope) -> Slope:
    """The mean from the first collection to the last, and an interval that holds the growth of each
    stretch; that of the rows, too, where these are not mostly garbage."""
    rates = [(b.value - a.value) / (b.units - a.units) for a, b in pairwise(kept)]
    whole = (kept[-1].value - kept[0].value) / (kept[-1].units - kept[0].units)
    if not slope.low <= whole <= slope.high:
        return Slope(whole, min(rates), max(rates))
    return Slope(whole, min(slope.low, *rates), max(slope.high, *rates))


def _held(reading: Reading) -> int:
    return (reading.heap_bytes or 0) + (reading.pymalloc_bytes or 0)


def surely_above_zero(slope: Slope, rows: Rows) -> Slope:
    """The growth of what is known to grow, from the order of its readings: an interval that takes
    the increments for independent may hold zero all the same. Its lower end is then the slower
    octave's mean."""
    if slope.low > 0:
        return slope
    _, before, last = octaves(*rows)
    means = [o.rise / float(o.units[-1] - o.units[0]) for o in (before, last) if o.minima.size > 1]
    low = min([m for m in means if m > 0], default=slope.estimate / 2)
    return Slope(slope.estimate, min(low, slope.estimate), max(slope.high, slope.estimate))


def split_of(process: ProcessRecord) -> Split | None:
    """Where memory grew over the last half of the work; None where it cannot be told."""
    pair = last_half(process)
    if pair is None:
        return None
    (units, before), (done, after) = pair
    gains = _gains(before, after)
    return Split(
        **{k: None if gain is None else gain / (done - units) for k, gain in gains.items()}
    )


def mapped_gain(process: ProcessRecord) -> tuple[float, float] | None:
    """By how many bytes the anonymous memory past both allocators grew over the last half of the
    work, and over how many units; None where it cannot be told."""
    pair = last_half(process)
    if pair is None:
        return None
    (units, before), (done, after) = pair
    gain = _gains(before, after)["mapped"]
    return None if gain is None else (gain, float(done - units))


def with_mapped(process: ProcessRecord, slope: Slope) -> Slope:
    """Growth in use, and what is mapped past the allocators beside it, where that is more than a
    page a block and a tenth of all."""
    gain = mapped_gain(process)
    if gain is None or gain[0] < BLOCKS * PAGE_BYTES:
        return slope
    rate = gain[0] / gain[1]
    if rate < 0.1 * (rate + max(slope.estimate, 0.0)):
        return slope
    return Slope(slope.estimate + rate, slope.low + rate, slope.high + rate)


def _usable(stops: Sequence[Stop]) -> list[Stop]:
    return [s for s in stops if s.reading.pymalloc_bytes is not None and s.reading.blocks]


def _pymalloc_bytes(stops: Sequence[Stop], units: int, blocks: int) -> float:
    """What pymalloc had handed out when so many of its blocks were in use."""
    after = next((i for i, stop in enumerate(stops) if stop.units >= units), len(stops) - 1)
    here = stops[after].reading
    there = stops[after - 1 if after else min(1, len(stops) - 1)].reading
    known = here.pymalloc_bytes or 0
    gained_blocks = (here.blocks or 0) - (there.blocks or 0)
    mean = known / (here.blocks or 1)
    if abs(gained_blocks) >= BLOCKS:
        mean = (known - (there.pymalloc_bytes or 0)) / gained_blocks
    mean = min(max(mean, MIN_BLOCK_BYTES), MAX_BLOCK_BYTES)
    return known + mean * (blocks - (here.blocks or 0))


def last_half(process: ProcessRecord) -> tuple[tuple[int, Reading], tuple[int, Reading]] | None:
    """The readings at half of the work and at its end, after a collection if there are such."""
    readings = [(stop.units, stop.reading) for stop in process.stops]
    done = process.units_done
    last = process.after_collect or process.at_end
    if last:
        readings.append((done, last))
    halves = [one for one in readings if done / 4 <= one[0] <= done * 0.75 < done]
    if not halves or not readings or readings[-1][0] < done:
        return None
    half = min(halves, key=lambda one: abs(one[0] - done / 2))
    # Of two at one place the later was read after a collection.
    half = [one for one in halves if one[0] == half[0]][-1]
    return half, readings[-1]


def _gains(before: Reading, after: Reading) -> dict[str, float | None]:
    """What each part of the memory gained from one reading to another, by the names of `Split`."""

    def gain(field: str) -> float | None:
        a, b = getattr(before, field), getattr(after, field)
        return None if a is None or b is None else float(b - a)

    heap, pymalloc, anonymous = gain("heap_bytes"), gain("pymalloc_bytes"), gain("anon_bytes")
    shared, resident = gain("shmem_bytes"), gain("shared_bytes")
    free = [gain("heap_free_bytes"), gain("arena_free_bytes")]
    mapped = None
    if anonymous is not None and heap is not None and pymalloc is not None:
        # What is free may never have been touched: that it shrinks says nothing of what is mapped.
        held = sum(max(one, 0.0) for one in free if one is not None)
        mapped = anonymous - heap - pymalloc - held
    return {
        "pymalloc": pymalloc,
        "malloc": heap,
        "mapped": mapped,
        "free": None if None in free else sum(one or 0.0 for one in free),
        "file_pages": None if resident is None or shared is None else resident - shared,
        "shared": shared,
        "tmpfs": gain("tmpfs_bytes"),
        "anonymous": anonymous,
    }
