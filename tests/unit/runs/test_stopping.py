"""The length of a run: reasons to end it, and reasons to continue."""

from collections.abc import Sequence
from typing import Any

import pytest

import toys
from leaklab.model.job import Job, Limits
from leaklab.model.measurement import Stop, StopKind
from leaklab.model.scenario import Scenario
from leaklab.model.signals import Reading, Samples
from leaklab.observer.checkpoints import CheckpointOrder, Decision
from leaklab.runs.stopping import SoFar, Spent, decide

NEEDED = 400
LINE = [4096 * unit for unit in range(1, NEEDED + 1)]
FLAT = [1_000_000] * NEEDED
ROOT = [round(1_000_000 * unit**0.5) for unit in range(1, NEEDED + 1)]
STEPPED = [*[1_000_000] * 300, *[1_100_000] * 100]
LITTLE = Spent(cpu_seconds=1.0, resident_bytes=1 << 20, elapsed_seconds=1.0)


def open_ended(toy: Scenario | None = None) -> Job:
    return toys.job(toy, budget_seconds=20.0)


def after(
    heap: Sequence[int],
    units: int = NEEDED,
    job: Job | None = None,
    spent: Spent = LITTLE,
    **changes: Any,
) -> Decision:
    """Return the decision on one process with a heap that grew evenly up to these units."""
    rows = [round(units * (i + 1) / len(heap)) for i in range(len(heap))]
    samples = Samples(units=rows, heap_bytes=list(heap))
    process = toys.process(list(heap), samples=samples, units_done=units, **changes)
    limits = Limits(memory_bytes=1 << 30, time_seconds=300)
    return decide(job or open_ended(), limits, SoFar(units, [process], surveyed_units=units), spent)


def collected(heap: Sequence[int], units: int, *kept_at: int) -> dict[str, Any]:
    """Return the readings after a collection at each of these units: all is retained."""
    return {
        "stops": [
            Stop(
                units=at,
                how=StopKind.COLLECTED,
                peak_rss_bytes=0,
                reading=Reading(heap_bytes=heap[at * len(heap) // units - 1]),
            )
            for at in kept_at
        ]
    }


def confirmed(heap: Sequence[int], **changes: Any) -> Decision:
    """Return the decision at four times the declared units, after a collection at each doubling."""
    units = 4 * NEEDED
    stops = collected(heap, units, NEEDED, 2 * NEEDED, units)
    return after(heap, units, **stops, **changes)


def test_a_clean_run_ends_at_the_declared_units() -> None:
    assert after(FLAT).order is CheckpointOrder.END


@pytest.mark.parametrize("heap", [LINE, ROOT])
def test_a_collection_precedes_every_verdict_of_a_leak(heap: list[int]) -> None:
    assert after(heap).order is CheckpointOrder.COLLECT


@pytest.mark.parametrize("heap", [LINE, ROOT])
def test_after_a_collection_the_run_goes_on_for_a_confirmation(heap: list[int]) -> None:
    assert after(heap, **collected(heap, NEEDED, NEEDED)).order is CheckpointOrder.GO_ON


def test_a_leak_that_is_still_there_after_as_much_work_again_ends_a_run() -> None:
    assert confirmed(LINE).order is CheckpointOrder.END
    assert confirmed(ROOT).order is CheckpointOrder.GO_ON


def test_memory_that_collections_free_is_not_a_leak() -> None:
    stops = collected([FLAT[0]] * NEEDED, NEEDED, NEEDED // 2, NEEDED)
    assert after(LINE, **stops).order is CheckpointOrder.END


def test_a_line_before_the_declared_units_does_not_end_a_run() -> None:
    assert after(LINE[: NEEDED // 2], NEEDED // 2).order is CheckpointOrder.GO_ON


UNVOUCHED = toys.scenario(vouched=False)


def test_with_unvouched_units_a_leak_takes_the_whole_budget() -> None:
    job = open_ended(UNVOUCHED)
    assert confirmed(LINE, job=job).order is CheckpointOrder.GO_ON
    last = confirmed(LINE, job=job, spent=Spent(10.1, 1 << 20, 1.0))
    assert (last.order, last.held_back_by) == (CheckpointOrder.END, "--budget")


def test_with_unvouched_units_a_clean_verdict_takes_a_share_of_the_budget() -> None:
    job = open_ended(UNVOUCHED)
    assert after(FLAT, job=job).order is not CheckpointOrder.END
    assert confirmed(FLAT, job=job).order is CheckpointOrder.GO_ON
    assert confirmed(FLAT, job=job, spent=Spent(2.1, 1 << 20, 2.1)).order is CheckpointOrder.END
    assert confirmed(FLAT, job=job, spent=Spent(0.1, 1 << 20, 10.1)).order is CheckpointOrder.END


def test_with_unvouched_units_bounded_containers_are_surveyed() -> None:
    process = toys.process(LINE, units_done=NEEDED, **collected(LINE, NEEDED, NEEDED))
    limits = Limits(memory_bytes=1 << 30, time_seconds=300)
    decision = decide(open_ended(UNVOUCHED), limits, SoFar(NEEDED, [process]), LITTLE)
    assert decision.order is CheckpointOrder.SURVEY


@pytest.mark.parametrize(("units", "again"), [(100, 200), (250, NEEDED), (NEEDED, 2 * NEEDED)])
def test_the_next_decision_on_a_run_is_at_twice_the_work(units: int, again: int) -> None:
    stops = collected(ROOT[:units], units, units)
    assert again == after(ROOT[:units], units, **stops).next_units


def test_extreme_growth_ends_a_run_at_once() -> None:
    assert after([unit * (100 << 20) for unit in range(9)], 8).order is CheckpointOrder.END


def test_a_run_with_a_step_goes_on_until_two_octaves_have_none() -> None:
    assert after(STEPPED).order is CheckpointOrder.COLLECT
    assert confirmed(STEPPED).order is CheckpointOrder.GO_ON
    early = [*STEPPED[:1], *[1_100_000] * (NEEDED - 1)]
    assert after(early, 4 * NEEDED).order is CheckpointOrder.END


@pytest.mark.parametrize(
    ("spent", "option"),
    [
        (Spent(10.1, 1 << 20, 1.0), "--budget"),
        (Spent(1.0, 600 << 20, 1.0), "--memory-limit"),
        (Spent(1.0, 1 << 20, 151.0), "--time-limit"),
    ],
)
def test_no_run_goes_on_if_twice_its_cost_exceeds_the_budget(spent: Spent, option: str) -> None:
    reading = after(ROOT, spent=spent, **collected(ROOT, NEEDED, NEEDED))
    assert (reading.order, reading.held_back_by) == (CheckpointOrder.END, option)


@pytest.mark.parametrize(("cpu_seconds", "goes_on"), [((1, 2, 4), True), ((0.1, 0.6, 4), False)])
def test_a_run_with_units_that_get_slower_ends_within_its_budget(
    cpu_seconds: tuple[float, ...], *, goes_on: bool
) -> None:
    stops = [
        Stop(
            units=at, how=StopKind.COLLECTED, peak_rss_bytes=0, cpu_seconds=spent, reading=Reading()
        )
        for at, spent in zip((NEEDED // 4, NEEDED // 2, NEEDED), cpu_seconds, strict=True)
    ]
    reading = after(ROOT, spent=Spent(4.0, 1 << 20, 4.0), stops=stops)
    assert reading.order is (CheckpointOrder.GO_ON if goes_on else CheckpointOrder.END)


def test_a_run_ends_before_its_resource_reaches_the_limit() -> None:
    units = 4 * NEEDED
    open_files = [6 * unit for unit in range(units)]
    samples = Samples(units=list(range(1, units + 1)), descriptors=list(open_files))
    job = open_ended(toys.scenario(vouched=False, resource="descriptors"))
    process = toys.process(
        [0], samples=samples, units_done=units, **collected([0] * units, units, units)
    )
    limits = Limits(memory_bytes=1 << 30, time_seconds=300)
    decision = decide(job, limits, SoFar(units, [process], surveyed_units=units), LITTLE)
    assert (decision.order, decision.held_back_by) == (CheckpointOrder.END, "--descriptor-limit")


def test_a_run_of_fixed_length_is_never_ended() -> None:
    assert after(LINE, job=toys.job()).order is CheckpointOrder.GO_ON


def test_a_pair_that_differs_by_its_peak_has_no_growth_to_wait_for() -> None:
    peaks = toys.scenario(judge="peak", min_ratio=2.0)
    assert after(ROOT, job=open_ended(peaks)).order is CheckpointOrder.END


def test_a_pair_that_differs_by_its_peak_is_not_ended_for_its_growth() -> None:
    peaks = toys.scenario(judge="peak", min_ratio=2.0)
    reading = after([unit * (100 << 20) for unit in range(9)], 8, open_ended(peaks))
    assert reading.order is CheckpointOrder.GO_ON


TREE = toys.scenario(scope="tree")


@pytest.mark.parametrize(
    ("held", "order"), [(LINE, CheckpointOrder.END), (ROOT, CheckpointOrder.GO_ON)]
)
def test_the_readings_of_a_tree_decide_its_verdict(held: list[int], order: CheckpointOrder) -> None:
    units = 4 * NEEDED
    tree = Samples(units=list(range(4, units + 1, 4)), pss_anon_bytes=[16 * h for h in held])
    idle = toys.process(FLAT, units_done=units, **collected(FLAT, units, units))
    limits = Limits(memory_bytes=1 << 40, time_seconds=300)
    assert order is decide(open_ended(TREE), limits, SoFar(units, [idle], tree), LITTLE).order


def test_a_run_with_a_resource_that_cannot_be_read_is_not_made_longer() -> None:
    limits = Limits(memory_bytes=1 << 30, time_seconds=300)
    decision = decide(open_ended(TREE), limits, SoFar(NEEDED, [toys.process(ROOT)]), LITTLE)
    assert decision.order is CheckpointOrder.END
