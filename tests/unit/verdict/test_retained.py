"""Evidence of collections: garbage is clean, and growth beneath it is a leak."""

from collections.abc import Callable, Sequence
from typing import Any

import toys
from leaklab.model.measurement import EndReason, ProcessRecord, Stop, StopKind
from leaklab.model.scenario import Resource
from leaklab.model.signals import Reading, Samples
from leaklab.model.verdicts import Conclusion, ReasonKind
from leaklab.verdict.length import RunLength
from leaklab.verdict.process import judge_process

NEEDED = 400
DOUBLINGS = (NEEDED, 2 * NEEDED, 4 * NEEDED)


def process(
    rows: Callable[[int], int], kept: Callable[[int], int], at: Sequence[int], **changes: Any
) -> ProcessRecord:
    """Return a process with these numbers of blocks at each sample and after each collection."""
    units = list(range(8, at[-1] + 1, 8))
    samples = Samples(units=units, blocks=[1000 + rows(done) for done in units])
    collected = [
        Stop(
            units=done,
            how=StopKind.COLLECTED,
            peak_rss_bytes=0,
            reading=Reading(blocks=1000 + kept(done)),
        )
        for done in at
    ]
    whole = {"samples": samples, "units_done": at[-1], "stops": collected, **changes}
    return toys.process([0], **whole)


def conclusion_of(outcome: ProcessRecord) -> tuple[Conclusion, ReasonKind]:
    work = RunLength(EndReason.COMPLETED, outcome.units_done, NEEDED)
    verdict = judge_process(outcome, Resource.MEMORY, work)
    return verdict.conclusion, verdict.reasons[0].kind


def test_a_line_that_two_collections_kept_is_a_leak() -> None:
    line = process(lambda u: 5 * u, lambda u: 5 * u, DOUBLINGS)
    assert conclusion_of(line) == (Conclusion.LEAK, ReasonKind.GROWS_STEADILY)


def test_a_line_that_collections_free_is_garbage() -> None:
    garbage = process(lambda u: 5 * u, lambda _: 3, DOUBLINGS[:2])
    assert conclusion_of(garbage) == (Conclusion.CLEAN, ReasonKind.GARBAGE)


def test_teeth_longer_than_the_run_are_clean_after_two_collections_without_a_gain() -> None:
    teeth = process(lambda u: 50 * (u % 700), lambda _: 3, DOUBLINGS)
    assert conclusion_of(teeth) == (Conclusion.CLEAN, ReasonKind.LEVEL_BETWEEN_COLLECTIONS)


def test_a_small_gain_beneath_garbage_is_undecided_after_two_collections() -> None:
    both = process(lambda u: 5 * u, lambda u: u // 4, DOUBLINGS[:2])
    assert conclusion_of(both)[0] is Conclusion.UNDECIDED


def test_a_line_beneath_garbage_is_a_leak_after_three_gains_at_one_rate() -> None:
    beneath = process(lambda u: 5 * u, lambda u: u // 4, (*DOUBLINGS, 8 * NEEDED))
    assert conclusion_of(beneath) == (Conclusion.LEAK, ReasonKind.GROWS_BETWEEN_COLLECTIONS)


def test_a_container_that_fills_beneath_garbage_is_not_a_leak() -> None:
    filling = process(lambda u: 50 * (u % 700), lambda u: min(u, 900), (*DOUBLINGS, 8 * NEEDED))
    assert conclusion_of(filling)[0] is not Conclusion.LEAK


def test_free_lists_are_not_leaked_even_if_the_collector_is_off() -> None:
    stops = [
        Stop(
            units=at,
            how=StopKind.COLLECTOR_OFF,
            peak_rss_bytes=0,
            reading=Reading(blocks=1000 + at, free_list_blocks=at),
        )
        for at in DOUBLINGS[:2]
    ]
    filling = process(lambda u: u, lambda _: 0, DOUBLINGS[:2], stops=stops, collector_on=False)
    assert conclusion_of(filling) == (Conclusion.CLEAN, ReasonKind.FREE_LISTS)
