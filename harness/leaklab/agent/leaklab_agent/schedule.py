"""When samples are taken, and when the harness is asked whether to go on."""

from __future__ import annotations

from .layout import AT_EVERY_SAMPLE, GO_ON, NEVER, ROWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .channel import Channel

# The first checkpoint comes after this many samples, the fewest that can be judged.
MIN_SAMPLES = 5

# A pool's parent is sampled once a task: so a run has at least this many, eight in the oldest of
# three octaves.
TASKS = 64


def sample_points(units: int, stride: int, done: int = 0) -> Iterator[int]:
    """The units after which a sample is taken, rising, all above `done`; the last is `units`.

    Where not every unit is sampled, the points are spaced unevenly on purpose: even ones would turn
    a saw-tooth of nearly their own period into a slow rise. 2654435761 is 2**32 divided by the
    golden ratio (Knuth's multiplicative hash), which spreads the points within their strides.
    """
    for k in range(done // stride + 1, -(-units // stride)):
        point = k * stride - (k * 2654435761 >> 16) % stride
        if point > done:
            yield point
    yield units


class Schedule:
    """The stages of a run: to the units that were asked for and, if it is open-ended, on to twice
    as many again and again, until the harness has seen enough.

    The harness is asked at checkpoints (in an open-ended run whenever the work has doubled), or at
    every sample (a tree can only be read from outside, while all processes wait).
    """

    def __init__(self, job: dict[str, Any], channel: Channel, units: int) -> None:
        self._end = units
        self._stride = -(-units // ROWS)
        self._asks = job["asks"]
        self._open_ended = job["open_ended"]
        self._channel = channel
        self._at_checkpoint = False
        # The first checkpoint is at the end's part of two to this power.
        self._halvings = 0
        while units >> self._halvings + 1 >= MIN_SAMPLES * self._stride:
            self._halvings += 1
        # How many sample points are one task of a pool.
        self.points_a_task = max(1, -(-units // self._stride) // TASKS)

    def stages(self) -> Iterator[tuple[Iterator[int], bool]]:
        """The sample points of each stage, and whether the tables must be halved for it."""
        yield sample_points(self._end, self._stride), False
        while self._open_ended:
            done, self._end = self._end, 2 * self._end
            full = self._end > self._stride * ROWS
            self._stride *= 1 + full
            yield sample_points(self._end, self._stride, done), full

    def is_checkpoint(self, point: int) -> bool:
        """Whether the work has doubled since the last checkpoint; asked once for each point."""
        self._at_checkpoint = point >= self._end >> self._halvings
        while self._halvings and point >= self._end >> self._halvings:
            self._halvings -= 1
        return self._at_checkpoint

    def ask(self, units: int) -> bytes:
        """What to do after the sample point of which `is_checkpoint` was asked last: the harness's
        answer, where it is to be asked; `units` are done in the whole run."""
        if self._asks == NEVER or not (self._asks == AT_EVERY_SAMPLE or self._at_checkpoint):
            return GO_ON
        return self.ask_again(units)

    def ask_again(self, units: int) -> bytes:
        """The harness's answer, once it was obeyed and wants to be asked again."""
        return self._channel.ask(units)
