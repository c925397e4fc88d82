"""A web service that takes the readings of electricity meters: a document a meter and day."""

from __future__ import annotations

import json
import logging
import time
from bisect import bisect

from tornado.httputil import HTTPServerRequest
from tornado.web import Application, HTTPError, RequestHandler

READINGS_PER_DAY = 24 * 4
BUCKETS_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
SLOW_SECONDS = 1.0

log = logging.getLogger(__name__)


class Durations:
    """Measures how long requests take, from their arrival to the end of their answer."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS_SECONDS) + 1)
        self._begun: dict[HTTPServerRequest, float] = {}

    def begin(self, request: HTTPServerRequest) -> None:
        """Start the clock of a request."""
        self._begun[request] = time.monotonic()

    def end(self, request: HTTPServerRequest) -> None:
        """Stop the clock of a request, and log the request if it was slow."""
        seconds = time.monotonic() - self._begun.pop(request)
        self.counts[bisect(BUCKETS_SECONDS, seconds)] += 1
        if seconds > SLOW_SECONDS:
            log.warning("%s %s took %.1f s", request.method, request.uri, seconds)


class ReadingsHandler(RequestHandler):
    """Takes the readings of a meter, and answers with the energy of the day."""

    def initialize(self, durations: Durations) -> None:
        """Set what the handlers of all requests share."""
        self.durations = durations

    def put(self, meter: str, day: str) -> None:
        """Take the document of a day: the energy of each quarter of an hour, in watt-hours."""
        self.durations.begin(self.request)
        readings = parsed(self.request.body)
        self.finish({"meter": meter, "day": day, "kwh": round(sum(readings) / 1000, 3)})
        self.durations.end(self.request)


def parsed(document: bytes) -> list[int]:
    """Return the readings in a document; answer 400 if it is not complete."""
    readings = json.loads(document).get("watt_hours", [])
    if len(readings) != READINGS_PER_DAY:
        raise HTTPError(400, reason="Incomplete Document")
    return [int(reading) for reading in readings]


def application() -> Application:
    """Return the application, for a server."""
    routes = [(r"/meters/(\d+)/days/(\d+)", ReadingsHandler, {"durations": Durations()})]
    return Application(routes, log_function=lambda _: None)
