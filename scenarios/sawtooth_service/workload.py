"""Meters send their readings to a service that a supervisor keeps alive; a unit is three documents.

The supervisor is this process. It forks a worker, which serves, and replaces it by another one when
the worker has grown by `limit_mib`. The client is a process of its own, `fixtures/load.py`. Every
second document is not complete, because its meter still has last year's software.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from collections.abc import Iterator
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

BATCH = 3
READINGS = 24 * 360
TEMPLATES = 16
POLL_SECONDS = 0.5
MIB = 1 << 20


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Let the client send batch after batch, and replace the worker between them."""
    limit = int(float(lab.options["limit_mib"]) * MIB)
    if limit < MIB:
        raise ValueError(f"limit_mib={lab.options['limit_mib']}: give 1 or more")
    documents = some_documents(Random(lab.seed))
    supervisor = Supervisor(program, lab.services["load"], int(lab.options["service_port"]), limit)
    try:
        while True:
            for status, body in supervisor.serve([next(documents) for _ in range(BATCH)]):
                if status not in (200, 400):
                    raise RuntimeError(f"the service answered {status}: {body}")
            supervisor.replace_if_large()
            yield
    finally:
        supervisor.close()


def some_documents(random: Random) -> Iterator[tuple[str, str, str]]:
    """Yield requests with the documents of meters without end: method, path, and body."""
    bodies = [body(random, index % 2 == 0) for index in range(TEMPLATES)]
    while True:
        for document in bodies:
            yield "PUT", f"/meters/{random.randrange(5000)}/days/{random.randrange(365)}", document


def body(random: Random, complete: bool) -> str:  # noqa: FBT001
    """Return a document; one that is not complete has up to a tenth less."""
    readings = READINGS if complete else random.randrange(READINGS * 9 // 10, READINGS)
    usual = random.randrange(20, 90)
    return json.dumps({"watt_hours": [usual + second * 7919 % 5 for second in range(readings)]})


class Supervisor:
    """Keeps one worker alive, and replaces it when its memory has grown to a limit."""

    def __init__(self, program: Any, load: str, port: int, limit: int) -> None:
        """Begin to listen, start a worker, and connect to the client.

        Args:
            program: the program of the service.
            load: the address that `fixtures/load.py` printed.
            port: the port of the service; 0 takes any free one.
            limit: by how many bytes a worker may grow.
        """
        from fixtures.serving import ADDRESS, listening_sockets

        self._program = program
        self._limit = limit
        self._sockets = listening_sockets(port)
        self.url = f"http://{ADDRESS}:{self._sockets[0].getsockname()[1]}"
        host, _, client_port = load.rpartition("/")[2].partition(":")
        self._client = socket.create_connection((host, int(client_port)))
        self._answers = self._client.makefile("rb")
        self._start_worker()

    def serve(self, requests: list[tuple[str, str, str]]) -> list[tuple[int, str]]:
        """Let the client make requests; return the status and the body of each response.

        Raises:
            RuntimeError: the worker or the client has ended.
        """
        order = json.dumps({"url": self.url, "requests": requests})
        try:
            self._client.sendall(f"{order}\n".encode())
            while not select.select([self._client], [], [], POLL_SECONDS)[0]:
                self._require_worker()
            line = self._answers.readline()
        except ConnectionError:
            line = b""
        answer = json.loads(line or '{"error": "the client fixtures.load has ended: run it again"}')
        if "error" in answer:
            self._require_worker()
            raise RuntimeError(answer["error"])
        return [(status, body) for status, body in answer["responses"]]

    def replace_if_large(self) -> None:
        """Replace the worker if it has grown to the limit."""
        if self._resident() - self._resident_at_start >= self._limit:
            self._end_worker()
            self._start_worker()

    def close(self) -> None:
        """End the worker, stop listening, and disconnect from the client."""
        self._end_worker()
        for listening in self._sockets:
            listening.close()
        self._answers.close()
        self._client.close()

    def _start_worker(self) -> None:
        self._pid = os.fork()
        if self._pid == 0:
            work(self._program, self._sockets)
        self.serve([("GET", "/", "")])  # answered with 404, once the worker is ready
        self._resident_at_start = self._resident()

    def _end_worker(self) -> None:
        if self._pid:
            os.kill(self._pid, signal.SIGTERM)
            os.waitpid(self._pid, 0)
            self._pid = 0

    def _require_worker(self) -> None:
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if pid:
            self._pid = 0
            raise RuntimeError(f"the worker has ended with wait status {status}")

    def _resident(self) -> int:
        """Return the resident memory of the worker in bytes."""
        with open(f"/proc/{self._pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def work(program: Any, sockets: list[socket.socket]) -> None:
    """Run a worker: serve until SIGTERM ends the process."""
    from fixtures.serving import serve_forever

    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        serve_forever(program.application(), sockets)
    finally:
        os._exit(1)


def check(program: Any, lab: Lab) -> None:
    """Every document is answered with its energy, or refused; a replaced worker goes unnoticed."""
    documents = some_documents(Random(lab.seed))
    supervisor = Supervisor(program, lab.services["load"], 0, limit=MIB)
    try:
        for _ in range(max(4, min(lab.units, 20))):
            requests = [next(documents) for _ in range(2 * BATCH)]
            for request, response in zip(requests, supervisor.serve(requests)):  # noqa: B905
                compare(request, response)
            supervisor.replace_if_large()
    finally:
        supervisor.close()


def compare(request: tuple[str, str, str], response: tuple[int, str]) -> None:
    """Compare a response with the document that was sent."""
    (method, path, document), (status, answer) = request, response
    readings = json.loads(document)["watt_hours"]
    expected = 200 if len(readings) == READINGS else 400
    assert status == expected, f"{method} {path} was answered with {status}, not {expected}"
    if status == 200:
        kwh, right = json.loads(answer)["kwh"], round(sum(readings) / 1000, 3)
        assert kwh == right, f"{method} {path} gave {kwh} kWh, expected {right}"
