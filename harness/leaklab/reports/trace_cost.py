"""What `trace_leak` costs a service: a table and its conclusion."""

from collections.abc import Sequence

from leaklab.features.quality.trace_cost import DELAY_SECONDS, REQUESTS_PER_SECOND, TraceCosts
from leaklab.model.units import format_bytes
from leaklab.reports.table import Table

COLUMNS = (
    "trace",
    "p50",
    "p99",
    "in snapshot p50",
    "p99 there",
    "longest",
    "CPU/request",
    "RSS",
    "tracemalloc",
    "snapshot",
    "its CPU",
)


def trace_cost_table(costs: Sequence[TraceCosts]) -> Table:
    """Build a row for each length of tracebacks."""
    blocks = max(cost.blocks for cost in costs)
    return Table(
        columns=COLUMNS,
        rows=[_row(cost) for cost in costs],
        right=frozenset(COLUMNS[1:]),
        notes=[
            f"{costs[0].requests:,} requests, {REQUESTS_PER_SECOND} a second, timed since due",
            f"snapshots of {blocks:,} blocks, {DELAY_SECONDS:g} s from the end of one to the next",
            "in snapshot: requests that were due while one was made",
            "CPU/request: the CPU time of the service for a request, without that of snapshots",
            "RSS: of the service; tracemalloc: the part of it for the traces",
        ],
    )


def trace_cost_conclusion(costs: Sequence[TraceCosts]) -> str:
    """Write the paragraph that says what follows."""
    bare, *traced = costs
    parts = [
        f"{_frames(cost.frames)} multiplied the CPU time of a request by "
        f"{cost.request_cpu_ms / bare.request_cpu_ms:.1f}, took "
        f"{format_bytes(cost.tracemalloc_bytes)} for {cost.blocks:,} blocks, and a snapshot took "
        f"{cost.snapshot_seconds:.2f} s ({cost.snapshot_cpu_seconds:.2f} s of CPU time), in which "
        f"the 99th percentile of the waiting rose from {bare.quiet_ms[1]:.0f} ms to "
        f"{(cost.snapshot_ms or cost.quiet_ms)[1]:.0f} ms"
        for cost in traced
    ]
    return f"What trace_leak costs a tornado service: {'; '.join(parts)}."


def _row(cost: TraceCosts) -> tuple[str, ...]:
    during = cost.snapshot_ms
    return (
        _frames(cost.frames),
        *(f"{ms:.1f} ms" for ms in cost.quiet_ms),
        *((f"{ms:.1f} ms" for ms in during) if during else ("", "")),
        f"{cost.longest_ms:.0f} ms",
        f"{cost.request_cpu_ms:.2f} ms",
        format_bytes(cost.rss_bytes),
        format_bytes(cost.tracemalloc_bytes) if cost.frames else "",
        f"{cost.snapshot_seconds:.3f} s" if cost.frames else "",
        f"{cost.snapshot_cpu_seconds:.3f} s" if cost.frames else "",
    )


def _frames(frames: int) -> str:
    if not frames:
        return "none"
    return "1 frame" if frames == 1 else f"{frames} frames"
