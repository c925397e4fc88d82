"""What `trace_leak` costs a real tornado service: CPU time, memory, and its users' waiting.

The service runs without a trace, with tracebacks of one frame, and with those of 25. Requests are
due at fixed times, and each is timed from the moment at which it was due: all requests wait that
come while a service stands still. Rejected: the next request as soon as one is answered, because
only one of them would meet a snapshot.
"""

import http.client
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from leaklab.model.errors import BadInput, NotMeasured

SERVICE = "leaklab.features.quality.traced_service"
FRAMES = (0, 1, 25)
# Each order is 8 blocks of memory: 160,000 blocks are those of a service of some size.
KEPT_ORDERS = 20_000
QUICK_KEPT_ORDERS = 500
DELAY_SECONDS = 2.0
# Few enough that a service which is ten times as slow can still answer all.
REQUESTS_PER_SECOND = 10
ANSWER_SECONDS = 60.0


@dataclass(frozen=True)
class Visit:
    """The service at the end of a measurement, and how long each request took."""

    frames: int
    due: list[float]
    latencies: list[float]
    cpu_seconds: float
    rss_bytes: int
    windows: list[tuple[float, float]]
    costs: list[dict[str, Any]]


@dataclass(frozen=True)
class TraceCosts:
    """What a trace cost.

    Attributes:
        frames: The length of the tracebacks; 0 without a trace.
        requests: How many were answered.
        quiet_ms: The median and the 99th percentile of the waiting between snapshots.
        snapshot_ms: The same of requests that were due during a snapshot; None without any.
        longest_ms: The longest waiting.
        request_cpu_ms: The CPU time of the service for a request, without that of the snapshots.
        rss_bytes: The resident memory of the service.
        tracemalloc_bytes: The part that tracemalloc takes for its traces.
        snapshot_seconds: The median time of a snapshot.
        snapshot_cpu_seconds: The median CPU time of a snapshot.
        blocks: The blocks that were traced.
    """

    frames: int
    requests: int
    quiet_ms: tuple[float, float]
    snapshot_ms: tuple[float, float] | None
    longest_ms: float
    request_cpu_ms: float
    rss_bytes: int
    tracemalloc_bytes: int
    snapshot_seconds: float
    snapshot_cpu_seconds: float
    blocks: int


def measure_trace_costs(seconds: float, rounds: int, orders: int = KEPT_ORDERS) -> list[TraceCosts]:
    """Measure the service without a trace, and with each length of tracebacks.

    Args:
        seconds: The length of a visit.
        rounds: How many visits each way, in turn, so that a busy moment of the machine meets all.
        orders: How many orders the service keeps.

    Raises:
        BadInput: Tornado is not installed.
        NotMeasured: The service did not answer.
    """
    if importlib.util.find_spec("tornado") is None:
        raise BadInput("the service needs tornado: pip install 'leaklab[scenarios]'")
    visits = [_visit(frames, seconds, orders) for _ in range(rounds) for frames in FRAMES]
    return [trace_costs([visit for visit in visits if visit.frames == f]) for f in FRAMES]


def _visit(frames: int, seconds: float, orders: int) -> Visit:
    with _service(frames, orders) as (process, connection):
        import psutil  # noqa: PLC0415  (26 ms, which --help does not pay for)

        before = _get(connection, "/cost")["cpu_seconds"]
        due, latencies = [], []
        began = time.monotonic()
        for number in range(round(seconds * REQUESTS_PER_SECOND)):
            moment = began + number / REQUESTS_PER_SECOND
            time.sleep(max(moment - time.monotonic(), 0.0))
            _get(connection, f"/order/{number % orders}")
            due.append(moment)
            latencies.append(time.monotonic() - moment)
        after = _get(connection, "/cost")
        cpu, rss = after["cpu_seconds"] - before, psutil.Process(process.pid).memory_info().rss
    windows = [(start, end) for start, end in after["windows"] if end > began]
    # The first snapshot was made before there was anything to trace.
    return Visit(frames, due, latencies, cpu, rss, windows, after["costs"][1:])


@contextmanager
def _service(
    frames: int, orders: int
) -> Iterator[tuple["subprocess.Popen[str]", http.client.HTTPConnection]]:
    """Start the service, and end it."""
    command = [sys.executable, "-m", SERVICE, str(frames), str(DELAY_SECONDS), str(orders)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        connection: http.client.HTTPConnection | None = None
        try:
            port = process.stdout.readline() if process.stdout else ""
            if not port:
                raise NotMeasured("the service ended before it was ready; see its message above")
            address = ("127.0.0.1", int(port))
            connection = http.client.HTTPConnection(*address, timeout=ANSWER_SECONDS)
            yield process, connection
        except (OSError, http.client.HTTPException) as error:
            raise NotMeasured(f"the service does not answer: {error}; try again") from error
        finally:
            if connection:
                connection.close()
            process.kill()


def _get(connection: http.client.HTTPConnection, path: str) -> dict[str, Any]:
    connection.request("GET", path)
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    return answer


def trace_costs(visits: Sequence[Visit]) -> TraceCosts:
    """Summarize visits with the same length of tracebacks; there is at least one."""
    waits = [
        (any(start <= due <= end for start, end in visit.windows), latency)
        for visit in visits
        for due, latency in zip(visit.due, visit.latencies, strict=True)
    ]
    costs = [cost for visit in visits for cost in visit.costs]
    own_cpu = sum(cost["cpu_seconds"] for visit in visits for cost in visit.costs)
    cpu = sum(visit.cpu_seconds for visit in visits)
    return TraceCosts(
        frames=visits[0].frames,
        requests=len(waits),
        quiet_ms=_percentiles([wait for during, wait in waits if not during]) or (0.0, 0.0),
        snapshot_ms=_percentiles([wait for during, wait in waits if during]),
        longest_ms=1000 * max(wait for _, wait in waits),
        request_cpu_ms=1000 * max(cpu - own_cpu, 0.0) / len(waits),
        rss_bytes=max(visit.rss_bytes for visit in visits),
        tracemalloc_bytes=max((cost["tracemalloc_bytes"] for cost in costs), default=0),
        snapshot_seconds=_median([cost["snapshot_seconds"] for cost in costs]),
        snapshot_cpu_seconds=_median([cost["cpu_seconds"] for cost in costs]),
        blocks=max((cost["blocks"] for cost in costs), default=0),
    )


def _percentiles(seconds: list[float]) -> tuple[float, float] | None:
    """Return the median and the 99th percentile, in milliseconds."""
    if not seconds:
        return None
    ranked = sorted(seconds)
    return tuple(1000 * ranked[int(share * (len(ranked) - 1))] for share in (0.5, 0.99))  # type: ignore[return-value]  # two


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
