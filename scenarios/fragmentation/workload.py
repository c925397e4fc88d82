"""Messages come in rushes, and are sent when a rush is over; a unit is one rush.

Traffic grows: every rush may bring 200 messages more than the one before, until there are as many
as one rush can bring. How many it does bring, nine tenths of that or more, is drawn by lot.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Let rush after rush go through the outbox."""
    outbox = program.Outbox(send)
    width = int(lab.options["message_bytes"])
    for messages in rushes(lab):
        for number in range(messages):
            outbox.put(b"%*d" % (width, number))
        outbox.flush()
        yield


def send(message: bytes) -> None:
    """Somebody else's business."""


def rushes(lab: Lab) -> Iterator[int]:
    """How many messages each rush brings."""
    random = Random(lab.seed)
    more, limit = int(lab.options["more_each_rush"]), int(lab.options["most_messages"])
    for number in count(1):
        most = min(number * more, limit)
        yield random.randint(most * 9 // 10, most)


def check(program: Any, lab: Lab) -> None:
    """Everything is sent in order, once, and every seventh is there to be looked at."""
    sent: list[bytes] = []
    outbox = program.Outbox(sent.append)
    random = Random(lab.seed)
    expected: list[bytes] = []
    for _ in range(lab.units):
        rush = [b"%d" % random.getrandbits(64) for _ in range(random.randrange(400))]
        expected += rush
        for message in rush:
            outbox.put(message)
        assert sent == expected[: -len(rush) or None], "a message was sent before its flush()"
        outbox.flush()
        assert sent == expected, "the messages were not sent as they came"
        assert outbox.samples() == expected[6::7][-2_000:], "the samples are not every seventh"
