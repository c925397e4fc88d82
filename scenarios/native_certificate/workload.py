"""A monitor asks a company's servers for their certificates; a unit is one TLS handshake.

The servers are one local service, which has a certificate for each of the host names.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from random import Random
from urllib.parse import urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

NAMES = ("www", "mail", "shop", "docs", "login", "status", "files", "build")


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Visit one server after the other, again and again."""
    monitor = program.ExpiryMonitor()
    for host in cycle(hosts(lab.seed)):
        monitor.visit(host, address(lab))
        yield


def hosts(seed: int) -> list[str]:
    """Return host names; the service issues a certificate for the days that a name has."""
    random = Random(seed)
    return [f"{name}-valid-{random.randrange(100, 400)}.example" for name in NAMES]


def address(lab: Lab) -> tuple[str, int]:
    """Return the address and the port of the service."""
    url = urlsplit(lab.services["tls"])
    assert url.hostname is not None
    assert url.port is not None
    return url.hostname, url.port


def check(program: Any, lab: Lab) -> None:
    """Visit servers with known certificates, some of them twice; refuse what is no certificate."""
    random = Random(lab.seed)
    days = random.sample(range(3, 300), 5)
    names = {f"host-valid-{number}.example": number for number in days}
    names.update({"old-expired-1.example": 0, "older-expired-400.example": -399})
    monitor = program.ExpiryMonitor()
    assert monitor.expiring(1000) == [], "a new monitor knows certificates"
    for name, expected in [*names.items(), *names.items()]:
        left = monitor.visit(name, address(lab))
        assert left == expected, f"{name} expires in {left} days, not {expected}"
    for within in (-1, 30, 1000):
        expiring = [name for name in sorted(names, key=names.__getitem__) if names[name] <= within]
        reported = monitor.expiring(within)
        assert reported == expiring, f"within {within} days expire {reported}, not {expiring}"
    try:
        program.days_left(b"no certificate")
    except ValueError:
        return
    raise AssertionError("days_left() accepts what is no certificate")
