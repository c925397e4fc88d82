"""Memory that an allocator keeps and the program does not retain."""

from collections.abc import Sequence
from typing import Any

import pytest

import toys
from leaklab.model.measurement import EndReason, ProcessRecord, Stop, StopKind
from leaklab.model.scenario import Resource
from leaklab.model.signals import Reading, Samples, Signal
from leaklab.model.verdicts import Conclusion, ReasonKind, Verdict
from leaklab.verdict.length import RunLength
from leaklab.verdict.process import judge_process
from leaklab.verdict.wording import reason_text

N = 400
MIB = 1 << 20
RISING = [20 * MIB + 65536 * unit for unit in range(N)]
RISE = 65536 * N // 2


def rising_rss(rising: Sequence[int] = RISING, **changes: object) -> ProcessRecord:
    """Anonymous RSS rises, and the memory in use does not."""
    columns = Samples(
        units=list(range(1, N + 1)),
        heap_bytes=[5 * MIB] * N,
        blocks=[10_000] * N,
        rss_bytes=list(rising),
        shared_bytes=[0] * N,
    )
    return toys.process([0] * N, samples=columns, units_done=N, **changes)


def of_rss(process: ProcessRecord) -> tuple[Conclusion, ReasonKind]:
    result = verdict(process)
    (anon,) = [e for e in result.estimates if e.signal is Signal.ANON]
    return anon.conclusion, anon.reason.kind


def verdict(process: ProcessRecord) -> Verdict:
    return judge_process(process, Resource.MEMORY, RunLength(EndReason.COMPLETED, N, N))


def stop(units: int, **reading: int) -> Stop:
    return Stop(
        units=units, how=StopKind.NOT_COLLECTED, peak_rss_bytes=0, reading=Reading(**reading)
    )


def readings(rss_bytes: int, *, free_before: int = 0, free_after: int = 0) -> dict[str, Any]:
    return {
        "stops": [stop(N // 2, arena_free_bytes=free_before)],
        "after_collect": Reading(arena_free_bytes=free_after),
        "after_trim": Reading(rss_bytes=rss_bytes, shared_bytes=0),
    }


def test_growth_that_no_allocator_explains_is_a_leak() -> None:
    assert of_rss(rising_rss(**readings(RISING[-1])))[0] is Conclusion.LEAK


def test_memory_that_malloc_trim_returns_is_fragmentation_of_malloc() -> None:
    estimate = of_rss(rising_rss(**readings(RISING[N // 2] + RISE // 3)))
    assert (Conclusion.CLEAN, ReasonKind.MALLOC_FRAGMENTATION) == estimate


def test_memory_that_became_free_in_arenas_is_fragmentation_of_pymalloc() -> None:
    estimate = of_rss(rising_rss(**readings(RISING[-1], free_after=RISE)))
    assert (Conclusion.CLEAN, ReasonKind.PYMALLOC_FRAGMENTATION) == estimate


def test_memory_that_was_free_in_arenas_before_explains_nothing() -> None:
    already = readings(RISING[-1], free_before=RISE, free_after=RISE)
    assert of_rss(rising_rss(**already))[0] is Conclusion.LEAK


def test_without_allocator_statistics_growth_is_not_explained() -> None:
    process = rising_rss(after_trim=Reading(rss_bytes=RISING[-1], shared_bytes=0))
    assert of_rss(process)[0] is Conclusion.LEAK


def test_free_memory_in_malloc_is_known_before_the_end_without_a_trim() -> None:
    stops = [stop(N // 2, heap_free_bytes=0), stop(N, heap_free_bytes=RISE)]
    estimate = of_rss(rising_rss(stops=stops))
    assert (Conclusion.CLEAN, ReasonKind.FREED_IN_MALLOC) == estimate


def held(units: int, anon: int) -> Stop:
    in_use = {"heap_bytes": 5 * MIB, "heap_free_bytes": 0, "pymalloc_bytes": MIB}
    return stop(units, arena_free_bytes=0, rss_bytes=anon, shared_bytes=0, **in_use)


def test_little_memory_mapped_past_both_allocators_is_never_clean_while_it_rises() -> None:
    slowly = [20 * MIB + 1024 * unit // 4096 * 4096 for unit in range(N)]
    stops = [held(N // 2, slowly[N // 2 - 1]), held(N, slowly[-1])]
    process = rising_rss(slowly, stops=stops)
    assert of_rss(process) == (Conclusion.UNDECIDED, ReasonKind.MAPPED_GROWS)
    assert verdict(process).conclusion is Conclusion.UNDECIDED


@pytest.mark.parametrize(
    ("where", "allocator"),
    [("heap_free_bytes", "malloc's heap"), ("arena_free_bytes", "pymalloc's arenas")],
)
def test_an_allocator_that_keeps_more_than_is_in_use_is_named(where: str, allocator: str) -> None:
    def reasons(free: int, held: int) -> list[str]:
        end = Reading(rss_bytes=held, **{where: free})
        process = toys.process([MIB] * N, at_end=end, baseline_rss_bytes=0)
        return list(map(reason_text, verdict(process).reasons[1:]))

    assert reasons(6 * MIB, 10 * MIB) == [
        (
            f"of the 10 MiB above the baseline at the end, 6 MiB are free memory in {allocator}: "
            "fragmentation"
        )
    ]
    assert reasons(4 * MIB, 10 * MIB) == []
    assert reasons(6 * MIB, MIB // 2) == []


def test_garbage_that_was_most_of_the_gain_is_mentioned() -> None:
    def reasons(end: int, after: int) -> list[str]:
        columns = Samples(units=list(range(1, N + 1)), blocks=[1000] * N)
        read = {"at_end": Reading(blocks=end), "after_collect": Reading(blocks=after)}
        return list(
            map(reason_text, verdict(toys.process([0] * N, samples=columns, **read)).reasons[1:])
        )

    assert reasons(5000, 1200) == [
        "a garbage collection at the end freed 3,800 blocks: they are not leaked"
    ]
    assert reasons(5000, 4000) == []
