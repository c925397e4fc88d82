"""The cost of the observer: figures from moments, the table, and the document's section."""

import threading
from types import SimpleNamespace
from typing import cast

import pytest

from leaklab.cli.documents import with_section
from leaklab.features.quality.observer_cost import (
    LOADS,
    READINGS,
    CostSnapshot,
    Enforcer,
    Load,
    ObserverCost,
    Window,
    split_by_size,
    summarize_observer_cost,
)
from leaklab.observer.observer import Observer
from leaklab.reports import plain
from leaklab.reports.quality import observer

LARGEST = Load(64, 50 << 20, Enforcer.OBSERVER)


def watched(load: Load = LARGEST, pss_share: float = 0.02, readings: int = 10) -> ObserverCost:
    return ObserverCost(
        load=load,
        enforcer=load.enforcer,
        readings=readings,
        sampling_share=0.0781,
        sampling_interval_seconds=0.0291,
        pss_share=pss_share,
        pss_interval_seconds=27.81,
        longest_gap_seconds=29.34,
        thread_share=0.11,
    )


def test_costs_are_those_between_the_first_reading_and_the_last() -> None:
    snapshots = [
        CostSnapshot(100.0, samples=7, sampling_seconds=0.5, pss_seconds=1.00, thread_seconds=2.0),
        CostSnapshot(101.0, samples=27, sampling_seconds=0.6, pss_seconds=1.01, thread_seconds=2.2),
        CostSnapshot(104.0, samples=87, sampling_seconds=0.7, pss_seconds=1.06, thread_seconds=2.4),
    ]
    cost = summarize_observer_cost(LARGEST, Enforcer.CGROUP, snapshots)
    assert (2, Enforcer.CGROUP) == (cost.readings, cost.enforcer)
    assert pytest.approx(0.2 / 4) == cost.sampling_share
    assert pytest.approx(4 / 80) == cost.sampling_interval_seconds
    assert pytest.approx(0.06 / 4) == cost.pss_share
    assert pytest.approx(2.0) == cost.pss_interval_seconds
    assert pytest.approx(3.0) == cost.longest_gap_seconds
    assert pytest.approx(0.4 / 4) == cost.thread_share


@pytest.mark.parametrize(
    ("pss_share", "readings", "holds"),
    [(0.02, 1000, True), (0.0205, 1000, False), (0.0219, 10, True), (0.0225, 10, False)],
)
def test_one_reading_of_everything_may_exceed_the_budget(
    *, pss_share: float, readings: int, holds: bool
) -> None:
    assert holds is watched(pss_share=pss_share, readings=readings).meets_limits


def samples_until_enough(seconds: float, max_samples: int) -> int:
    """Return the number of samples that a window needs; every second one reads PSS."""
    paces = {name: SimpleNamespace(spent_seconds=0.0) for name in ("count_budget", "marks_budget")}
    pss_budget = SimpleNamespace(spent_seconds=0.0)
    enough = threading.Event()
    fake = cast(Observer, SimpleNamespace(pss_budget=pss_budget, **paces))
    window = Window(fake, seconds, enough)
    for sample in range(1, max_samples + 1):
        pss_budget.spent_seconds += 0.001 * (sample % 2 == 0)
        window.note_sample()
        if enough.is_set():
            return sample
    return max_samples


def test_a_window_has_whole_intervals() -> None:
    assert 2 * (READINGS + 1) == samples_until_enough(seconds=0, max_samples=1000)


def test_a_window_is_at_least_as_long_as_requested() -> None:
    assert 1000 == samples_until_enough(seconds=1000, max_samples=1000)


def test_a_load_of_more_than_half_of_the_memory_is_left_out() -> None:
    one, pool = Load(0, 100), Load(2, 100)
    assert ([one, pool], []) == split_by_size([one, pool], 400)
    assert ([one], [pool]) == split_by_size([one, pool], 399)
    assert ([], [one, pool]) == split_by_size([one, pool], 199)


def test_every_load_fits_80_columns() -> None:
    table = plain(observer([watched(load) for load in LOADS], left_out=LOADS))
    assert 80 >= max(len(line) for line in table.splitlines()[: len(LOADS) + 1])


def test_the_table_marks_missed_goals_and_missing_cgroups() -> None:
    suite = observer([watched(Load(0, 10 << 20)), watched(pss_share=0.03)])
    assert {1} == suite.alarms
    assert "pool of 64, no cgroup" == suite.rows[1][0]
    assert "the observer alone enforces the limits" in "\n".join(suite.notes)
    assert suite.notes[-1].endswith(": missed by pool of 64 of 50 MiB")


def test_a_table_without_missed_goals_says_so() -> None:
    suite = observer([watched(Load(1, 10 << 20))], left_out=[Load(0, 4 << 30)])
    assert frozenset() == suite.alarms
    assert "no cgroup" not in plain(suite)
    assert any(note.startswith("skipped: one process of 4 GiB: ") for note in suite.notes)
    assert suite.notes[-1].endswith(": met by all")


OTHER = "<!-- other: begin -->\nother\n<!-- other: end -->"
MINE = "<!-- mine: begin -->\nnew\n<!-- mine: end -->"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"{MINE}\n"),
        ("# Title\n", f"# Title\n\n{MINE}\n"),
        (f"# Title\n\n{OTHER}\n", f"# Title\n\n{OTHER}\n\n{MINE}\n"),
        (f"a\n{MINE.replace('new', 'old')}\n{OTHER}\nb\n", f"a\n{MINE}\n{OTHER}\nb\n"),
        (f"{MINE}\nb\n", f"{MINE}\nb\n"),
    ],
)
def test_a_section_is_replaced_or_added_and_the_rest_stays(before: str, after: str) -> None:
    assert after == with_section(before, "mine", "\nnew\n")
