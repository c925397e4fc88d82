"""A camera publishes a frame, a viewer takes it; a unit is one frame.

Both ends are in one process here: whose a segment is, the kernel does not ask. Names are random,
but all of one length, so that the peak is the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

FRAME_BYTES = 256 * 192  # grey, a byte a pixel


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Publish and take frame after frame."""
    exchange = program.FrameExchange()
    camera = frames(lab.seed, FRAME_BYTES)
    for frame in camera:
        name = exchange.publish(frame)
        if exchange.take(name, len(frame)) != frame:
            raise RuntimeError(f"the frame {name} was not taken as it was published")
        yield


def frames(seed: int, size: int) -> Iterator[bytes]:
    """Frames of noise, as of a camera in the dark, without end."""
    random = Random(seed)
    while True:
        yield random.getrandbits(8 * size).to_bytes(size, "little")


def check(program: Any, lab: Lab) -> None:
    """Publish frames of many sizes, then take them, the last one first, by another exchange."""
    random = Random(lab.seed)
    camera, viewer = program.FrameExchange(), program.FrameExchange()
    published = []
    for _ in range(min(lab.units, 50)):
        frame = next(frames(random.getrandbits(32), random.randrange(1, 20_000)))
        published.append((camera.publish(frame), frame))
    names = {name for name, _ in published}
    assert len(names) == len(published), "two frames were published under one name"
    for name, frame in reversed(published):
        taken = viewer.take(name, len(frame))
        assert taken == frame, (
            f"a frame of {len(frame)} bytes was taken as another one of {len(taken)}"
        )
