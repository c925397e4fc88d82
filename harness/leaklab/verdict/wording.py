"""The words of a reason: the one place that has them."""

from enum import StrEnum

import msgspec

from leaklab.model.scenario import Resource
from leaklab.model.signals import Signal
from leaklab.model.units import format_bytes, format_duration, format_growth
from leaklab.model.verdicts import Estimate, Reason, ReasonKind, Verdict
from leaklab.verdict.resources import SIGNAL_LABELS


class Per(StrEnum):
    """What stands on the axis of a series: work that was done, or time that went by."""

    UNIT = "unit"
    SECOND = "second"


# What decides where a series does not.
ADVICE = {Per.UNIT: "do more units", Per.SECOND: "watch longer"}

KIND = ReasonKind
# `reason` is the reason, with its amounts as words beside it; `per` and `more` are by the axis.
TEMPLATES = {
    KIND.TOO_FEW_SAMPLES: "too few samples: 10 are the least, 64 and more say more",
    KIND.FADES: "its growth fades with every octave",
    KIND.FADES_SO_FAR: "its growth fades, and a leak may be beneath it: {more}",
    KIND.LEVEL: "level, no growth{above_ceiling}",
    KIND.RISES_BY_STEPS: "it rises by steps: {more}",
    KIND.TENDS_TO_RISE: "it tends to rise, and no more can be said: {more}",
    KIND.SWINGS: "it swings so much that a leak could hide in it: {more}",
    KIND.ROSE_ONLY_LATELY: "it rises over the last half and did not before: {more}",
    KIND.LEVELS_OFF: "it rose, and levels off at the end: {more}",
    KIND.SLOWS_DOWN: "still grows, at {reason.kept_share:.0%} of the rate before: {more}",
    KIND.GROWS_STEADILY: "grows steadily, at {reason.kept_share:.0%} of the rate before",
    KIND.GROWS_TOO_SLOWLY: (
        "it grows, too slowly for a leak to be told from chance in this time: {seconds} would tell"
    ),
    KIND.NOT_READ: "its resource was not read",
    KIND.GARBAGE: "a collection gives it back: garbage that waited for the collector, not a leak",
    KIND.GARBAGE_AND_MORE: (
        "a collection gives much of it back, and as much is kept: name more --units"
    ),
    KIND.LEVEL_BETWEEN_COLLECTIONS: (
        "level from one collection to the next, no growth{above_ceiling}"
    ),
    KIND.GROWS_BETWEEN_COLLECTIONS: (
        "beneath garbage it grows steadily from one collection to the next, by {rate} a {per}"
    ),
    KIND.FREE_LISTS: "the interpreter keeps it in its free lists for reuse: not a leak",
    KIND.MAPPED_GROWS: (
        "memory that is mapped past malloc and pymalloc rises in order, still too little to judge: "
        "{more}"
    ),
    KIND.NOT_IN_ALL: (
        "what grows in one allocator has left the other, and there is no growth in all: {more}"
    ),
    KIND.FREED_IN_MALLOC: "it is free places in malloc's heap: fragmentation, not a leak",
    KIND.MALLOC_FRAGMENTATION: (
        "malloc_trim gives it back: fragmentation of malloc's heap, not a leak"
    ),
    KIND.PYMALLOC_FRAGMENTATION: (
        "it is free places in pymalloc's arenas: fragmentation, not a leak"
    ),
    KIND.GARBAGE_FREED: (
        "a collection at the end freed {reason.count:,} blocks: garbage that waited for it"
    ),
    KIND.FREE_IN_MALLOC: (
        "of the {held} held at the end, {free} are free places in malloc's heap: fragmentation"
    ),
    KIND.FREE_IN_PYMALLOC: (
        "of the {held} held at the end, {free} are free places in pymalloc's arenas: fragmentation"
    ),
    KIND.MAY_BE_FILLING: (
        "a cache of more than {reason.done:,} entries, {held}, would look the same; {advice}"
    ),
    KIND.MAY_BE_A_POOL: (
        "a pool that grows to more than {reason.count:,} would look the same; {advice}"
    ),
    KIND.FILLS: (
        "{reason.name} fills: {reason.count:,} of {reason.maximum:,} entries; it is full after "
        "some {reason.needed:,} {per}s, and {advice}"
    ),
    KIND.CHILDREN_GROW: (
        'its child processes grow by {rate} a {per}: judge them all with scope = "tree"'
    ),
    KIND.EXTREME: (
        "{rate} a {per}, steadily, for {reason.done:,} of {reason.needed:,} units: nothing "
        "innocent does"
    ),
    KIND.TOO_SHORT: (
        "{reason.done:,} of the {reason.needed:,} units that a verdict needs: raise --units"
    ),
    KIND.BROKEN_OFF: (
        "{reason.end_reason} after {reason.done:,} units; a verdict needs {reason.needed:,}"
    ),
    KIND.STOPPED_THOUGH_LEVEL: (
        "{reason.end_reason} after {reason.done:,} units, and what is judged does not grow: "
        "something else met the limit"
    ),
    KIND.ZOMBIES: "{reason.count:,} of them are zombies: they ended, and nobody waited for them",
    KIND.NOTHING_MEASURED: "{reason.end_reason}: nothing was measured",
    KIND.NEEDS_PAIR: "needs its pair: run both variants, with the same seed and units",
    KIND.PEAK_RATIO: (
        "the buggy peak is {reason.ratio:.2f} times the fixed one; {reason.min_ratio:g} is a leak"
    ),
    KIND.HELD_BACK: (
        "twice the {reason.done:,} units would not be within {reason.option}: raise it"
    ),
    KIND.WORKLOAD_ENDED: (
        "it ended after {reason.done:,} units: give --units, or make the workload yield more"
    ),
    KIND.TOO_FEW_BEFORE: "it rises over the last half, with too few readings before that: {more}",
    KIND.ROSE_LESS_BEFORE: "it rises over the last half, and less clearly before that: {more}",
    KIND.PAST_ANYTHING_INNOCENT: (
        "it rose by {held} in {seconds}, in order and at full pace to the end: by more than half "
        "of the memory that it may have, which nothing innocent does"
    ),
    KIND.EACH_GENERATION_GROWS: (
        "each new process of {reason.name} starts at {held} and grows {size} a {per} until it is "
        "replaced ({reason.count:,} generations seen)"
    ),
    KIND.RESTARTS_BOUND_IT: "the restarts bound the sum over all processes",
    KIND.START_UP: "the first {seconds}, faster than all that follows, are left out as a start-up",
    KIND.WOULD_ESCAPE: (
        "a leak slower than {size} a {per} would have escaped; {seconds} would show one of "
        "{least_size} a {per}"
    ),
    KIND.WATCHED_FOR: "watched for {seconds}: nobody can say whether that suffices",
    KIND.TEXT: "{reason.text}",
}
# Of these the signal is only the unit.
NAMELESS = {KIND.EACH_GENERATION_GROWS, KIND.WOULD_ESCAPE}


def reason_text(reason: Reason, per: Per = Per.UNIT, *, names_signal: bool = True) -> str:
    """A reason in words, behind the process and the signal that it is about."""
    ceiling = _amount(reason.ceiling, reason.signal).lstrip("+")
    text = TEMPLATES[reason.kind].format(
        reason=reason,
        per=per.value,
        more=ADVICE[per],
        held=format_bytes(reason.held_bytes or 0),
        free=format_bytes(reason.free_bytes or 0),
        advice=_advice(reason),
        rate=_amount(reason.rate, reason.signal),
        above_ceiling=f" above {ceiling} a {per}" if ceiling != "0" else "",
        size=_size(reason.rate, reason.signal),
        least_size=_size(reason.ceiling, reason.signal),
        seconds=format_duration(reason.seconds or 0.0),
    )
    if not reason.to_the_end:
        text = f"{text}; name --units to see it through"
    named = names_signal and reason.kind not in NAMELESS
    signal = [SIGNAL_LABELS[reason.signal]] if reason.signal and named else []
    return ": ".join([*filter(None, [reason.process]), *signal, text])


def _advice(reason: Reason) -> str:
    """What would decide where nobody vouches for the units."""
    if not reason.option:
        return "more units would tell, as they are done without --units"
    if reason.option == "--budget" and reason.seconds:
        return f"--budget {reason.seconds:.0f} would tell"
    return f"with a higher {reason.option}, more units would tell"


def with_text(verdict: Verdict, per: Per = Per.UNIT) -> Verdict:
    """A verdict whose reasons, and those of its estimates, have their words."""

    def with_words(reason: Reason) -> Reason:
        return msgspec.structs.replace(reason, text=reason_text(reason, per))

    def estimate(one: Estimate) -> Estimate:
        # An estimate says itself of which signal it is.
        text = reason_text(one.reason, per, names_signal=False)
        return msgspec.structs.replace(one, reason=msgspec.structs.replace(one.reason, text=text))

    return msgspec.structs.replace(
        verdict,
        reasons=[with_words(reason) for reason in verdict.reasons],
        estimates=[estimate(one) for one in verdict.estimates],
    )


def _amount(per: float | None, signal: Signal | None) -> str:
    """Growth of a signal in its own unit: bytes, or pieces."""
    in_bytes = signal is not None and signal.in_bytes
    return format_growth(per or 0.0, Resource.MEMORY if in_bytes else Resource.DESCRIPTORS)


def _size(per: float | None, signal: Signal | None) -> str:
    """An amount without a sign, and with the name of what is counted."""
    amount = _amount(per, signal).lstrip("+")
    return amount if signal is None or signal.in_bytes else f"{amount} {SIGNAL_LABELS[signal]}"
