"""The verdict on a tree of processes, by its workers that were replaced, too.

The sum of all processes says nothing about workers that grow until they are replaced. So it is a
leak where they leak, and it acquits none that may leak, and none that ended too soon to be judged.
"""

from collections.abc import Iterable, Sequence

import msgspec

from leaklab.model.measurement import Life
from leaklab.model.scenario import Growth, Resource
from leaklab.model.signals import Signal
from leaklab.model.text import cut, without_folder
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind, Verdict
from leaklab.verdict.generations import Generations, command_pattern, judge_generations
from leaklab.verdict.growth import DEFAULT_RULE, GrowthRule


def with_replaced(
    verdict: Verdict, replaced: Iterable[Life], rule: GrowthRule = DEFAULT_RULE
) -> Verdict:
    """Return the verdict on the tree of a run, by the processes that were replaced, too.

    Where workers leak, the amount is that of the median worker.

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
    leaking = next((one for one in judged if one.conclusion is Conclusion.LEAK), None)
    if leaking is None or verdict.resource is not Resource.MEMORY or verdict.is_leak:
        return result
    amount = {"per_unit": leaking.per_second, "low": leaking.low, "high": leaking.high}
    return msgspec.structs.replace(result, signal=Signal.ANON, **amount)


def with_generations(verdict: Verdict, judged: Sequence[Generations]) -> Verdict:
    """Return the verdict on a tree by its processes that started and ended, too.

    It is a leak where they leak. Where they may leak, or ended too soon to be judged and had much
    of the memory, a verdict that would be clean is undecided.
    """
    if leaking := [one for one in judged if one.conclusion is Conclusion.LEAK]:
        return _leaking(verdict, list(map(_grows, leaking)))
    unsure = [_unsure(one) for one in judged if one.may_leak]
    unjudged = [_unjudged(one) for one in judged if one.may_hide_leak]
    return _doubted(verdict, [*unsure, *unjudged])


def _leaking(verdict: Verdict, reasons: list[Reason]) -> Verdict:
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


def _doubted(verdict: Verdict, reasons: list[Reason]) -> Verdict:
    """Return a verdict with reasons that it is not clean; with none of them it stays as it is."""
    if not reasons or verdict.is_leak:
        return verdict
    if verdict.resource is not Resource.MEMORY:
        if verdict.others.get(Resource.MEMORY) is not Conclusion.CLEAN:
            return verdict
        others = {**verdict.others, Resource.MEMORY: Conclusion.UNDECIDED}
        return msgspec.structs.replace(verdict, others=others)
    if not verdict.is_decided:
        return msgspec.structs.replace(verdict, reasons=[*verdict.reasons, *reasons])
    return msgspec.structs.replace(
        verdict, conclusion=Conclusion.UNDECIDED, growth=None, reasons=[*reasons, *verdict.reasons]
    )


def _grows(generations: Generations) -> Reason:
    return Reason(
        kind=ReasonKind.EACH_GENERATION_GROWS,
        signal=Signal.ANON,
        name=cut(without_folder(generations.command)),
        count=generations.count,
        held_bytes=generations.start_bytes,
        rate=generations.per_second,
    )


def _unsure(generations: Generations) -> Reason:
    return Reason(
        kind=ReasonKind.GENERATIONS_UNSURE,
        name=cut(without_folder(generations.command)),
        count=generations.count,
    )


def _unjudged(generations: Generations) -> Reason:
    return Reason(
        kind=ReasonKind.GENERATIONS_UNJUDGED,
        name=cut(without_folder(generations.command)),
        count=generations.count,
        held_bytes=round(generations.unjudged_bytes),
        memory_share=generations.unjudged_share,
    )
