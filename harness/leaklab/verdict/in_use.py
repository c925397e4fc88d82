"""The memory that a process has in use, and the part of its memory that grew.

Memory in use is what malloc and pymalloc have allocated to the program. malloc's part is read at
every sample, pymalloc's at stops only. Between stops it is estimated from the number of pymalloc's
blocks and their mean size from one stop to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from leaklab.model.measurement import ProcessRecord, Stop
from leaklab.model.signals import Reading, Signal
from leaklab.model.units import PAGE_BYTES
from leaklab.model.verdicts import Split
from leaklab.verdict.octaves import BLOCKS, Rows, Slope, growth_per_unit, joined, octaves
from leaklab.verdict.retained import RetainedReading, retained_readings

# pymalloc's smallest and largest blocks.
MIN_BLOCK_BYTES, MAX_BLOCK_BYTES = 16, 512


def in_use_rows(process: ProcessRecord) -> Rows:
    """Return the units and the memory in use, in bytes, at each sample; empty if unknown."""
    samples, stops = process.samples, _usable(process.stops)
    if not stops:
        return [], []
    rows = [
        (float(units), heap + _pymalloc_bytes(stops, units, blocks))
        for units, heap, blocks in zip(
            samples.units, samples.heap_bytes, samples.blocks, strict=False
        )
        if heap is not None and blocks is not None
    ]
    return [units for units, _ in rows], [value for _, value in rows]


def growth_in_use(process: ProcessRecord, rows: Rows) -> Slope:
    """Return the growth per unit of work over the last two octaves, with a 95 % interval.

    It is the mean and not the median, because the rebuilding of a table is part of the cost of its
    entries. The mean is taken between stops, which are at doublings of the work: while the work
    grows to four times as much, a table that doubles does so twice. Where there were collections,
    the growth is what was retained from the first of them to the last.

    Args:
        process: The process, with its stops.
        rows: Its memory in use (`in_use_rows`).
    """
    _, before, last = octaves(*rows)
    units, minima = joined(before, last)
    slope = growth_per_unit(units, minima)
    if units.size < 3:
        return slope
    oldest = rows[0][-1] / 4
    kept = [k for k in retained_readings(process, Signal.IN_USE) if k.units >= oldest]
    if len(kept) >= 2:
        return _between_collections(kept, slope)
    mean = float(minima[-1] - minima[0]) / float(units[-1] - units[0])
    ends = [s for s in _usable(process.stops) if s.units >= oldest]
    if len(ends) >= 2 and ends[-1].units > ends[0].units:
        gained = _allocated(ends[-1].reading) - _allocated(ends[0].reading)
        exact = gained / (ends[-1].units - ends[0].units)
        mean = exact if slope.low <= exact <= slope.high else mean
    return Slope(mean, min(slope.low, mean), max(slope.high, mean))


def _between_collections(kept: Sequence[RetainedReading], slope: Slope) -> Slope:
    """Return the mean growth from the first collection to the last.

    The interval encloses the rates from each collection to the next. It also encloses the interval
    of the slope of the rows, if that includes the mean; otherwise the rows are mostly garbage.
    """
    rates = [(b.value - a.value) / (b.units - a.units) for a, b in pairwise(kept)]
    whole = (kept[-1].value - kept[0].value) / (kept[-1].units - kept[0].units)
    if not slope.low <= whole <= slope.high:
        return Slope(whole, min(rates), max(rates))
    return Slope(whole, min(slope.low, *rates), max(slope.high, *rates))


def _allocated(reading: Reading) -> int:
    return (reading.heap_bytes or 0) + (reading.pymalloc_bytes or 0)


def surely_above_zero(slope: Slope, rows: Rows) -> Slope:
    """Return the growth of a leaking series with an interval above zero.

    The order of the readings shows that the series grows, but an interval that assumes independent
    increments may still include zero. Its lower end is then the mean of the slower octave.
    """
    if slope.low > 0:
        return slope
    _, before, last = octaves(*rows)
    means = [o.rise / float(o.units[-1] - o.units[0]) for o in (before, last) if o.minima.size > 1]
    low = min([m for m in means if m > 0], default=slope.estimate / 2)
    return Slope(slope.estimate, min(low, slope.estimate), max(slope.high, slope.estimate))


def split_of(process: ProcessRecord) -> Split | None:
    """Return where memory grew over the last half of the work; None if unknown."""
    pair = last_half(process)
    if pair is None:
        return None
    (units, before), (done, after) = pair
    gains = _gains(before, after)
    return Split(
        **{k: None if gain is None else gain / (done - units) for k, gain in gains.items()}
    )


def mapped_gain(process: ProcessRecord) -> tuple[float, float] | None:
    """Return the growth of anonymous memory outside both allocators over the last half of the work.

    Returns:
        The growth in bytes and the units that it took; None if unknown.
    """
    pair = last_half(process)
    if pair is None:
        return None
    (units, before), (done, after) = pair
    gain = _gains(before, after)["mapped"]
    return None if gain is None else (gain, float(done - units))


def with_mapped(process: ProcessRecord, slope: Slope) -> Slope:
    """Return the growth of memory in use plus that of memory mapped outside the allocators.

    The mapped part is added where it is more than a page a block and a tenth of the total.
    """
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
    """Estimate the bytes that pymalloc had allocated when `blocks` blocks were in use."""
    after = next((i for i, stop in enumerate(stops) if stop.units >= units), len(stops) - 1)
    nearest = stops[after].reading
    other = stops[after - 1 if after else min(1, len(stops) - 1)].reading
    known_bytes = nearest.pymalloc_bytes or 0
    gained_blocks = (nearest.blocks or 0) - (other.blocks or 0)
    mean = known_bytes / (nearest.blocks or 1)
    if abs(gained_blocks) >= BLOCKS:
        mean = (known_bytes - (other.pymalloc_bytes or 0)) / gained_blocks
    mean = min(max(mean, MIN_BLOCK_BYTES), MAX_BLOCK_BYTES)
    return known_bytes + mean * (blocks - (nearest.blocks or 0))


def last_half(process: ProcessRecord) -> tuple[tuple[int, Reading], tuple[int, Reading]] | None:
    """Return the readings at half of the work and at its end, each with its units.

    A reading after a collection is preferred; None where one of the two readings is missing.
    """
    readings = [(stop.units, stop.reading) for stop in process.stops]
    done = process.units_done
    last = process.after_collect or process.at_end
    if last:
        readings.append((done, last))
    halves = [(at, reading) for at, reading in readings if done / 4 <= at <= done * 0.75 < done]
    if not halves or not readings or readings[-1][0] < done:
        return None
    units_of_half = min((at for at, _ in halves), key=lambda at: abs(at - done / 2))
    # Of two readings at one place the later one was read after a collection.
    half = [reading for at, reading in halves if at == units_of_half][-1]
    return (units_of_half, half), readings[-1]


def _gains(before: Reading, after: Reading) -> dict[str, float | None]:
    """Return the growth of each part of the memory, by the names of the fields of `Split`."""

    def gain(field: str) -> float | None:
        """Return the growth of a field in bytes; None if a reading lacks it."""
        a, b = getattr(before, field), getattr(after, field)
        return None if a is None or b is None else float(b - a)

    heap, pymalloc, anonymous = gain("heap_bytes"), gain("pymalloc_bytes"), gain("anon_bytes")
    shared, resident = gain("shmem_bytes"), gain("shared_bytes")
    free = [gain("heap_free_bytes"), gain("arena_free_bytes")]
    mapped = None
    if anonymous is not None and heap is not None and pymalloc is not None:
        # Free memory may never have been touched, so where it shrinks, mapped memory need not grow.
        free_growth = sum(max(part, 0.0) for part in free if part is not None)
        mapped = anonymous - heap - pymalloc - free_growth
    return {
        "pymalloc": pymalloc,
        "malloc": heap,
        "mapped": mapped,
        "free": None if None in free else sum(part or 0.0 for part in free),
        "file_pages": None if resident is None or shared is None else resident - shared,
        "shared": shared,
        "tmpfs": gain("tmpfs_bytes"),
        "anonymous": anonymous,
    }
