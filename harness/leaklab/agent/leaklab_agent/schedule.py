"""When samples are taken, and when the agent asks the harness whether to go on."""

from __future__ import annotations

from .layout import AT_EVERY_SAMPLE, GO_ON, NEVER, ROWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .channel import Channel

# The first checkpoint comes after this many samples, the minimum for a verdict.
MIN_SAMPLES = 5

# A pool's parent is sampled once per task. A run therefore has at least this many tasks, of which
# eight are in the oldest of three octaves.
TASKS = 64


def sample_points(units: int, stride: int, done: int = 0) -> Iterator[int]:
    """Yield the units after which a sample is taken, in rising order, all above `done`. The last
    point is `units`.

    If not every unit is sampled, the points are spaced unevenly on purpose: even spacing would turn
    a saw-tooth of nearly the same period into a slow rise. 2654435761 is 2**32 divided by the
    golden ratio (Knuth's multiplicative hash), which spreads the points within their strides.
    """
    for k in range(done // stride + 1, -(-units // stride)):
        point = k * stride - (k * 2654435761 >> 16) % stride
        if point > done:
            yield point
    yield units


class Schedule:
    """The stages of a run. The first stage ends at the requested units. Each further stage of an
    open-ended run doubles the work, until the harness ends the run.

    The agent asks the harness at checkpoints, which come whenever the work has doubled, or at every
    sample, because a tree can be read only from outside and while all processes wait.
    """

    def __init__(self, job: dict[str, Any], channel: Channel, units: int) -> None:
        self._end = units
        self._stride = -(-units // ROWS)
        self._asks = job["asks"]
        self._open_ended = job["open_ended"]
        self._channel = channel
        self._at_checkpoint = False
        # The first checkpoint is at the end divided by two to this power.
        self._halvings = 0
        while units >> self._halvings + 1 >= MIN_SAMPLES * self._stride:
            self._halvings += 1
        self.points_per_task = max(1, -(-units // self._stride) // TASKS)

    def stages(self) -> Iterator[tuple[Iterator[int], bool]]:
        """Yield the sample points of each stage, and whether it requires halving the tables."""
        yield sample_points(self._end, self._stride), False
        while self._open_ended:
            done, self._end = self._end, 2 * self._end
            full = self._end > self._stride * ROWS
            self._stride *= 1 + full
            yield sample_points(self._end, self._stride, done), full

    def is_checkpoint(self, point: int) -> bool:
        """Return whether the work has doubled since the last checkpoint; call it once per point."""
        self._at_checkpoint = point >= self._end >> self._halvings
        while self._halvings and point >= self._end >> self._halvings:
            self._halvings -= 1
        return self._at_checkpoint

    def ask(self, units: int) -> bytes:
        """Return the harness's answer, or GO_ON if the agent need not ask it here.

        `is_checkpoint` must have been called for this sample point. `units` is the work done in the
        whole run.
        """
        if self._asks == NEVER or not (self._asks == AT_EVERY_SAMPLE or self._at_checkpoint):
            return GO_ON
        return self.ask_again(units)

    def ask_again(self, units: int) -> bytes:
        """Ask the harness again after obeying COLLECT or SURVEY; return its answer."""
        return self._channel.ask(units)
