"""How far a run goes: what ends it, and what sends it on."""

from collections.abc import Sequence
from typing import Any

import pytest

import toys
from leaklab.model.job import Job, Limits
from leaklab.model.scenario import Scenario
from leaklab.model.signals import Samples
from leaklab.observer.checkpoints import Decision
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
    """What is decided of one process whose heap in use grew evenly up to these units."""
    rows = [round(units * (i + 1) / len(heap)) for i in range(len(heap))]
    samples = Samples(units=rows, heap_bytes=list(heap))
    process = toys.process(list(heap), samples=samples, units_done=units, **changes)
    limits = Limits(memory_bytes=1 << 30, time_seconds=300)
    return decide(job or open_ended(), limits, SoFar(units, [process]), spent)


@pytest.mark.parametrize(("heap", "goes_on"), [(LINE, False), (FLAT, False), (ROOT, True)])
def test_a_run_ends_where_its_verdict_is_certain(heap: list[int], *, goes_on: bool) -> None:
    assert goes_on is after(heap).goes_on


def test_before_the_declared_units_a_line_is_no_reason_to_end() -> None:
    assert after(LINE[: NEEDED // 2], NEEDED // 2).goes_on


@pytest.mark.parametrize(("units", "again"), [(100, 200), (250, NEEDED), (NEEDED, 2 * NEEDED)])
def test_a_run_is_looked_at_again_when_the_work_has_doubled(units: int, again: int) -> None:
    assert again == after(ROOT[:units], units).next_units


def test_what_nothing_innocent_keeps_ends_a_run_at_once() -> None:
    assert not after([unit * (100 << 20) for unit in range(9)], 8).goes_on


def test_a_step_is_given_time_for_a_second_one() -> None:
    assert after(STEPPED).goes_on
    assert not after(STEPPED, 4 * NEEDED).goes_on


@pytest.mark.parametrize(
    ("spent", "option"),
    [
        (Spent(10.1, 1 << 20, 1.0), "--budget"),
        (Spent(1.0, 600 << 20, 1.0), "--memory-limit"),
        (Spent(1.0, 1 << 20, 151.0), "--time-limit"),
    ],
)
def test_no_run_goes_on_where_twice_of_what_it_took_is_not_allowed(
    spent: Spent, option: str
) -> None:
    assert (False, option) == ((found := after(ROOT, spent=spent)).goes_on, found.held_back_by)


def test_a_run_of_fixed_length_is_never_ended() -> None:
    assert after(LINE, job=toys.job()).goes_on


def test_a_pair_that_differs_by_its_peak_has_no_growth_to_wait_for() -> None:
    peaks = toys.scenario(judge="peak", min_ratio=2.0)
    assert not after(ROOT, job=open_ended(peaks)).goes_on


def test_a_pair_that_differs_by_its_peak_is_not_ended_for_its_growth() -> None:
    peaks = toys.scenario(judge="peak", min_ratio=2.0)
    assert after([unit * (100 << 20) for unit in range(9)], 8, open_ended(peaks)).goes_on


TREE = toys.scenario(scope="tree")


@pytest.mark.parametrize(("held", "goes_on"), [(LINE, False), (ROOT, True)])
def test_of_a_tree_what_was_read_of_the_tree_is_judged(held: list[int], *, goes_on: bool) -> None:
    tree = Samples(units=list(range(1, NEEDED + 1)), pss_anon_bytes=[16 * h for h in held])
    so_far = SoFar(NEEDED, [toys.process(FLAT)], tree)
    limits = Limits(memory_bytes=1 << 40, time_seconds=300)
    assert goes_on is decide(open_ended(TREE), limits, so_far, LITTLE).goes_on


def test_a_run_whose_resource_cannot_be_read_is_not_made_longer() -> None:
    limits = Limits(memory_bytes=1 << 30, time_seconds=300)
    assert not decide(open_ended(TREE), limits, SoFar(NEEDED, [toys.process(ROOT)]), LITTLE).goes_on
