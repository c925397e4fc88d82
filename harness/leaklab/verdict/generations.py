"""The verdict on workers that are replaced: whether each of them grows during its lifetime.

A leak in workers that are restarted regularly is a saw-tooth in their sum, or is invisible there,
because the workers are restarted in turn. However, each worker repeats the same experiment. So the
workers are judged by their growth in the last octave of their lifetimes, after their warm-up, and
by the share of the earlier rate that is left. A watch measures lifetimes in seconds, and a run in
units of work. Their number rules out chance: six is the smallest number of values with extremes
that enclose the median with 95 %.

Only processes that were forked and executed no other program are judged as a leak: the workers of a
server or a pool. An executed program may be a job that takes memory until it is done; only its
growth is reported. A forked job cannot be distinguished from a worker, and the report says so.
"""

import re
from collections.abc import Mapping, Sequence
from statistics import median

import msgspec
from msgspec import Struct

from leaklab.model.measurement import Life
from leaklab.model.signals import Signal
from leaklab.model.verdicts import Conclusion
from leaklab.verdict.growth import DEFAULT_RULE, GrowthRule
from leaklab.verdict.intervals import median_interval
from leaklab.verdict.octaves import Rows
from leaklab.verdict.resources import NOISE_FLOOR, NOISE_FLOOR_IN_PAGES

MIN_GENERATIONS = 6
# Two in each half of a lifetime, and one where the halves meet.
MIN_READINGS = 5
# A clean verdict on a tree is about all of its memory, except for this share at most.
MAX_UNJUDGED_SHARE = 0.1


class Generations(Struct, frozen=True, kw_only=True):
    """The processes of one command that started and ended during a watch.

    Attributes:
        command: The command line of the last one.
        count: The processes that were observed from their start to their end.
        too_short: How many of them have too few readings for an estimate.
        forked: Whether they are copies of their parent, as workers are.
        conclusion: Whether they leak.
        start_bytes: The median of the anonymous memory at the first reading.
        lifetime_seconds: The median time from the first reading to the last.
        per_second: The median growth over the later half of their lifetimes, in bytes a second;
            None where there are too few processes.
        low: The lower end of its 95 % interval.
        high: The upper end of its 95 % interval.
        kept_share: The rate of the later half as a share of that of the second quarter.
        later_rise_bytes: The median growth over the later half of the lifetimes of the forked ones,
            also where they are too few for `per_second`; None where there are fewer than two.
        unjudged_bytes: The private memory (USS) that those with too few readings had, on average
            over a watch; 0 where the others sufficed for `per_second`.
        unjudged_share: The same as a share of the memory (PSS) of the tree.
    """

    command: str
    count: int
    too_short: int
    forked: bool
    conclusion: Conclusion
    start_bytes: int | None = None
    lifetime_seconds: float | None = None
    per_second: float | None = None
    low: float | None = None
    high: float | None = None
    kept_share: float | None = None
    later_rise_bytes: float | None = None
    unjudged_bytes: float = 0.0
    unjudged_share: float = 0.0

    @property
    def may_leak(self) -> bool:
        """Whether forked processes, two or more, mostly grew until they were replaced."""
        return (self.later_rise_bytes or 0.0) > NOISE_FLOOR_IN_PAGES

    @property
    def may_hide_leak(self) -> bool:
        """Whether those with too few readings had enough of the tree's memory to hide a leak."""
        is_much = self.unjudged_share > MAX_UNJUDGED_SHARE
        return is_much and self.unjudged_bytes > NOISE_FLOOR[Signal.PSS]

    @property
    def grows(self) -> bool:
        """Whether the interval of their growth is above zero."""
        return self.low is not None and self.low > 0


def judge_generations(
    lives: Mapping[str, Sequence[Life]], counts: Mapping[str, int], rule: GrowthRule = DEFAULT_RULE
) -> list[Generations]:
    """Judge the processes that started and ended, the most frequent command first.

    Args:
        lives: The last processes of each type of command.
        counts: The number of processes of each type.
        rule: The constants of the verdict.
    """
    judged = [_judged(lives[key], counts[key], rule) for key in lives]
    return sorted(judged, key=lambda generations: -generations.count)


def command_pattern(command: str) -> str:
    """Return a command line without its numbers, which are descriptors, ports and pids."""
    return re.sub(r"\d+", "#", command)


def _judged(lives: Sequence[Life], count: int, rule: GrowthRule) -> Generations:
    long_enough = [life for life in lives if len(life.rows[0]) >= MIN_READINGS]
    all_rows = [life.rows for life in long_enough]
    known = Generations(
        command=lives[-1].command,
        count=count,
        too_short=len(lives) - len(all_rows),
        forked=all(life.forked for life in long_enough or lives),
        conclusion=Conclusion.UNDECIDED,
        later_rise_bytes=_later_rise([life.rows for life in long_enough if life.forked]),
    )
    if len(all_rows) < MIN_GENERATIONS:
        return known
    before = median(_rate(rows, 0.25, 0.5) for rows in all_rows)
    later = [_rate(rows, 0.5, 1.0) for rows in all_rows]
    low, high = median_interval(later)
    estimated = msgspec.structs.replace(
        known,
        start_bytes=round(median(values[0] for _, values in all_rows)),
        lifetime_seconds=median(seconds[-1] - seconds[0] for seconds, _ in all_rows),
        per_second=median(later),
        low=low,
        high=high,
        kept_share=median(later) / before if before > 0 else None,
    )
    return msgspec.structs.replace(estimated, conclusion=_conclusion(estimated, rule))


def _later_rise(all_rows: Sequence[Rows]) -> float | None:
    if len(all_rows) < 2:
        return None
    return median(_rate(rows, 0.5, 1.0) * (rows[0][-1] - rows[0][0]) / 2 for rows in all_rows)


def _conclusion(generations: Generations, rule: GrowthRule) -> Conclusion:
    if not generations.grows:
        return Conclusion.CLEAN
    risen = (generations.per_second or 0.0) * (generations.lifetime_seconds or 0.0) / 2
    steady = generations.kept_share is not None and generations.kept_share >= rule.steady
    leaks = generations.forked and steady and risen > NOISE_FLOOR_IN_PAGES
    return Conclusion.LEAK if leaks else Conclusion.UNDECIDED


def _rate(rows: Rows, begin: float, end: float) -> float:
    """Return the growth per second between two shares of a lifetime."""
    seconds, _ = rows
    first, span = seconds[0], seconds[-1] - seconds[0]
    a, b = (_value_at(rows, first + share * span) for share in (begin, end))
    return (b - a) / ((end - begin) * span)


def _value_at(rows: Rows, second: float) -> float:
    """Interpolate linearly between the readings before and after a time."""
    seconds, values = rows
    after = next((n for n, at in enumerate(seconds) if at >= second), len(seconds) - 1)
    if after == 0:
        return values[0]
    share = (second - seconds[after - 1]) / (seconds[after] - seconds[after - 1])
    return values[after - 1] + share * (values[after] - values[after - 1])
