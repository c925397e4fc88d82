"""The readings of a log are bounded, and the smallest of what they stand for."""

from hypothesis import given
from hypothesis import strategies as st

from leaklab.features.logs.sources import Batch
from leaklab.features.logs.traces import (
    MAX_LOGGED_FILES,
    MAX_READINGS,
    MAX_TRACES,
    SizeSeries,
    TraceLog,
)
from leaklab.tracing.records import record_text

SIZES = st.lists(st.integers(0, 1000), min_size=1, max_size=1500)


def series_of(sizes: list[int], order: list[int]) -> SizeSeries:
    series = SizeSeries()
    for snapshot in order:
        series.add(snapshot, 10.0 * snapshot, sizes[snapshot])
    return series


@given(SIZES, st.randoms(use_true_random=False))
def test_a_series_is_bounded_and_keeps_minima_in_any_order(
    sizes: list[int], random: object
) -> None:
    order = list(range(len(sizes)))
    series = series_of(sizes, order)
    seconds, kept = series.rows()
    assert len(kept) <= MAX_READINGS
    assert min(sizes) == min(kept)
    assert sorted(seconds) == list(seconds)
    assert all(sizes[int(at / 10)] == size for at, size in zip(seconds, kept, strict=True))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert (seconds, kept) == series_of(sizes, order).rows()


@given(SIZES)
def test_a_series_thins_evenly(sizes: list[int]) -> None:
    series = series_of(sizes, list(range(len(sizes))))
    seconds, _ = series.rows()
    blocks = [int(at / 10) // series.stride for at in seconds]
    assert list(range(len(blocks))) == blocks


def test_a_snapshot_of_any_number_takes_no_more_memory() -> None:
    series = SizeSeries()
    series.add(1 << 60, 5.0, 3)
    assert ([5.0], [3.0]) == series.rows()


def line(file: str, snapshot: int, pid: int = 1) -> bytes:
    fields = {"pid": pid, "started": 1.0, "snapshot": snapshot, "seconds": snapshot, "size": 1}
    record = {"event": "top_current", **fields, "file": file, "count": 1, "difference": 0}
    return record_text(record).encode()


def read(*lines: bytes) -> TraceLog:
    log = TraceLog()
    log.add(Batch(list(lines), len(lines)))
    return log


def test_files_beyond_the_maximum_replace_those_not_listed_for_longest() -> None:
    log = read(*(line(f"{number}.py", number) for number in range(MAX_LOGGED_FILES + 2)))
    (trace,) = log.traces.values()
    assert MAX_LOGGED_FILES == len(trace.files)
    assert {"0.py", "1.py"}.isdisjoint(trace.files)


def test_processes_beyond_the_maximum_replace_the_shortest() -> None:
    long = [line("a.py", snapshot, pid=0) for snapshot in range(3)]
    log = read(*long, *(line("a.py", 0, pid) for pid in range(1, MAX_TRACES + 3)))
    assert MAX_TRACES == len(log.traces)
    assert (0, 1.0) in log.traces
    assert 3 == log.traces_left_out


def test_lines_records_and_halves_of_records_are_counted() -> None:
    log = TraceLog()
    log.add(Batch([b"GET /", line("a.py", 0), b"top_current pid=1"], 30))
    log.add(Batch([line("a.py", 1)[:-1]], 1, ended=False))
    assert (31, 1, 2) == (log.lines, log.records, log.cut_short)


def test_only_files_of_the_last_snapshot_are_judged() -> None:
    (trace,) = read(line("a.py", 0), line("b.py", 0), line("b.py", 1)).traces.values()
    assert ["b.py"] == list(trace.listed())
