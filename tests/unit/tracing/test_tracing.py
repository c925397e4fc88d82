"""trace_leak: what is logged, to which loggers, and what is left behind."""

import asyncio
import json
import logging
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

import leaklab
from leaklab.tracing import TracingThread, trace_leak
from leaklab.tracing.records import record_text
from leaklab.tracing.snapshots import OWN_FILES, Trace

Records = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def _not_tracing() -> Iterator[None]:
    assert not tracemalloc.is_tracing()
    yield
    assert not tracemalloc.is_tracing()


def of(records: Records, event: str) -> Records:
    return [record for record in records if record["event"] == event]


def snapshots(number: int, frames: int = 1) -> tuple[Records, list[bytes]]:
    """The records of some snapshots, between which this file allocates 1,000 bytes each."""
    records: Records = []
    kept = []
    trace = Trace(1.0, 5, 2, frames, records.append)
    with trace.running():
        for _ in range(number):
            trace.log(trace.snapshot())
            kept.append(bytes(1000))
    return records, kept


def test_a_file_that_grows_is_in_both_lists_with_its_numbers() -> None:
    records, _ = snapshots(4)
    for event in ("top_current", "since_start"):
        (line,) = (r for r in of(records, event) if r["snapshot"] == 3 and r["file"] == __file__)
        assert 3000 <= line["difference"] <= line["size"] < 5000
        assert round(line["size"] / line["count"]) == line["average"]


def test_ranks_are_by_size_and_by_growth() -> None:
    records, _ = snapshots(4)
    for event, key in (("top_current", "size"), ("since_start", "difference")):
        last = [r for r in of(records, event) if r["snapshot"] == 3]
        assert list(range(1, len(last) + 1)) == [r["rank"] for r in last]
        assert sorted((r[key] for r in last), reverse=True) == [r[key] for r in last]


def test_the_traceback_of_what_grew_ends_with_the_line_that_allocates() -> None:
    records, _ = snapshots(3, frames=10)
    first = of(records, "traceback")[-1]["traceback"]
    *_, caller, line = (of(records, "traceback")[0]["traceback"]).split(" > ")
    assert line.startswith(f"{__file__}:")
    assert caller.startswith(f"{__file__}:")
    assert first


def test_what_the_start_allocated_is_soon_no_place_that_grows() -> None:
    records: Records = []
    kept = []
    trace = Trace(1.0, 5, 1, 1, records.append)
    with trace.running():
        trace.log(trace.snapshot())
        loaded = [bytes(100) for _ in range(10_000)]
        for _ in range(8):
            trace.log(trace.snapshot())
            kept.append(bytes(1000))
    assert len(loaded) > len(kept)
    start = of(records, "traceback")[0]["traceback"]
    later = [r["traceback"] for r in of(records, "traceback") if r["snapshot"] >= 4]
    assert start not in later
    assert len(set(later)) == 1


def test_the_trace_itself_is_in_no_list() -> None:
    records, _ = snapshots(3, frames=10)
    files = {r["file"] for r in records if "file" in r}
    assert set() == files & OWN_FILES


def test_each_snapshot_says_what_it_cost() -> None:
    records, _ = snapshots(2)
    costs = of(records, "trace_cost")
    assert [0, 1] == [cost["snapshot"] for cost in costs]
    assert costs[1]["tracemalloc_bytes"] > 0
    assert costs[1]["snapshot_seconds"] > 0
    assert 1 == costs[1]["frames"]
    assert costs[1]["traced_bytes"] > costs[0]["traced_bytes"]


def test_what_was_tracing_before_goes_on_tracing() -> None:
    tracemalloc.start(3)
    try:
        records, _ = snapshots(1, frames=1)
        assert tracemalloc.is_tracing()
        assert 3 == of(records, "trace_cost")[0]["frames"]
    finally:
        tracemalloc.stop()


def test_the_last_of_two_traces_stops_tracemalloc() -> None:
    one, other = (Trace(1.0, 5, 0, 1, Records().append) for _ in range(2))
    first, second = one.running(), other.running()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert tracemalloc.is_tracing()
    second.__exit__(None, None, None)


def test_a_trace_ends_quietly_where_something_else_stops_tracemalloc() -> None:
    records: Records = []
    trace = Trace(1.0, 5, 0, 1, records.append)
    with trace.running():
        tracemalloc.stop()
        trace.snapshot()
    assert "must be tracing" in records[-1]["reason"]


async def _traced(cancel: str, records: Records) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(trace_leak(0.01, logger=records.append, stop=stop))
    while len(of(records, "trace_cost")) < 3:
        await asyncio.sleep(0.005)
    if cancel:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        stop.set()
        await task


@pytest.mark.parametrize(("cancel", "reason"), [("", "stopped"), ("yes", "cancelled")])
def test_a_task_ends_by_its_event_and_by_its_cancellation(cancel: str, reason: str) -> None:
    records: Records = []
    asyncio.run(_traced(cancel, records))
    assert "trace_start" == records[0]["event"]
    assert ("trace_end", reason) == (records[-1]["event"], records[-1]["reason"])


def test_a_thread_traces_until_it_is_stopped() -> None:
    records: Records = []
    thread = TracingThread(0.01, logger=records.append)
    thread.stop()  # of a thread that was not started, nothing
    thread = TracingThread(0.01, logger=records.append)
    thread.start()
    while len(of(records, "trace_cost")) < 3:
        pass
    thread.stop()
    assert "stopped" == records[-1]["reason"]


class KeywordLogger:
    """A logger in structlog's manner."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **fields: Any) -> None:
        self.calls.append((event, fields))


def test_a_keyword_logger_gets_the_event_and_the_fields() -> None:
    logger = KeywordLogger()
    with Trace(1.0, 5, 0, 1, logger).running():
        pass
    event, fields = logger.calls[0]
    assert "trace_start" == event
    assert {"pid", "started", "seconds", "delay", "top", "trace"} == set(fields)


@pytest.mark.parametrize("adapted", [False, True])
def test_a_logger_of_logging_gets_text_and_extra(
    adapted: bool,  # noqa: FBT001  (pytest hands it over)
    caplog: pytest.LogCaptureFixture,
) -> None:
    logger: Any = logging.getLogger("service")
    logger = logging.LoggerAdapter(logger, {}) if adapted else logger
    with caplog.at_level(logging.INFO), Trace(1.0, 5, 0, 1, logger).running():
        pass
    first = caplog.records[0]
    assert first.getMessage().startswith("trace_start pid=")
    assert adapted or first.__dict__["event"] == "trace_start"


def test_none_is_the_logger_of_this_name(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), Trace(1.0, 5, 0, 1, None).running():
        pass
    assert {"leaklab.trace_leak"} == {record.name for record in caplog.records}


def test_a_value_is_quoted_where_a_reader_would_lose_it() -> None:
    record = {"event": "top_current", "file": 'a "b" c.py', "size": 1, "other": "a=b"}
    assert 'top_current file="a \\"b\\" c.py" size=1 other="a=b"' == record_text(record)
    assert json.loads(record_text(record).split("file=")[1].split(" size")[0]) == record["file"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ((0.0, 1, 0, 1), "delay is 0.0; it must be more than 0 seconds"),
        ((float("nan"), 1, 0, 1), "delay is nan"),
        ((1.0, 0, 0, 1), "top is 0; it must be 1 or more"),
        ((1.0, 1, -1, 1), "trace is -1; it must be 0 or more"),
        ((1.0, 1, 0, 0), "frames is 0; it must be 1 or more"),
    ],
)
def test_a_setting_out_of_range_is_refused(
    settings: tuple[float, int, int, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Trace(*settings, None)


def test_what_is_no_logger_is_refused() -> None:
    with pytest.raises(TypeError, match="logger is a int; give a logger or a function"):
        TracingThread(logger=3)


def test_the_package_offers_both_and_nothing_else() -> None:
    assert (leaklab.trace_leak, leaklab.TracingThread) == (trace_leak, TracingThread)
    with pytest.raises(AttributeError, match="has no attribute 'trace_leaks'"):
        _ = leaklab.trace_leaks
