"""A camera publishes a frame, and a viewer takes it; a unit is one frame.

Both ends are in one process here, because a segment has no owner. Names are random, but have the
same length, so that the peak is the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

FRAME_BYTES = 256 * 192  # greyscale, one byte per pixel


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
    """Yield endless frames of noise, like those of a camera in the dark."""
    random = Random(seed)
    while True:
        yield random.getrandbits(8 * size).to_bytes(size, "little")


def check(program: Any, lab: Lab) -> None:
    """Publish frames of many sizes, and take them with another exchange, the last one first."""
    random = Random(lab.seed)
    camera, viewer = program.FrameExchange(), program.FrameExchange()
    published = []
    for _ in range(min(lab.units, 50)):
        frame = next(frames(random.getrandbits(32), random.randrange(1, 20_000)))
        published.append((camera.publish(frame), frame))
    names = {name for name, _ in published}
    assert len(names) == len(published), "two frames were published under the same name"
    for name, frame in reversed(published):
        taken = viewer.take(name, len(frame))
        assert taken == frame, (
            f"a frame of {len(frame)} bytes was taken as a different frame of {len(taken)}"
        )
