"""The tornado service that `trace_cost.py` measures: a program of its own.

Arguments: the frames of its tracebacks (0 for no trace), the seconds between snapshots, and how
many orders it keeps. It prints its port. `/order/N` answers with an order and its neighbours, and
`/cost` with what the service and its snapshots took.
"""

import asyncio
import json
import sys
import time
from typing import Any

from tornado.ioloop import IOLoop
from tornado.web import Application, RequestHandler

from leaklab import trace_leak

ORDERS_IN_ANSWER = 20


def order(number: int) -> dict[str, Any]:
    """Return an order as a request brings it."""
    text = f'{{"number": {number}, "customer": "c{number}", "goods": [{number}, 2000, 3000]}}'
    return dict(json.loads(text))


class Snapshots:
    """The records of the snapshots, with the times between which each was made."""

    def __init__(self) -> None:
        """Begin with none."""
        self.windows: list[tuple[float, float]] = []
        self.costs: list[dict[str, Any]] = []
        self._began = 0.0

    def log(self, record: dict[str, Any]) -> None:
        """Take a record of trace_leak."""
        if record["event"] == "trace_start":
            self._began = time.monotonic() - record["seconds"]
        elif record["event"] == "trace_cost":
            start = self._began + record["seconds"]
            self.windows.append((start, start + record["snapshot_seconds"]))
            self.costs.append(record)


class OrderHandler(RequestHandler):
    """Answers with an order."""

    def initialize(self, orders: dict[int, dict[str, Any]]) -> None:
        """Take the orders that the service keeps."""
        self.orders = orders

    def get(self, number: str) -> None:
        """Answer with an order and those after it, as JSON."""
        wanted = (int(number) + step for step in range(ORDERS_IN_ANSWER))
        self.write({"orders": [self.orders[at % len(self.orders)] for at in wanted]})


class CostHandler(RequestHandler):
    """Answers with what the service took."""

    def initialize(self, snapshots: Snapshots) -> None:
        """Take the records of the snapshots."""
        self.snapshots = snapshots

    def get(self) -> None:
        """Answer with CPU time in seconds, and the snapshots."""
        windows, costs = self.snapshots.windows, self.snapshots.costs
        self.write({"cpu_seconds": time.process_time(), "windows": windows, "costs": costs})


async def main(frames: int, delay: float, kept: int) -> None:
    """Serve until the process is ended."""
    snapshots = Snapshots()
    orders: dict[int, dict[str, Any]] = {}
    if frames:
        settings: dict[str, Any] = {"delay": delay, "frames": frames, "logger": snapshots.log}
        IOLoop.current().spawn_callback(trace_leak, **settings)
        while not snapshots.costs:
            await asyncio.sleep(0.01)
    orders.update((number, order(number)) for number in range(kept))
    routes: list[Any] = [
        (r"/order/(\d+)", OrderHandler, {"orders": orders}),
        (r"/cost", CostHandler, {"snapshots": snapshots}),
    ]
    server = Application(routes).listen(0, "127.0.0.1")
    port = next(iter(server._sockets.values())).getsockname()[1]
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
