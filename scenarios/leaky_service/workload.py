"""Meters send their readings, day after day; a unit is five documents.

The service runs in this process. The client is a process of its own, `fixtures/load.py`. One
document in eight is not complete, because its meter was restarted that day.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

BATCH = 5
INCOMPLETE = 1 / 8
QUARTERS = 24 * 4


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Send batch after batch."""
    from fixtures.serving import Service

    random = Random(lab.seed)
    service = Service(program.application(), lab.services["load"], int(lab.options["service_port"]))
    try:
        while True:
            for status, body in service.serve([document(random) for _ in range(BATCH)]):
                if status not in (200, 400):
                    raise RuntimeError(f"the service answered {status}: {body}")
            yield
    finally:
        service.close()


def document(random: Random) -> tuple[str, str, str]:
    """Return the request with the document of a meter: method, path, and body."""
    quarters = QUARTERS if random.random() > INCOMPLETE else random.randrange(QUARTERS)
    usual = random.randrange(2, 40)
    readings = [usual + quarter * 7919 % 5 for quarter in range(quarters)]
    path = f"/meters/{random.randrange(5000)}/days/{random.randrange(365)}"
    return "PUT", path, json.dumps({"watt_hours": readings})


def check(program: Any, lab: Lab) -> None:
    """Every document is answered with its energy, or refused if it is not complete."""
    from fixtures.serving import Service

    random = Random(lab.seed)
    service = Service(program.application(), lab.services["load"])
    try:
        requests = [document(random) for _ in range(max(20, min(lab.units, 200)))]
        for (_, path, body), (status, answer) in zip(requests, service.serve(requests)):  # noqa: B905
            readings = json.loads(body)["watt_hours"]
            if len(readings) < QUARTERS:
                assert status == 400, f"{len(readings)} readings were answered with {status}"
                continue
            assert status == 200, f"PUT {path} was answered with {status}: {answer}"
            expected = round(sum(readings) / 1000, 3)
            kwh = json.loads(answer)["kwh"]
            assert kwh == expected, f"PUT {path} gave {kwh} kWh, expected {expected}"
    finally:
        service.close()
