"""The text of each reason of a verdict; no other module has any."""

from enum import StrEnum

import msgspec

from leaklab.model.scenario import Resource
from leaklab.model.signals import Signal
from leaklab.model.units import format_bytes, format_duration, format_growth
from leaklab.model.verdicts import Estimate, Reason, ReasonKind, Verdict
from leaklab.verdict.resources import SIGNAL_LABELS


class Per(StrEnum):
    """The axis of a series: the work done, in units, or the time, in seconds."""

    UNIT = "unit"
    SECOND = "second"


# What to do where a series does not decide, and what its axis measures.
ADVICE = {Per.UNIT: "run with more --units", Per.SECOND: "watch longer"}
AXIS = {Per.UNIT: "work", Per.SECOND: "time"}

KIND = ReasonKind
# Each text says what was seen, what it means and, where a verdict is missing, what to do.
# `reason` is the reason; the other placeholders are its amounts as text (`reason_text`).
TEMPLATES = {
    KIND.TOO_FEW_SAMPLES: "too few samples to judge (10 at least, 64 or more are better): {more}",
    KIND.FADES: "growth keeps slowing down with each doubling of the {axis}: not a leak",
    KIND.FADES_SO_FAR: "growth keeps slowing down, but it may hide a slow leak: {more}",
    KIND.LEVEL: "level, no growth{above_ceiling}",
    KIND.RISES_BY_STEPS: "it rises in steps, which may or may not continue: {more}",
    KIND.TENDS_TO_RISE: "it tends to rise, but not clearly enough for a verdict: {more}",
    KIND.SWINGS: "it varies so much that a leak could be hidden: {more}",
    KIND.ROSE_ONLY_LATELY: "it rises in the last half of the {axis} but did not before: {more}",
    KIND.LEVELS_OFF: "it rose and then levelled off at the end: {more}",
    KIND.SLOWS_DOWN: (
        "it still grows, at {reason.kept_share:.0%} of its earlier rate, and may level off: {more}"
    ),
    KIND.GROWS_STEADILY: "grows steadily, at {reason.kept_share:.0%} of its earlier rate",
    KIND.GROWS_TOO_SLOWLY: (
        "it grows too slowly to distinguish a leak from noise: watch for at least {seconds}"
    ),
    KIND.NOT_READ: (
        "this resource could not be read, so there is no verdict: run as root or as its owner"
    ),
    KIND.GARBAGE: "a garbage collection frees it: uncollected garbage, not a leak",
    KIND.GARBAGE_AND_MORE: (
        "a garbage collection frees much of it, but as much is retained: {more}"
    ),
    KIND.LEVEL_BETWEEN_COLLECTIONS: "level after each garbage collection, no growth{above_ceiling}",
    KIND.GROWS_BETWEEN_COLLECTIONS: (
        "what is left after each garbage collection grows steadily, by {rate} a {per}"
    ),
    KIND.FREE_LISTS: "the interpreter keeps it in its free lists for reuse: not a leak",
    KIND.MAPPED_GROWS: (
        "memory mapped outside malloc and pymalloc rises, too little so far to judge: {more}"
    ),
    KIND.NOT_IN_TOTAL: "one allocator grows, but the memory in use as a whole does not: {more}",
    KIND.FREED_IN_MALLOC: "it is free memory in malloc's heap: fragmentation, not a leak",
    KIND.MALLOC_FRAGMENTATION: (
        "malloc_trim releases it: fragmentation of malloc's heap, not a leak"
    ),
    KIND.PYMALLOC_FRAGMENTATION: (
        "it is free memory in pymalloc's arenas: fragmentation, not a leak"
    ),
    KIND.GARBAGE_FREED: (
        "a garbage collection at the end freed {reason.count:,} blocks: they are not leaked"
    ),
    KIND.FREE_IN_MALLOC: (
        "of the {held} above the baseline at the end, {free} are free memory in malloc's heap: "
        "fragmentation"
    ),
    KIND.FREE_IN_PYMALLOC: (
        "of the {held} above the baseline at the end, {free} are free memory in pymalloc's "
        "arenas: fragmentation"
    ),
    KIND.MAY_BE_FILLING: (
        "a cache of more than {reason.done:,} entries ({held}) would look the same: {advice}"
    ),
    KIND.MAY_BE_A_POOL: (
        "a pool that grows to more than {reason.count:,} would look the same: {advice}"
    ),
    KIND.FILLS: (
        "{reason.name} is still filling, {reason.count:,} of {reason.maximum:,} entries, and is "
        "full after about {reason.needed:,} {per}s: {advice}"
    ),
    KIND.CHILDREN_GROW: (
        'its child processes grow by {rate} a {per}: set scope = "tree" in scenario.toml to judge '
        "them"
    ),
    KIND.EXTREME: (
        "{rate} a {per}, steadily, for {reason.done:,} of {reason.needed:,} units: more than half "
        "of the limit is used, so it is a leak"
    ),
    KIND.TOO_SHORT: (
        "{reason.done:,} of the {reason.needed:,} units that a verdict needs: raise --units"
    ),
    KIND.ENDED_EARLY: (
        "{reason.end_reason} after {reason.done:,} units, but a verdict needs "
        "{reason.needed:,}: raise that limit"
    ),
    KIND.STOPPED_THOUGH_LEVEL: (
        "{reason.end_reason} after {reason.done:,} units, although this resource does not grow: "
        "another resource reached it; read the verdict on that one, or raise the limit"
    ),
    KIND.ZOMBIES: (
        "{reason.count:,} of them are zombies: they ended, but their parent never waited for them"
    ),
    KIND.NOTHING_MEASURED: (
        "{reason.end_reason}: nothing was measured; fix the cause and run it again"
    ),
    KIND.NEEDS_PAIR: (
        "the peaks of both variants are needed: run both with the same --seed and --units"
    ),
    KIND.PEAK_RATIO: (
        "the buggy peak is {reason.ratio:.2f} times the fixed one; {reason.min_ratio:g} or more is "
        "a leak"
    ),
    KIND.LIMITED_BY_OPTION: (
        "twice the {reason.done:,} units would exceed {reason.option}: raise it"
    ),
    KIND.WORKLOAD_ENDED: (
        "the workload ended after {reason.done:,} units: set --units, or make it yield more"
    ),
    KIND.TOO_FEW_BEFORE: (
        "it rises in the last half of the {axis}, with too few readings before: {more}"
    ),
    KIND.ROSE_LESS_BEFORE: (
        "it rises in the last half of the {axis}, but less clearly before: {more}"
    ),
    KIND.EXCEEDS_HALF_OF_MEMORY: (
        "it rose steadily by {held} in {seconds}, more than half of the memory available to it: "
        "a leak"
    ),
    KIND.EACH_GENERATION_GROWS: (
        "each new process of {reason.name} starts at {held} and grows {size} a {per} until it is "
        "replaced ({reason.count:,} generations seen)"
    ),
    KIND.GENERATIONS_UNSURE: (
        "each process of {reason.name} grew until it was replaced ({reason.count:,} seen), which "
        "is too little for a verdict: {more}"
    ),
    KIND.GENERATIONS_UNJUDGED: (
        "{reason.count:,} processes of {reason.name} ended too soon to be judged, and had "
        "{reason.memory_share:.0%} of the memory ({held}): lower --interval, or let each live "
        "longer"
    ),
    KIND.BOUNDED_BY_RESTARTS: "restarts keep the total of all processes bounded",
    KIND.START_UP: "the first {seconds} are left out as start-up, because growth was fastest then",
    KIND.DETECTION_LIMIT: (
        "detection limit {size} a {per}: a slower leak would be missed; watching for {seconds} "
        "lowers the limit to {least_size} a {per}"
    ),
    KIND.WATCHED_FOR: "watched for {seconds}; a longer watch may change the verdict",
    KIND.TEXT: "{reason.text}",
}
# In these reasons the signal is only the unit of the amounts.
NAMELESS = {KIND.EACH_GENERATION_GROWS, KIND.DETECTION_LIMIT}


def reason_text(
    reason: Reason, per: Per = Per.UNIT, more: str = "", *, names_signal: bool = True
) -> str:
    """Return the text of a reason, after the process and the signal that it is about.

    Args:
        reason: The reason, with its amounts.
        per: The axis of the series.
        more: What to do where the series does not decide; empty for the advice of the axis.
        names_signal: Whether the text begins with the name of the signal.
    """
    ceiling = _amount(reason.ceiling, reason.signal).lstrip("+")
    text = TEMPLATES[reason.kind].format(
        reason=reason,
        per=per.value,
        more=more or ADVICE[per],
        axis=AXIS[per],
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
        text = f"{text}; set --units to run it to the end"
    named = names_signal and reason.kind not in NAMELESS
    signal = [SIGNAL_LABELS[reason.signal]] if reason.signal and named else []
    return ": ".join([*filter(None, [reason.process]), *signal, text])


def _advice(reason: Reason) -> str:
    """Return what to do about a scenario that is not vouched for."""
    if not reason.option:
        return "leave out --units to run until the verdict is certain"
    if reason.option == "--budget" and reason.seconds:
        return f"run with --budget {reason.seconds:.0f}"
    return f"raise {reason.option} to run more units"


def with_text(verdict: Verdict, per: Per = Per.UNIT, more: str = "") -> Verdict:
    """Return a verdict with the text of its reasons and of the reasons of its estimates.

    Args:
        verdict: The verdict.
        per: The axis of its series.
        more: What to do where a series does not decide; empty for the advice of the axis.
    """

    def reworded(reason: Reason) -> Reason:
        """Return a reason with its text."""
        return msgspec.structs.replace(reason, text=reason_text(reason, per, more))

    def reworded_estimate(estimate: Estimate) -> Estimate:
        """Return an estimate with the text of its reason."""
        # An estimate has the name of its signal beside its reason.
        text = reason_text(estimate.reason, per, more, names_signal=False)
        reason = msgspec.structs.replace(estimate.reason, text=text)
        return msgspec.structs.replace(estimate, reason=reason)

    return msgspec.structs.replace(
        verdict,
        reasons=[reworded(reason) for reason in verdict.reasons],
        estimates=[reworded_estimate(estimate) for estimate in verdict.estimates],
    )


def _amount(per: float | None, signal: Signal | None) -> str:
    """Format the growth of a signal in its own unit: bytes or pieces."""
    in_bytes = signal is not None and signal.in_bytes
    return format_growth(per or 0.0, Resource.MEMORY if in_bytes else Resource.DESCRIPTORS)


def _size(per: float | None, signal: Signal | None) -> str:
    """Format an amount without its sign, with the name of what is counted."""
    amount = _amount(per, signal).lstrip("+")
    return amount if signal is None or signal.in_bytes else f"{amount} {SIGNAL_LABELS[signal]}"
