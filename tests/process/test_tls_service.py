"""The local TLS service, started as by the harness."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("trustme")
pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 20


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "fixtures.tls", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def serving() -> Iterator[tuple[subprocess.Popen[str], tuple[str, int]]]:
    """Run a service; yield it and its address."""
    process = start("0")
    assert process.stdout is not None
    try:
        url = urlsplit(process.stdout.readline().strip())
        assert url.scheme == "tls"
        assert url.hostname is not None
        assert url.port is not None
        yield process, (url.hostname, url.port)
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with serving() as (_, address):
        yield address


def certificate_of(address: tuple[str, int], host: str | None) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    raw = socket.create_connection(address, PATIENCE_SECONDS)
    with raw, context.wrap_socket(raw, server_hostname=host) as tls:
        der = tls.getpeercert(binary_form=True)
    assert der is not None
    return der


def test_a_host_has_the_same_certificate_in_each_handshake(address: tuple[str, int]) -> None:
    first, again = (certificate_of(address, "www-valid-30.example") for _ in range(2))
    other = certificate_of(address, "mail-expired-30.example")
    assert first == again
    assert first != other
    assert b"www-valid-30.example" in first


@pytest.mark.parametrize("host", [None, "www.example", "www-valid-99999.example"])
def test_a_host_without_a_certificate_is_refused(address: tuple[str, int], host: str) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        certificate_of(address, host)
    assert certificate_of(address, "www-valid-1.example")


def test_the_service_prints_nothing_if_clients_disconnect_in_mid_handshake() -> None:
    with serving() as (process, address):
        for words in (b"", b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01"):
            with socket.create_connection(address, PATIENCE_SECONDS) as connection:
                connection.sendall(words)
        assert certificate_of(address, "www-valid-1.example")
        process.terminate()
        assert process.communicate(timeout=PATIENCE_SECONDS) == ("", "")


def test_a_port_in_use_is_reported_in_one_line_with_status_98(address: tuple[str, int]) -> None:
    process = start(str(address[1]))
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out) == (98, "")
    assert err == f"port {address[1]} is in use: choose another, or 0 for any\n"


@pytest.mark.parametrize("arguments", [(), ("tls",), ("-1",), ("65536",), ("0", "0")])
def test_an_argument_that_is_not_a_port_is_refused_in_one_line(arguments: tuple[str, ...]) -> None:
    process = start(*arguments)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("usage: ")
    assert err.count("\n") == 1


def test_a_missing_package_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "trustme.py").write_text("raise ModuleNotFoundError")
    process = start("0", PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out) == (1, "")
    assert err == "the package 'trustme' is not installed: install it with pip\n"
