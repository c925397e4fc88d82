"""Memory in use: its amount, its interval, and where it grew."""

import pytest

import toys
from leaklab.model.measurement import EndReason, ProcessRecord, Stop, StopKind
from leaklab.model.scenario import Resource
from leaklab.model.signals import Reading, Samples, Signal
from leaklab.model.verdicts import Conclusion, ReasonKind, Verdict
from leaklab.verdict.in_use import in_use_rows, split_of
from leaklab.verdict.length import RunLength
from leaklab.verdict.process import judge_process

N = 400
BLOCK_BYTES = 48
MIB = 1 << 20


def stop(units: int, **reading: int) -> Stop:
    return Stop(
        units=units, how=StopKind.NOT_COLLECTED, peak_rss_bytes=0, reading=Reading(**reading)
    )


def small_objects(heap_per_unit: int = 0, mapped_per_unit: int = 0) -> ProcessRecord:
    """Return a process that keeps two blocks a unit, and bytes of malloc and mapped ones."""

    def reading(units: int) -> dict[str, int]:
        heap, pymalloc = MIB + heap_per_unit * units, MIB + 2 * BLOCK_BYTES * units
        return {
            "heap_bytes": heap,
            "heap_free_bytes": 0,
            "blocks": 10_000 + 2 * units,
            "pymalloc_bytes": pymalloc,
            "arena_free_bytes": 0,
            "rss_bytes": heap + pymalloc + mapped_per_unit * units,
            "shared_bytes": 0,
            "shmem_bytes": 0,
        }

    rows = range(1, N + 1)
    columns = {
        name: [reading(units)[name] for units in rows]
        for name in ("heap_bytes", "blocks", "rss_bytes", "shared_bytes")
    }
    return toys.process(
        [0] * N,
        samples=Samples(units=list(rows), **columns),  # type: ignore[arg-type]
        units_done=N,
        stops=[stop(units, **reading(units)) for units in (N // 4, N // 2, N)],
    )


def verdict(process: ProcessRecord) -> Verdict:
    return judge_process(process, Resource.MEMORY, RunLength(EndReason.COMPLETED, N, N))


def test_between_stops_pymalloc_is_estimated_from_its_number_of_blocks() -> None:
    units, values = in_use_rows(small_objects(heap_per_unit=7))
    for at, value in zip(units, values, strict=True):
        assert value == pytest.approx(2 * MIB + (7 + 2 * BLOCK_BYTES) * at)


def test_small_objects_are_reported_in_bytes_with_an_interval_above_zero() -> None:
    result = verdict(small_objects(heap_per_unit=7))
    assert (result.conclusion, result.signal) == (Conclusion.LEAK, Signal.IN_USE)
    assert result.per_unit == pytest.approx(7 + 2 * BLOCK_BYTES)
    assert result.low is not None
    assert result.high is not None
    assert 0 < result.low <= 7 + 2 * BLOCK_BYTES <= result.high


def test_memory_mapped_past_both_allocators_is_part_of_the_amount() -> None:
    result = verdict(small_objects(mapped_per_unit=4096))
    assert result.per_unit == pytest.approx(4096 + 2 * BLOCK_BYTES)


def test_growth_is_split_by_allocator() -> None:
    split = split_of(small_objects(heap_per_unit=7, mapped_per_unit=4096))
    assert split is not None
    assert (split.malloc, split.pymalloc, split.mapped) == (7, 2 * BLOCK_BYTES, 4096)
    assert (split.anonymous, split.file_pages, split.tmpfs) == (7 + 96 + 4096, 0, None)


def test_untouched_free_places_do_not_count_as_mapped_memory() -> None:
    """A new arena is used up: RSS rises with its use, and its free part shrinks."""
    held = {"heap_bytes": MIB, "heap_free_bytes": 0, "shared_bytes": 0}
    before = {"pymalloc_bytes": MIB, "arena_free_bytes": MIB, "rss_bytes": 2 * MIB, **held}
    after = {"pymalloc_bytes": 2 * MIB, "arena_free_bytes": 0, "rss_bytes": 3 * MIB, **held}
    stops = [stop(N // 2, **before), stop(N, **after)]
    split = split_of(toys.process([0] * N, units_done=N, stops=stops))
    assert split is not None
    assert split.mapped == 0


def test_memory_that_moves_between_allocators_is_not_a_leak() -> None:
    rows = list(range(1, N + 1))
    samples = Samples(
        units=rows,
        heap_bytes=[64 * units for units in rows],
        blocks=[100_000 - 2 * units for units in rows],
    )
    stops = [
        stop(u, heap_bytes=64 * u, blocks=100_000 - 2 * u, pymalloc_bytes=10 * MIB - 96 * u)
        for u in (N // 2, N)
    ]
    result = verdict(toys.process([0] * N, samples=samples, units_done=N, stops=stops))
    assert result.conclusion is Conclusion.UNDECIDED
    assert result.reasons[0].kind is ReasonKind.NOT_IN_TOTAL


def test_stepwise_growth_of_a_table_is_reported_by_its_mean() -> None:
    """A table doubles: 40 bytes an entry beside 60, at each four times the work."""
    rows = list(range(1, 1025))
    heap = [60 * u + 40 * (1 << (u.bit_length() - 1)) for u in rows]
    stops = [
        stop(u, heap_bytes=heap[u - 1], blocks=10_000, pymalloc_bytes=MIB) for u in (256, 512, 1024)
    ]
    process = toys.process(
        [0] * len(rows),
        samples=Samples(units=rows, heap_bytes=list(heap), blocks=[10_000] * len(rows)),
        units_done=1024,
        stops=stops,
    )
    result = judge_process(process, Resource.MEMORY, RunLength(EndReason.COMPLETED, 1024, 1024))
    mean = (heap[-1] - heap[255]) / 768
    assert result.per_unit == pytest.approx(mean, rel=0.1)
