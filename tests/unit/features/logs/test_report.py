"""From records to a verdict: what grows, and what is big but constant."""

from collections.abc import Callable, Mapping

import pytest

from leaklab.features.logs.report import LogReport, log_report
from leaklab.features.logs.sources import Batch
from leaklab.features.logs.traces import TraceLog
from leaklab.model.errors import BadInput
from leaklab.model.verdicts import Conclusion
from leaklab.tracing.records import record_text

MIB = 1 << 20
LEAK, CLEAN, UNDECIDED = Conclusion.LEAK, Conclusion.CLEAN, Conclusion.UNDECIDED
Sizes = Mapping[str, Callable[[int], int]]


def service_lines(sizes: Sizes, snapshots: int = 100, pid: int = 1, top: int = 99) -> list[bytes]:
    """The records of a service: by file, its size at a snapshot."""
    lines = []
    for number in range(snapshots):
        moment = {"pid": pid, "started": 1.5, "snapshot": number, "seconds": 60.0 * number}
        now = {file: size(number) for file, size in sizes.items()}
        cost = {"traced_bytes": sum(now.values()), "tracemalloc_bytes": 9, "frames": 25}
        seconds = {"snapshot_seconds": 0.25, "cpu_seconds": 0.125}
        lines.append(record_text({"event": "trace_cost", **moment, **cost, **seconds}))
        for file in sorted(now, key=lambda file: -now[file])[:top]:
            amounts = {"file": file, "size": now[file], "count": 2, "difference": 0}
            lines.append(record_text({"event": "top_current", **moment, **amounts}))
    return [line.encode() for line in lines]


def report_of(*logs: list[bytes]) -> LogReport:
    log = TraceLog()
    for lines in logs:
        log.add(Batch(lines, len(lines)))
    return log_report(log, "service.log")


SERVICE: Sizes = {
    "tables.py": lambda _: 45 * MIB,
    "orders.py": lambda number: 5000 + 700 * number,
    "web.py": lambda number: 60_000 + 7919 * number % 1000,
}


def test_the_small_file_that_grows_is_accused_and_the_big_constant_one_is_not() -> None:
    report = report_of(service_lines(SERVICE))
    assert LEAK is report.conclusion
    assert [("orders.py", LEAK), ("tables.py", CLEAN), ("web.py", CLEAN)] == [
        (growth.file, growth.conclusion) for growth in report.files
    ]
    assert 700 / 60 == pytest.approx(report.files[0].estimate.per_unit, rel=0.01)
    assert 0.99 < report.files[1].share < 1


def test_a_service_without_growth_is_clean() -> None:
    report = report_of(service_lines({**SERVICE, "orders.py": lambda _: 5000}))
    assert (CLEAN, CLEAN) == (report.conclusion, report.total.conclusion)


def test_what_grows_in_no_list_makes_the_total_grow() -> None:
    report = report_of(service_lines({"big.py": lambda _: 10 * MIB, **SERVICE}, top=2))
    assert {CLEAN} == {growth.conclusion for growth in report.files}
    assert LEAK is report.conclusion


def test_a_few_snapshots_decide_nothing() -> None:
    report = report_of(service_lines(SERVICE, snapshots=5))
    assert UNDECIDED is report.conclusion
    assert "too few samples" in report.reasons[0].text


def test_each_process_is_judged_by_itself() -> None:
    short, long = service_lines(SERVICE, 60, pid=1), service_lines(SERVICE, 90, pid=2)
    report = report_of([line for pair in zip(short, long, strict=False) for line in pair], long)
    assert (2, LEAK) == (report.processes, report.conclusion)
    assert {2} == {growth.pid for growth in report.files}


def test_rotated_logs_may_come_in_any_order() -> None:
    lines = service_lines(SERVICE)
    one, other = lines[:200], lines[200:]
    assert report_of(one, other) == report_of(other, one)


def test_a_log_without_records_is_refused_with_what_to_do() -> None:
    for lines, message in (
        ([], "service.log is empty; let the service log for at least ten snapshots"),
        ([b"GET /"] * 2, "service.log has no records of trace_leak in its 2 lines; log them as"),
        ([b"GET /"], "in its only line"),
        (service_lines(SERVICE, 1)[1:], "service.log has only parts of records"),
    ):
        with pytest.raises(BadInput, match=message):
            report_of(lines)
