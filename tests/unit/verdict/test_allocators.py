"""Held and not retained: what the readings after the last unit say of a rise."""

import pytest

import toys
from leaklab.model.measurement import Ended, ProcessRecord
from leaklab.model.scenario import Resource
from leaklab.model.signals import Reading, Samples, Signal
from leaklab.model.verdicts import Conclusion, ReasonKind, Verdict
from leaklab.verdict.process import Work, judge
from leaklab.verdict.wording import words

N = 400
MIB = 1 << 20
RISING = [20 * MIB + 65536 * unit for unit in range(N)]
RISE = 65536 * N // 2


def rising_rss(**changes: object) -> ProcessRecord:
    """RSS rises, and what is in use does not."""
    columns = Samples(
        units=list(range(1, N + 1)),
        heap_bytes=[5 * MIB] * N,
        blocks=[10_000] * N,
        rss_bytes=list(RISING),
    )
    return toys.process([0] * N, samples=columns, **changes)


def of_rss(process: ProcessRecord) -> tuple[Conclusion, ReasonKind]:
    found = verdict(process)
    (rss,) = [e for e in found.estimates if e.signal is Signal.RSS]
    return rss.conclusion, rss.reason.kind


def verdict(process: ProcessRecord) -> Verdict:
    return judge(process, Resource.MEMORY, Work(Ended.COMPLETED, N, N))


def readings(rss_bytes: int, *, free_before: int = 0, free_after: int = 0) -> dict[str, Reading]:
    return {
        "halfway": Reading(arena_free_bytes=free_before),
        "after_collect": Reading(arena_free_bytes=free_after),
        "after_trim": Reading(rss_bytes=rss_bytes),
    }


def test_what_no_allocator_explains_is_a_leak() -> None:
    assert of_rss(rising_rss(**readings(RISING[-1])))[0] is Conclusion.LEAK


def test_what_malloc_gives_back_when_asked_is_fragmentation_of_its_heap() -> None:
    found = of_rss(rising_rss(**readings(RISING[N // 2] + RISE // 3)))
    assert (Conclusion.CLEAN, ReasonKind.MALLOC_FRAGMENTATION) == found


def test_what_became_free_in_arenas_is_fragmentation_of_pymalloc() -> None:
    found = of_rss(rising_rss(**readings(RISING[-1], free_after=RISE)))
    assert (Conclusion.CLEAN, ReasonKind.PYMALLOC_FRAGMENTATION) == found


def test_what_was_free_in_arenas_before_explains_nothing() -> None:
    already = readings(RISING[-1], free_before=RISE, free_after=RISE)
    assert of_rss(rising_rss(**already))[0] is Conclusion.LEAK


def test_an_interpreter_without_statistics_has_no_such_excuse() -> None:
    process = rising_rss(halfway=None, after_trim=Reading(rss_bytes=RISING[-1]))
    assert of_rss(process)[0] is Conclusion.LEAK


@pytest.mark.parametrize(
    ("where", "whose"),
    [("heap_free_bytes", "malloc's heap"), ("arena_free_bytes", "pymalloc's arenas")],
)
def test_an_allocator_that_holds_more_than_it_has_handed_out_is_named(
    where: str, whose: str
) -> None:
    def reasons(free: int, held: int) -> list[str]:
        end = Reading(rss_bytes=held, **{where: free})
        process = toys.process([MIB] * N, at_end=end, baseline_rss_bytes=0)
        return list(map(words, verdict(process).reasons[1:]))

    assert reasons(6 * MIB, 10 * MIB) == [
        f"of the 10 MiB held at the end, 6 MiB are free places in {whose}: fragmentation"
    ]
    assert reasons(4 * MIB, 10 * MIB) == []
    assert reasons(6 * MIB, MIB // 2) == []


def test_garbage_that_was_most_of_the_gain_is_told_of() -> None:
    def reasons(end: int, after: int) -> list[str]:
        columns = Samples(units=list(range(1, N + 1)), blocks=[1000] * N)
        read = {"at_end": Reading(blocks=end), "after_collect": Reading(blocks=after)}
        return list(map(words, verdict(toys.process([0] * N, samples=columns, **read)).reasons[1:]))

    assert reasons(5000, 1200) == [
        "a collection at the end freed 3,800 blocks: garbage that waited for it"
    ]
    assert reasons(5000, 4000) == []
