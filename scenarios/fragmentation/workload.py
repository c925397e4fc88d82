"""Messages come in rushes, and are sent when a rush is over; a unit is one rush.

Traffic grows: the maximum of a rush is 200 messages more than that of the rush before, up to a
limit. The number of messages is random, between nine tenths of the maximum and the maximum.
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
    """Send rush after rush through the outbox."""
    outbox = program.Outbox(send)
    width = int(lab.options["message_bytes"])
    for messages in rushes(lab):
        for number in range(messages):
            outbox.put(b"%*d" % (width, number))
        outbox.flush()
        yield


def send(message: bytes) -> None:
    """Discard the message."""


def rushes(lab: Lab) -> Iterator[int]:
    """Yield the number of messages of each rush."""
    random = Random(lab.seed)
    more, limit = int(lab.options["more_each_rush"]), int(lab.options["most_messages"])
    for number in count(1):
        max_messages = min(number * more, limit)
        yield random.randint(max_messages * 9 // 10, max_messages)


def check(program: Any, lab: Lab) -> None:
    """Every message is sent once, in order, and every seventh is among the samples."""
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
        assert sent == expected, "the messages were not sent in their order"
        assert outbox.samples() == expected[6::7][-2_000:], "the samples are not every seventh"
