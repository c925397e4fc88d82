"""Two saved results side by side: a pure function of the two records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from leaklab.model.errors import BadInput
from leaklab.model.measurement import EndReason
from leaklab.model.result import Result
from leaklab.model.scenario import Criterion, Scenario, Variant
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind
from leaklab.verdict.wording import with_text

# What must be the same for two figures to be about the same work, and what only deserves a word.
SAME_WORK = ("unit", "units")
# Of two runs that ended by themselves; one may have ended before its units were done.
SAME_WORK_DONE = ("unit", "units_of_peak")
WORTH_SAYING = ("scenario", "variant", "mode", "workers", "seed", "options")


@dataclass(frozen=True)
class PeakVerdict:
    """A pair judged by its peaks: the buggy one's by the fixed one's, and what is declared."""

    ratio: float
    min_ratio: float
    leak: bool


@dataclass(frozen=True)
class ResultComparison:
    """B against A. `peak_ratio` is B's peak by A's; `intervals_apart` whether the 95 % intervals
    of the growth per unit have no value in common; `pair` the verdict of a pair judged by peaks."""

    a: Result
    b: Result
    peak_ratio: float
    intervals_apart: bool
    differences: tuple[str, ...]
    pair: PeakVerdict | None = None


def compare_results(a: Result, b: Result) -> ResultComparison:
    """Compare the peaks and the growth of two runs over the same work. The two of a pair that is
    judged by its peaks have its verdict.

    Raises:
        BadInput: they did different work, or one of them has no peak.
    """
    a, b = judge_pairs([a, b])
    for name in SAME_WORK_DONE if _ended(a, b) else SAME_WORK:
        mine, other = getattr(a, name), getattr(b, name)
        if mine != other:
            what = name.partition("_")[0]
            raise BadInput(
                f"{label(a)} and {label(b)} did different work ({what}: {mine} and {other}); "
                "run both with the same --units"
            )
    if not a.peak_bytes or not b.peak_bytes:
        lacking = a if not a.peak_bytes else b
        raise BadInput(f"{label(lacking)} has no peak ({lacking.end_reason}); run it again")
    return ResultComparison(
        a=a,
        b=b,
        peak_ratio=b.peak_bytes / a.peak_bytes,
        intervals_apart=_apart(a, b),
        differences=tuple(_differences(a, b)),
    )


def _differences(a: Result, b: Result) -> Iterator[str]:
    for name in WORTH_SAYING:
        if getattr(a, name) != getattr(b, name):
            yield f"{name}: {getattr(a, name)} and {getattr(b, name)}"
    if a.environment.python != b.environment.python:
        yield f"Python: {a.environment.python} and {b.environment.python}"


def judge_pair(found: ResultComparison, scenario: Scenario) -> ResultComparison:
    """With the verdict of the pair, where these are the two variants of a scenario judged by its
    peaks; else as it is. Which of the two is A makes no difference."""
    if scenario.judge is not Criterion.PEAK or scenario.min_ratio is None:
        return found
    ratios = {
        (Variant.FIXED, Variant.BUGGY): found.peak_ratio,
        (Variant.BUGGY, Variant.FIXED): 1 / found.peak_ratio,
    }
    ratio = ratios.get((found.a.variant, found.b.variant))
    if ratio is None or found.a.scenario != found.b.scenario:
        return found
    leak = is_peak_leak(ratio, scenario.min_ratio)
    return replace(found, pair=PeakVerdict(ratio, scenario.min_ratio, leak))


def judge_pairs(results: Sequence[Result]) -> list[Result]:
    """Results in their order; those of pairs that are judged by their peaks have the pair's verdict
    where both variants are there, from runs of the same seed and units."""
    by_pair: dict[tuple[object, ...], dict[Variant, Result]] = {}
    for result in results:
        if result.judge is Criterion.PEAK:
            by_pair.setdefault(_pair_key(result), {})[result.variant] = result

    def judged(result: Result) -> Result:
        pair = by_pair.get(_pair_key(result), {})
        buggy, fixed = pair.get(Variant.BUGGY), pair.get(Variant.FIXED)
        if result.judge is not Criterion.PEAK or buggy is None or fixed is None:
            return result
        return _with_pairs_verdict(result, buggy, fixed)

    return [judged(result) for result in results]


def _pair_key(result: Result) -> tuple[object, ...]:
    """What two runs have in common that are a pair."""
    return result.scenario, result.mode, result.repeat, result.seed, result.units, result.python


def _with_pairs_verdict(result: Result, buggy: Result, fixed: Result) -> Result:
    if not buggy.peak_bytes or not fixed.peak_bytes or result.min_ratio is None:
        return result
    ratio = buggy.peak_bytes / fixed.peak_bytes
    leaks = is_peak_leak(ratio, result.min_ratio) and result.variant is Variant.BUGGY
    conclusion = Conclusion.of(leaks=leaks)
    reason = Reason(kind=ReasonKind.PEAK_RATIO, ratio=ratio, min_ratio=result.min_ratio)
    verdict = msgspec.structs.replace(result.verdict, conclusion=conclusion, reasons=[reason])
    agrees = conclusion is Conclusion.of(leaks=bool(result.is_known_to_leak))
    return msgspec.structs.replace(result, verdict=with_text(verdict), as_expected=agrees)


def _ended(*results: Result) -> bool:
    return all(result.end_reason is EndReason.COMPLETED for result in results)


def is_peak_leak(ratio: float, min_ratio: float) -> bool:
    """Whether a buggy variant's peak is so many times its fixed one's as to be a leak."""
    return ratio >= min_ratio


def label(result: Result) -> str:
    """How people name a run: `word_index/buggy/inline`."""
    return f"{result.scenario}/{result.variant}/{result.mode}"


def _apart(a: Result, b: Result) -> bool:
    lows = (a.verdict.low, b.verdict.low)
    highs = (a.verdict.high, b.verdict.high)
    if None in lows or None in highs:
        return False
    return max(x for x in lows if x is not None) > min(x for x in highs if x is not None)
