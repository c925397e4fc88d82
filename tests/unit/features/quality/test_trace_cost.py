"""What trace_leak costs, from times to figures."""

from leaklab.features.quality.trace_cost import Visit, trace_costs
from leaklab.reports import plain
from leaklab.reports.trace_cost import trace_cost_conclusion, trace_cost_table

COST = {
    "snapshot_seconds": 0.5,
    "cpu_seconds": 0.1,
    "tracemalloc_bytes": 1 << 20,
    "blocks": 160_000,
}


def visit(frames: int) -> Visit:
    windows = [(2.0, 4.0)] if frames else []
    costs = [COST] if frames else []
    slow = 1 + frames
    latencies = [0.001 * slow, 0.001 * slow, 0.3, 0.2, 0.001]
    cpu = 0.01 * slow + 0.1 * len(costs)
    return Visit(frames, [0.0, 1.0, 2.0, 3.0, 5.0], latencies, cpu, 9 << 20, windows, costs)


def test_requests_that_were_due_in_a_snapshot_are_counted_apart() -> None:
    cost = trace_costs([visit(1), visit(1)])
    assert 10 == cost.requests
    assert (200.0, 300.0) == cost.snapshot_ms
    assert (2.0, 2.0) == tuple(round(ms, 3) for ms in cost.quiet_ms)
    assert 300 == cost.longest_ms


def test_the_cpu_time_of_snapshots_is_not_that_of_requests() -> None:
    assert 4.0 == round(trace_costs([visit(1)]).request_cpu_ms, 6)


def test_the_table_and_its_conclusion_name_the_frames() -> None:
    costs = [trace_costs([visit(frames)]) for frames in (0, 1, 25)]
    lines = plain(trace_cost_table(costs), 200).splitlines()
    assert ["none", "1", "25"] == [line.split()[0] for line in lines[1:4]]
    conclusion = trace_cost_conclusion(costs)
    assert "1 frame multiplied the CPU time of a request by 2.0" in conclusion
    assert "25 frames multiplied" in conclusion
