"""The local HTTP service, started as by the harness."""

from __future__ import annotations

import http.client
import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fixtures.articles import Feed

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 20


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "fixtures.http", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def serving(port: str = "0") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a service; yield it and its first line."""
    process = start(port)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline()
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with serving() as (_, line):
        yield host_and_port(line)


def host_and_port(line: str) -> tuple[str, int]:
    url = urlsplit(line.strip())
    assert url.hostname is not None
    assert url.port is not None
    return url.hostname, url.port


def get(address: tuple[str, int], path: str) -> tuple[int, bytes, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read(), response
    finally:
        connection.close()


def test_the_service_prints_its_base_url_and_accepts_connections_at_once() -> None:
    with serving() as (_, line):
        assert line.startswith("http://127.0.0.1:")
        assert get(host_and_port(line), "/health")[:2] == (200, b"ok\n")


def test_the_service_listens_on_the_given_port() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serving(str(port)) as (_, line):
        assert line == f"http://127.0.0.1:{port}\n"


def test_the_service_listens_only_on_the_loopback_interface(address: tuple[str, int]) -> None:
    # every 127.x.y.z is this machine, so a socket on all addresses would answer here
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", address[1]), timeout=PATIENCE_SECONDS)


def test_a_port_in_use_is_reported_in_one_line_with_status_98(address: tuple[str, int]) -> None:
    process = start(str(address[1]))
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out) == (98, "")
    assert err == f"port {address[1]} is in use: choose another, or 0 for any\n"


@pytest.mark.parametrize("arguments", [(), ("http",), ("-1",), ("65536",), ("0", "0")])
def test_an_argument_that_is_not_a_port_is_refused_in_one_line(arguments: tuple[str, ...]) -> None:
    process = start(*arguments)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("usage: ")
    assert err.count("\n") == 1


def test_the_status_page_has_some_kib_and_an_etag(address: tuple[str, int]) -> None:
    status, body, response = get(address, "/status")
    assert status == 200
    assert json.loads(body)["status"] == "ok"
    assert 2048 <= len(body) <= 8192
    assert response.getheader("ETag")


def test_an_article_is_the_one_of_the_synthetic_feed(address: tuple[str, int]) -> None:
    status, body, _ = get(address, "/articles/12?seed=3&words=20&titles=4&vocabulary=30")
    expected = Feed(seed=3, words=20, titles=4, vocabulary=30).revision(12)
    assert status == 200
    assert json.loads(body) == {"title": expected.title, "text": expected.text}


@pytest.mark.parametrize("path", ["/articles/x", "/articles/1?words=0", "/articles/1?seed=a"])
def test_a_bad_article_number_is_a_client_error(address: tuple[str, int], path: str) -> None:
    assert get(address, path)[0] == 400


def test_an_unknown_page_is_not_found(address: tuple[str, int]) -> None:
    assert get(address, "/nowhere")[0] == 404


def test_one_connection_serves_many_requests(address: tuple[str, int]) -> None:
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE_SECONDS)
    connection.connect()
    first = connection.sock
    for _ in range(3):
        connection.request("GET", "/status")
        connection.getresponse().read()
        assert connection.sock is first
    connection.close()


def test_the_service_accepts_a_thousand_open_connections(address: tuple[str, int]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1200:
        # Only root may raise a hard limit, and a thousand connections need a thousand descriptors.
        pytest.skip("the limit of open files is below 1,200")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    try:
        with ExitStack() as stack:
            for _ in range(1000):
                connection = http.client.HTTPConnection(*address, timeout=PATIENCE_SECONDS)
                stack.callback(connection.close)
                connection.request("GET", "/status")
            assert get(address, "/health")[0] == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_service_prints_nothing_if_clients_disconnect_in_mid_answer() -> None:
    process = start("0")
    assert process.stdout is not None
    where = host_and_port(process.stdout.readline())
    for _ in range(20):
        connection = socket.create_connection(where, timeout=PATIENCE_SECONDS)
        connection.sendall(b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        connection.close()
    assert get(where, "/health")[0] == 200
    process.terminate()
    assert process.communicate(timeout=PATIENCE_SECONDS) == ("", "")
