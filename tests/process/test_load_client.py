"""The client that makes requests on order, started as by the harness."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 20


@contextmanager
def started(module: str, port: int = 0) -> Iterator[str]:
    """Run a fixture; yield the first line that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", module, str(port)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


def answers(address: str, *orders: object) -> list[dict[str, Any]]:
    """Give orders over one connection; return the answers."""
    url = urlsplit(address)
    with (
        socket.create_connection((url.hostname, url.port), timeout=PATIENCE_SECONDS) as connection,
        connection.makefile("rw") as stream,
    ):
        given = []
        for order in orders:
            stream.write(json.dumps(order) + "\n")
            stream.flush()
            given.append(json.loads(stream.readline()))
    return given


def test_an_order_is_answered_with_status_and_body_of_each_response() -> None:
    with started("fixtures.http") as service, started("fixtures.load") as load:
        order = {"url": service, "requests": [["GET", "/health", ""], ["GET", "/lost", ""]]}
        for answer in answers(load, order, order):
            health, lost = answer["responses"]
            assert [200, "ok\n"] == health
            assert lost[0] == 404


def test_a_service_that_does_not_answer_is_reported_in_one_line() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with started("fixtures.load") as load:
            (answer,) = answers(load, {"url": url, "requests": [["GET", "/", ""]]})
    assert str(answer["error"]).startswith(f"{url} does not answer: ")


def test_a_port_in_use_is_reported_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with started("fixtures.load", port) as line:
            assert line == f"port {port} is in use: choose another, or 0 for any"
