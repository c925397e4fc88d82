"""Workers that are replaced: whether each of them grows for as long as it lives.

A leak in a worker that is restarted now and then shows as a saw-tooth in the sum, or not at all,
for its workers are restarted by turns. But every one of them is the same experiment once more. So
what is asked is what they did in the last octave of their lives, when they had warmed up, and at
which share of the rate before. Chance is ruled out by their number: six are the fewest whose order
encloses the median with 95 %.

Only copies of their parent are accused, which have forked and executed nothing: the workers of a
server or of a pool. What was executed may be a job that takes what it needs until it is done; of it
the growth is told. A forked job cannot be told from a worker, and the words say so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import msgspec
from msgspec import Struct

from leaklab.model.scenario import Growth, Resource
from leaklab.model.signals import Signal
from leaklab.model.text import cut, without_folder
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind, Verdict
from leaklab.verdict.growth import DEFAULT_RULE, GrowthRule
from leaklab.verdict.intervals import median_interval
from leaklab.verdict.octaves import Rows
from leaklab.verdict.resources import NOISE_FLOOR_IN_PAGES

MIN_GENERATIONS = 6
# In each half of a life two, and one where they meet.
MIN_READINGS = 5


@dataclass(frozen=True)
class Life:
    """One process that was seen from its start to its end: its command, whether it was a copy of
    its parent that executed nothing, and its anonymous memory by the second."""

    command: str
    forked: bool
    rows: Rows


class Generations(Struct, frozen=True, kw_only=True):
    """The processes of one command that came and went.

    count: those that were seen from their start to their end; too_short: how many of them were
        read too seldom for their growth to be told.
    forked: they were copies of their parent, as workers are.
    start_bytes, lifetime_seconds: anonymous memory at the first reading, and the time from there to
        the last: medians.
    per_second, low, high: growth over the later half of their lives, in bytes: the median, and its
        95 % interval. None where too few could be told.
    kept_share: of the rate in the second quarter of their lives, what the later half keeps.
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
        """Whether they surely grow."""
        return self.low is not None and self.low > 0


def judge_generations(
    lives: Mapping[str, Sequence[Life]], counts: Mapping[str, int], rule: GrowthRule = DEFAULT_RULE
) -> list[Generations]:
    """Judge the processes that came and went, those first of which there were the most.

    Args:
        lives: the last ones of each kind of command.
        counts: how many there were of each kind.
        rule: the constants.
    """
    found = [_judged(lives[kind], counts[kind], rule) for kind in lives]
    return sorted(found, key=lambda one: -one.count)


def with_generations(verdict: Verdict, found: Iterable[Generations]) -> Verdict:
    """A verdict on a tree, which is one of a leak where its workers leak."""
    reasons = [_reason(one) for one in found if one.conclusion is Conclusion.LEAK]
    if not reasons:
        return verdict
    if verdict.resource is not Resource.MEMORY:
        others = {**verdict.others, Resource.MEMORY: Conclusion.LEAK}
        return msgspec.structs.replace(verdict, others=others)
    if verdict.is_leak:
        return msgspec.structs.replace(verdict, reasons=[*verdict.reasons, *reasons])
    bounded = Reason(kind=ReasonKind.RESTARTS_BOUND_IT)
    return msgspec.structs.replace(
        verdict,
        conclusion=Conclusion.LEAK,
        growth=Growth.SAWTOOTH,
        reasons=[*reasons, bounded, *verdict.reasons],
    )


def _judged(lives: Sequence[Life], count: int, rule: GrowthRule) -> Generations:
    long_enough = [life for life in lives if len(life.rows[0]) >= MIN_READINGS]
    told = [life.rows for life in long_enough]
    known = Generations(
        command=lives[-1].command,
        count=count,
        too_short=len(lives) - len(told),
        forked=all(life.forked for life in long_enough or lives),
        conclusion=Conclusion.UNDECIDED,
    )
    if len(told) < MIN_GENERATIONS:
        return known
    before = median(_rate(rows, 0.25, 0.5) for rows in told)
    later = [_rate(rows, 0.5, 1.0) for rows in told]
    low, high = median_interval(later)
    found = msgspec.structs.replace(
        known,
        start_bytes=round(median(values[0] for _, values in told)),
        lifetime_seconds=median(seconds[-1] - seconds[0] for seconds, _ in told),
        per_second=median(later),
        low=low,
        high=high,
        kept_share=median(later) / before if before > 0 else None,
    )
    return msgspec.structs.replace(found, conclusion=_conclusion(found, rule))


def _conclusion(found: Generations, rule: GrowthRule) -> Conclusion:
    if not found.grows:
        return Conclusion.CLEAN
    risen = (found.per_second or 0.0) * (found.lifetime_seconds or 0.0) / 2
    steady = found.kept_share is not None and found.kept_share >= rule.steady
    leaks = found.forked and steady and risen > NOISE_FLOOR_IN_PAGES
    return Conclusion.LEAK if leaks else Conclusion.UNDECIDED


def _rate(rows: Rows, begin: float, end: float) -> float:
    """The growth per second between two shares of a life."""
    seconds, _ = rows
    first, span = seconds[0], seconds[-1] - seconds[0]
    a, b = (_value_at(rows, first + share * span) for share in (begin, end))
    return (b - a) / ((end - begin) * span)


def _value_at(rows: Rows, second: float) -> float:
    """What was read at a time, on the straight line between the readings beside it."""
    seconds, values = rows
    after = next((n for n, at in enumerate(seconds) if at >= second), len(seconds) - 1)
    if after == 0:
        return values[0]
    share = (second - seconds[after - 1]) / (seconds[after] - seconds[after - 1])
    return values[after - 1] + share * (values[after] - values[after - 1])


def _reason(found: Generations) -> Reason:
    return Reason(
        kind=ReasonKind.EACH_GENERATION_GROWS,
        signal=Signal.ANON,
        name=cut(without_folder(found.command)),
        count=found.count,
        held_bytes=found.start_bytes,
        rate=found.per_second,
    )
