from collections.abc import Iterator

import pytest

from leaklab.agent.leaklab_agent.layout import NOT_READ
from leaklab.agent.leaklab_agent.paced_reader import (
    ALWAYS_AT,
    EXPENSIVE_NANOSECONDS,
    PacedReader,
)

EXPENSIVE = 10 * EXPENSIVE_NANOSECONDS


def readings(costs: list[int], monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Which rows, 10 ms of CPU time apart, are read by a reader of these costs."""
    clock = [0]
    left: Iterator[int] = iter(costs)

    def read() -> int:
        clock[0] += next(left)
        return 1

    monkeypatch.setattr("time.thread_time_ns", lambda: clock[0])
    reader = PacedReader(read, 1, 100)
    results = []
    for row in range(len(costs)):
        results.append(reader(row) != NOT_READ)
        clock[0] += 10_000_000
    return results


def test_a_cheap_reader_reads_at_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(readings([1000] * 50, monkeypatch))


def test_one_expensive_reading_does_not_slow_a_reader_down(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(
        readings([1000, 1000, 50 * EXPENSIVE, 1000, 50 * EXPENSIVE] + [1000] * 20, monkeypatch)
    )


def test_an_expensive_reader_stays_within_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = 4 * EXPENSIVE_NANOSECONDS
    spent = cost * sum(readings([cost] * 200, monkeypatch))
    assert 0 < spent <= 200 * 10_000_000 / 100 + 2 * cost


def test_a_reading_is_made_at_every_eighth_row_however_expensive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    series = readings([1000 * EXPENSIVE] * 80, monkeypatch)
    assert [row for row in range(2, 80) if row % ALWAYS_AT == 0] == [
        row for row in range(2, 80) if series[row]
    ]


def test_a_reader_does_not_read_before_it_is_due() -> None:
    reader = PacedReader(lambda: 1, 3, 100)
    assert [reader(row) for row in range(4)] == [1, NOT_READ, NOT_READ, 1]
