from collections.abc import Iterator

import pytest

from leaklab import agent

DEAR = 10 * agent.DEAR_NANOSECONDS


def readings(costs: list[int], monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Which rows, 10 ms of CPU time apart, are read by a probe of these costs."""
    clock = [0]
    left: Iterator[int] = iter(costs)

    def read() -> int:
        clock[0] += next(left)
        return 1

    monkeypatch.setattr("time.thread_time_ns", lambda: clock[0])
    probe = agent.Probe(read, 1, 100, agent.MOST_LEFT_OUT)
    found = []
    for row in range(len(costs)):
        found.append(probe(row) != agent.NOT_READ)
        clock[0] += 10_000_000
    return found


def test_a_cheap_probe_is_read_at_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(readings([1000] * 50, monkeypatch))


def test_one_dear_reading_is_an_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(readings([1000, 1000, 50 * DEAR, 1000, 50 * DEAR] + [1000] * 20, monkeypatch))


def test_a_probe_that_is_dear_takes_no_more_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = 4 * agent.DEAR_NANOSECONDS
    spent = cost * sum(readings([cost] * 200, monkeypatch))
    assert 0 < spent <= 200 * 10_000_000 / 100 + 2 * cost


def test_a_probe_is_read_at_every_eighth_row_however_dear(monkeypatch: pytest.MonkeyPatch) -> None:
    found = readings([1000 * DEAR] * 80, monkeypatch)
    assert found == [True] + ([True] + [False] * agent.MOST_LEFT_OUT) * 9 + [True] + [False] * 6


def test_what_is_not_due_at_a_row_is_not_read() -> None:
    probe = agent.Probe(lambda: 1, 3, 100, agent.MOST_LEFT_OUT)
    assert [probe(row) for row in range(4)] == [1, agent.NOT_READ, agent.NOT_READ, 1]
