"""How far a run goes: what ends it, and what sends it on."""

import os
from collections.abc import Iterator, Sequence
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest

import toys
from leaklab.agent.leaklab_agent import layout
from leaklab.agent.leaklab_agent.layout import END, GO_ON
from leaklab.model.job import Job, Limits
from leaklab.model.signals import Reading
from leaklab.observer.observation import Observation
from leaklab.observer.sample_tables import SampleTables, sample_tables
from leaklab.runs.stopping import ByVerdict
from leaklab.sandbox.protocol import Baseline

NEEDED = 400
HEAP = layout.SIGNALS.index("heap_bytes") + 1
LINE = [4096 * unit for unit in range(1, NEEDED + 1)]
FLAT = [1_000_000] * NEEDED
ROOT = [round(1_000_000 * unit**0.5) for unit in range(1, NEEDED + 1)]
STEPPED = [*[1_000_000] * 300, *[1_100_000] * 100]


@pytest.fixture
def tables() -> Iterator[SampleTables]:
    with sample_tables(1) as tables:
        yield tables


def fill(tables: SampleTables, heap: Sequence[int], units: Sequence[int] | None = None) -> None:
    """As many rows as there are in a table, evenly spaced."""
    every = range(0, len(heap), -(-len(heap) // layout.ROWS))
    for row, at in enumerate(every):
        begin = layout.HEAD + row * layout.WIDTH
        values = [units[at] if units else at + 1, *[layout.NOT_READ] * len(layout.SIGNALS)]
        values[HEAP] = heap[at]
        for column, value in enumerate(values):
            tables.words[begin + column] = value
    tables.words[0] = len(every)


def word(
    tables: SampleTables,
    reached: int,
    job: Job | None = None,
    cpu_seconds: float = 1.0,
    rss_bytes: int = 1 << 20,
    memory_bytes: int = 1 << 30,
) -> bytes:
    """What the agent is told."""
    probes = SimpleNamespace(cpu_seconds=lambda _: cpu_seconds, rss_bytes=lambda _: rss_bytes)
    limits = Limits(memory_bytes=memory_bytes, time_seconds=300)
    heard, said = os.pipe()
    try:
        planned = job or toys.job(budget_seconds=20.0)
        steering = ByVerdict(planned, limits, tables, cast("ModuleType", probes), said)
        seen = Observation()
        seen.hear(Baseline(0, 4711, 1 << 20, high_water_reset=True))
        steering.reached(reached, lambda _: None, seen)
        return os.read(heard, 1)
    finally:
        os.close(heard)
        os.close(said)


@pytest.mark.parametrize(("heap", "told"), [(LINE, END), (FLAT, END), (ROOT, GO_ON)])
def test_a_run_ends_where_its_verdict_is_certain(
    tables: SampleTables, heap: list[int], told: bytes
) -> None:
    fill(tables, heap)
    assert word(tables, NEEDED) == told


def test_before_the_declared_units_a_line_is_no_reason_to_end(tables: SampleTables) -> None:
    fill(tables, LINE[: NEEDED // 2])
    assert word(tables, NEEDED // 2) == GO_ON


def test_what_nothing_innocent_keeps_ends_a_run_at_once(tables: SampleTables) -> None:
    fill(tables, [unit * (100 << 20) for unit in range(9)])
    assert word(tables, 8) == END


def test_a_step_is_given_time_to_have_a_fellow(tables: SampleTables) -> None:
    fill(tables, STEPPED)
    assert word(tables, NEEDED) == GO_ON
    fill(tables, STEPPED, [4 * unit for unit in range(1, NEEDED + 1)])
    assert word(tables, 4 * NEEDED) == END


@pytest.mark.parametrize(
    "spent",
    [{"cpu_seconds": 10.1}, {"rss_bytes": 600 << 20}, {"memory_bytes": (2 << 20) - 1}],
)
def test_no_run_goes_where_its_budget_or_its_limits_would_not_let_it_come(
    tables: SampleTables, spent: dict[str, float]
) -> None:
    fill(tables, ROOT)
    assert word(tables, NEEDED, **spent) == END  # type: ignore[arg-type]


def test_what_the_agent_cannot_have_said_is_not_answered(tables: SampleTables) -> None:
    heard, said = os.pipe()
    os.set_blocking(heard, False)
    limits = Limits(memory_bytes=1 << 30, time_seconds=300)
    probes = cast("ModuleType", SimpleNamespace())
    steering = ByVerdict(toys.job(), limits, tables, probes, said)
    for units in [3, *[3] * 100_000, 2, 4]:  # more answers than a pipe holds
        steering.reached(units, lambda _: None, Observation())
    assert os.read(heard, 1 << 20) == GO_ON * 2
    os.close(heard)
    os.close(said)


def test_a_run_of_fixed_length_is_never_ended(tables: SampleTables) -> None:
    fill(tables, LINE)
    assert word(tables, NEEDED, toys.job()) == GO_ON


def test_a_pair_that_differs_by_its_peak_has_no_growth_to_wait_for(tables: SampleTables) -> None:
    fill(tables, ROOT)
    peaks = toys.scenario(judge="peak", min_ratio=2.0)
    assert word(tables, NEEDED, toys.job(peaks, budget_seconds=20.0)) == END


def test_of_a_tree_the_tree_is_read_at_every_stop_and_judged(tables: SampleTables) -> None:
    tree = toys.scenario(scope="tree")
    heard, said = os.pipe()
    seen = Observation()
    probes = SimpleNamespace(cpu_seconds=lambda _: 1.0, rss_bytes=lambda _: 1)
    limits = Limits(memory_bytes=1 << 30, time_seconds=300)
    job = toys.job(tree, budget_seconds=20.0)
    steering = ByVerdict(job, limits, tables, cast("ModuleType", probes), said)

    def look(units: int) -> None:
        seen.tree.add(units, Reading(pss_anon_bytes=units << 16))

    told = b""
    for units in range(1, NEEDED + 1):
        steering.reached(units, look, seen)
        told += os.read(heard, 1)
    assert told == GO_ON * (NEEDED - 1) + END
    os.close(heard)
    os.close(said)
