"""The verdict on workers that are replaced: whether each of them grows during its lifetime.

A leak in workers that are restarted regularly is a saw-tooth in their sum, or is invisible there,
because the workers are restarted in turn. However, each worker repeats the same experiment. So the
workers are judged by their growth in the last octave of their lifetimes, after their warm-up, and
by the share of the earlier rate that is left. A watch measures lifetimes in seconds, and a run in
units of work. Their number rules out chance: six is the smallest
number of values with extremes that enclose the median with 95 %.

Only processes that were forked and executed no other program are judged as a leak: the workers of a
server or a pool. An executed program may be a job that takes memory until it is done; only its
growth is reported. A forked job cannot be distinguished from a worker, and the report says so.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

import msgspec
from msgspec import Struct

from leaklab.model.measurement import Life
from leaklab.model.scenario import Growth, Resource
from leaklab.model.signals import Signal
from leaklab.model.text import cut, without_folder
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind, Verdict
from leaklab.verdict.growth import DEFAULT_RULE, GrowthRule
from leaklab.verdict.intervals import median_interval
from leaklab.verdict.octaves import Rows
from leaklab.verdict.resources import NOISE_FLOOR_IN_PAGES

MIN_GENERATIONS = 6
# Two in each half of a lifetime, and one where the halves meet.
MIN_READINGS = 5


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


def with_generations(verdict: Verdict, judged: Iterable[Generations]) -> Verdict:
    """Return a verdict on a tree that is a leak where the tree's workers leak."""
    reasons = [
        _reason(generations) for generations in judged if generations.conclusion is Conclusion.LEAK
    ]
    if not reasons:
        return verdict
    if verdict.resource is not Resource.MEMORY:
        others = {**verdict.others, Resource.MEMORY: Conclusion.LEAK}
        return msgspec.structs.replace(verdict, others=others)
    if verdict.is_leak:
        return msgspec.structs.replace(verdict, reasons=[*verdict.reasons, *reasons])
    bounded = Reason(kind=ReasonKind.BOUNDED_BY_RESTARTS)
    return msgspec.structs.replace(
        verdict,
        conclusion=Conclusion.LEAK,
        growth=Growth.SAWTOOTH,
        reasons=[*reasons, bounded, *verdict.reasons],
    )


def with_replaced(
    verdict: Verdict, replaced: Iterable[Life], rule: GrowthRule = DEFAULT_RULE
) -> Verdict:
    """Return the verdict on the tree of a run, by the processes that were replaced, too.

    Where workers leak, the amount is that of the median worker. The sum of all processes acquits no
    workers that grow until they are replaced: they are undecided until they are judged.

    Args:
        verdict: The verdict on the sum.
        replaced: The processes that started and ended during the run.
        rule: The constants of the verdict.
    """
    lives: dict[str, list[Life]] = {}
    for life in replaced:
        lives.setdefault(command_pattern(life.command), []).append(life)
    judged = judge_generations(lives, {key: len(group) for key, group in lives.items()}, rule)
    result = with_generations(verdict, judged)
    if verdict.resource is not Resource.MEMORY or verdict.is_leak:
        return result
    if leaking := next((one for one in judged if one.conclusion is Conclusion.LEAK), None):
        amount = {"per_unit": leaking.per_second, "low": leaking.low, "high": leaking.high}
        return msgspec.structs.replace(result, signal=Signal.ANON, **amount)
    unsure = [group for group in lives.values() if _may_leak(group)]
    if not unsure or not verdict.is_decided:
        return result
    reasons = [_unsure(group) for group in unsure]
    return msgspec.structs.replace(
        result, conclusion=Conclusion.UNDECIDED, growth=None, reasons=[*reasons, *result.reasons]
    )


def command_pattern(command: str) -> str:
    """Return a command line without its numbers, which are descriptors, ports and pids."""
    return re.sub(r"\d+", "#", command)


def _may_leak(lives: Sequence[Life]) -> bool:
    """Return whether forked processes, two or more, mostly grew until they were replaced."""
    rises = [
        _rate(life.rows, 0.5, 1.0) * (life.rows[0][-1] - life.rows[0][0]) / 2
        for life in lives
        if life.forked and len(life.rows[0]) >= MIN_READINGS
    ]
    return len(rises) >= 2 and median(rises) > NOISE_FLOOR_IN_PAGES


def _unsure(lives: Sequence[Life]) -> Reason:
    return Reason(
        kind=ReasonKind.GENERATIONS_UNSURE,
        name=cut(without_folder(lives[-1].command)),
        count=len(lives),
    )


def _judged(lives: Sequence[Life], count: int, rule: GrowthRule) -> Generations:
    long_enough = [life for life in lives if len(life.rows[0]) >= MIN_READINGS]
    all_rows = [life.rows for life in long_enough]
    known = Generations(
        command=lives[-1].command,
        count=count,
        too_short=len(lives) - len(all_rows),
        forked=all(life.forked for life in long_enough or lives),
        conclusion=Conclusion.UNDECIDED,
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


def _reason(generations: Generations) -> Reason:
    return Reason(
        kind=ReasonKind.EACH_GENERATION_GROWS,
        signal=Signal.ANON,
        name=cut(without_folder(generations.command)),
        count=generations.count,
        held_bytes=generations.start_bytes,
        rate=generations.per_second,
    )
