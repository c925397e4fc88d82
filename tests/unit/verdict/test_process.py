from typing import Any

import pytest

import toys
from leaklab.model.measurement import EndReason, ProcessRecord
from leaklab.model.scenario import Growth, Resource
from leaklab.model.signals import Reading, Samples, Signal
from leaklab.model.verdicts import Conclusion, Verdict
from leaklab.verdict.length import RunLength
from leaklab.verdict.octaves import Rows
from leaklab.verdict.process import is_certain, judge_process, judge_tree
from leaklab.verdict.wording import reason_text

N = 400
LINE = [4096 * u for u in range(1, N + 1)]
FLAT = [5_000_000] * N


def verdict(
    process: ProcessRecord, resource: Resource = Resource.MEMORY, **changes: Any
) -> Verdict:
    work = RunLength(**{"end_reason": EndReason.COMPLETED, "done": N, "needed": N, **changes})
    return judge_process(process, resource, work)


def samples(**columns: list[int | None]) -> Samples:
    return Samples(units=list(range(1, N + 1)), **columns)


def test_a_steady_heap_is_a_leak_with_its_amount_per_unit() -> None:
    result = verdict(toys.process(LINE))
    assert (result.conclusion, result.growth) == (Conclusion.LEAK, Growth.UNBOUNDED)
    assert result.per_unit == pytest.approx(4096)
    assert result.low is not None
    assert result.high is not None
    assert result.low <= 4096 <= result.high


def test_a_run_that_did_less_than_its_scenario_needs_is_undecided() -> None:
    result = verdict(toys.process(LINE), needed=N + 1)
    assert result.conclusion is Conclusion.UNDECIDED
    assert "400 of the 401 units" in reason_text(result.reasons[0])


@pytest.mark.parametrize("ended", [e for e in EndReason if e is not EndReason.COMPLETED])
def test_a_run_that_did_not_end_by_itself_is_undecided(ended: EndReason) -> None:
    assert verdict(toys.process(FLAT), end_reason=ended).conclusion is Conclusion.UNDECIDED


def test_a_run_stopped_after_enough_work_can_be_a_leak_and_not_clean() -> None:
    result = verdict(toys.process(LINE), end_reason=EndReason.MEMORY_LIMIT)
    assert result.is_leak
    result = verdict(toys.process(LINE), end_reason=EndReason.MEMORY_LIMIT, needed=N + 1)
    assert result.conclusion is Conclusion.UNDECIDED


def test_memory_that_a_collection_frees_is_not_leaked() -> None:
    result = verdict(toys.process(LINE, after_collect=Reading(heap_bytes=LINE[0]), units_done=N))
    assert result.conclusion is Conclusion.CLEAN
    assert "a garbage collection frees it" in reason_text(result.reasons[0])


def test_memory_that_a_collection_keeps_is_leaked() -> None:
    assert verdict(toys.process(LINE, after_collect=Reading(heap_bytes=LINE[-1]))).is_leak


def test_with_the_collector_off_nothing_was_collected_and_cycles_are_a_leak() -> None:
    assert verdict(toys.process(LINE, collector_on=False)).conclusion is Conclusion.LEAK


def test_a_rise_of_blocks_is_enough_for_a_leak() -> None:
    blocks: list[int | None] = list(range(N))
    process = toys.process(FLAT, samples=samples(heap_bytes=list(FLAT), blocks=blocks))
    result = verdict(process)
    assert result.conclusion is Conclusion.LEAK
    assert "allocated blocks" in reason_text(result.reasons[0])


def test_memory_mapped_past_both_allocators_is_detected_by_anonymous_rss() -> None:
    rss: list[int | None] = [65536 * u for u in range(1, N + 1)]
    none: list[int | None] = [0] * N
    read = samples(heap_bytes=list(FLAT), rss_bytes=rss, shared_bytes=none)
    process = toys.process(FLAT, samples=read)
    assert verdict(process).conclusion is Conclusion.LEAK
    given_back = Reading(rss_bytes=65536, shared_bytes=0)
    process = toys.process(FLAT, samples=process.samples, after_trim=given_back)
    assert verdict(process).conclusion is Conclusion.CLEAN


def test_rss_that_drifts_by_less_than_an_arena_is_not_a_leak() -> None:
    rss: list[int | None] = [4096 * (u // 8) for u in range(1, N + 1)]
    none: list[int | None] = [0] * N
    read = samples(heap_bytes=list(FLAT), rss_bytes=rss, shared_bytes=none)
    assert verdict(toys.process(FLAT, samples=read)).conclusion is Conclusion.CLEAN


def test_the_scenarios_own_resource_decides_and_the_others_are_reported() -> None:
    descriptors: list[int | None] = list(range(3, N + 3))
    process = toys.process(LINE, samples=samples(heap_bytes=list(FLAT), descriptors=descriptors))
    result = verdict(process, resource=Resource.DESCRIPTORS)
    assert (result.conclusion, result.others) == (
        Conclusion.LEAK,
        {Resource.MEMORY: Conclusion.CLEAN},
    )
    assert result.per_unit == pytest.approx(1)


def test_a_resource_that_was_not_read_is_undecided() -> None:
    assert verdict(toys.process(FLAT), resource=Resource.SOCKETS).conclusion is Conclusion.UNDECIDED


def test_rows_that_were_not_read_are_left_out() -> None:
    gappy: list[int | None] = [v if i % 5 == 0 else None for i, v in enumerate(LINE)]
    assert verdict(toys.process(LINE, samples=samples(heap_bytes=gappy))).is_leak


def test_every_signal_that_was_read_has_an_estimate() -> None:
    whole = samples(heap_bytes=list(LINE), blocks=list(FLAT), threads=[1] * N)
    result = verdict(toys.process(LINE, samples=whole))
    assert {Signal.HEAP, Signal.BLOCKS, Signal.THREADS} == {e.signal for e in result.estimates}


def tree(**columns: list[int]) -> dict[Signal, Rows]:
    """Return readings of a tree, by the work done."""
    units = [float(u) for u in range(1, N + 1)]
    return {Signal(name): (units, [float(v) for v in values]) for name, values in columns.items()}


def test_the_memory_of_a_tree_is_judged_without_file_pages() -> None:
    rows = tree(pss_bytes=[65536 * u for u in range(N)], pss_anon_bytes=FLAT)
    work = RunLength(EndReason.COMPLETED, N, N)
    result = judge_tree(rows, Resource.MEMORY, work)
    assert (result.conclusion, result.reasons[0].signal) == (Conclusion.CLEAN, Signal.PSS_ANON)
    assert {Signal.PSS, Signal.PSS_ANON} == {e.signal for e in result.estimates}
    del rows[Signal.PSS_ANON]
    assert judge_tree(rows, Resource.MEMORY, work).conclusion is Conclusion.LEAK


def test_every_resource_of_a_tree_that_was_read_is_judged() -> None:
    counts = list(range(N))
    rows = tree(pss_anon_bytes=FLAT, processes=counts, zombies=counts, segments=[0] * N)
    result = judge_tree(rows, Resource.MEMORY, RunLength(EndReason.COMPLETED, N, N))
    assert result.others == {
        Resource.PROCESSES: Conclusion.LEAK,
        Resource.SHARED_MEMORY: Conclusion.CLEAN,
    }


def test_a_leak_of_processes_says_how_many_are_zombies() -> None:
    children = samples(processes=list(range(N)))
    process = toys.process(FLAT, samples=children, after_trim=Reading(zombies=399))
    result = verdict(process, Resource.PROCESSES)
    assert reason_text(result.reasons[1]).startswith("399 of them are zombies: they ended, but")
    process = toys.process(FLAT, samples=children, after_trim=Reading(zombies=0))
    assert len(verdict(process, Resource.PROCESSES).reasons) == 1


@pytest.mark.parametrize("ended", [EndReason.COMPLETED, EndReason.MEMORY_LIMIT])
def test_extreme_growth_is_a_leak_after_any_amount_of_work(ended: EndReason) -> None:
    large = toys.process([unit << 27 for unit in range(1, 8)])
    result = verdict(large, end_reason=ended, done=7)
    assert (result.conclusion, result.growth) == (Conclusion.LEAK, Growth.UNBOUNDED)
    assert "+128 MiB a unit, steadily, for 7 of 400 units" in reason_text(result.reasons[0])


@pytest.mark.parametrize(
    "heap",
    [
        [unit << 20 for unit in range(1, 8)],
        [0, 0, 0, 0, 0, 0, 1 << 30],
        [0, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30],
        [unit << 27 for unit in range(1, 5)],
    ],
    ids=["not enough", "a step at the end", "a step at the start", "too few samples"],
)
def test_less_than_extreme_growth_after_little_work_is_undecided(heap: list[int]) -> None:
    assert verdict(toys.process(heap), done=7).conclusion is Conclusion.UNDECIDED


def test_a_clean_verdict_in_spite_of_a_step_is_not_conclusive() -> None:
    stepped = [1_000_000 if unit < 300 else 1_100_000 for unit in range(N)]
    result = verdict(toys.process(stepped))
    assert (result.conclusion, is_certain(result)) == (Conclusion.CLEAN, False)
    assert is_certain(verdict(toys.process(FLAT)))
    assert is_certain(verdict(toys.process(LINE)))
