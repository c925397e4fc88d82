"""The comparison of two saved results: a pure function of the two records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from leaklab.model.errors import BadInput
from leaklab.model.measurement import EndReason
from leaklab.model.result import Result
from leaklab.model.scenario import Criterion, Scenario, Variant
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind
from leaklab.verdict.wording import with_text

# Fields that must be the same, so that both figures are about the same work.
SAME_WORK = ("unit", "units")
# The same for runs that completed: one may have ended before its units were done.
SAME_WORK_DONE = ("unit", "units_of_peak")
# Fields that may differ; the comparison reports a difference.
REPORTED_FIELDS = ("scenario", "variant", "mode", "workers", "seed", "options")


@dataclass(frozen=True)
class PeakVerdict:
    """The verdict on a pair by its peaks.

    Attributes:
        ratio: The buggy peak divided by the fixed peak.
        min_ratio: The ratio from which the scenario declares a leak.
        leak: Whether the ratio reaches it.
    """

    ratio: float
    min_ratio: float
    leak: bool


@dataclass(frozen=True)
class ResultComparison:
    """The comparison of result B with result A.

    Attributes:
        a: The first result.
        b: The second result.
        peak_ratio: The peak of B divided by the peak of A.
        intervals_apart: Whether the 95 % intervals of the growth per unit do not overlap.
        differences: The settings that differ, as text.
        pair: The verdict on a pair that is judged by its peaks.
    """

    a: Result
    b: Result
    peak_ratio: float
    intervals_apart: bool
    differences: tuple[str, ...]
    pair: PeakVerdict | None = None


def compare_results(a: Result, b: Result) -> ResultComparison:
    """Compare the peaks and the growth of two runs over the same work.

    The results of a pair that is judged by its peaks get the verdict of the pair.

    Raises:
        BadInput: The runs did different work, or one of them has no peak.
    """
    a, b = judge_pairs([a, b])
    for name in SAME_WORK_DONE if _ended(a, b) else SAME_WORK:
        of_a, of_b = getattr(a, name), getattr(b, name)
        if of_a != of_b:
            setting = name.partition("_")[0]
            raise BadInput(
                f"{label(a)} and {label(b)} did different work ({setting}: {of_a} and {of_b}); "
                "run both with the same --units"
            )
    if not a.peak_bytes or not b.peak_bytes:
        without_peak = a if not a.peak_bytes else b
        raise BadInput(
            f"{label(without_peak)} has no peak ({without_peak.end_reason}); run it again"
        )
    return ResultComparison(
        a=a,
        b=b,
        peak_ratio=b.peak_bytes / a.peak_bytes,
        intervals_apart=_apart(a, b),
        differences=tuple(_differences(a, b)),
    )


def _differences(a: Result, b: Result) -> Iterator[str]:
    for name in REPORTED_FIELDS:
        if getattr(a, name) != getattr(b, name):
            yield f"{name}: {getattr(a, name)} and {getattr(b, name)}"
    if a.environment.python != b.environment.python:
        yield f"Python: {a.environment.python} and {b.environment.python}"


def judge_pair(comparison: ResultComparison, scenario: Scenario) -> ResultComparison:
    """Add the verdict of the pair to a comparison of the two variants of a scenario.

    A comparison of other results, or of a scenario that is not judged by its peaks, is returned
    unchanged. Either variant may be A.
    """
    if scenario.judge is not Criterion.PEAK or scenario.min_ratio is None:
        return comparison
    ratios = {
        (Variant.FIXED, Variant.BUGGY): comparison.peak_ratio,
        (Variant.BUGGY, Variant.FIXED): 1 / comparison.peak_ratio,
    }
    ratio = ratios.get((comparison.a.variant, comparison.b.variant))
    if ratio is None or comparison.a.scenario != comparison.b.scenario:
        return comparison
    leak = is_peak_leak(ratio, scenario.min_ratio)
    return replace(comparison, pair=PeakVerdict(ratio, scenario.min_ratio, leak))


def judge_pairs(results: Sequence[Result]) -> list[Result]:
    """Return the results in their order, pairs that are judged by their peaks with their verdict.

    A pair has both variants, from runs with the same seed and units.
    """
    by_pair: dict[tuple[object, ...], dict[Variant, Result]] = {}
    for result in results:
        if result.judge is Criterion.PEAK:
            by_pair.setdefault(_pair_key(result), {})[result.variant] = result

    def judged(result: Result) -> Result:
        """Return a result with its pair's verdict, if that is judged by peaks and complete."""
        pair = by_pair.get(_pair_key(result), {})
        buggy, fixed = pair.get(Variant.BUGGY), pair.get(Variant.FIXED)
        if result.judge is not Criterion.PEAK or buggy is None or fixed is None:
            return result
        return _with_pairs_verdict(result, buggy, fixed)

    return [judged(result) for result in results]


def _pair_key(result: Result) -> tuple[object, ...]:
    """Return what the two runs of a pair have in common."""
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
    """Return whether the ratio of the buggy to the fixed peak is a leak."""
    return ratio >= min_ratio


def label(result: Result) -> str:
    """Return the name of a run: `word_index/buggy/inline`."""
    return f"{result.scenario}/{result.variant}/{result.mode}"


def _apart(a: Result, b: Result) -> bool:
    lows = (a.verdict.low, b.verdict.low)
    highs = (a.verdict.high, b.verdict.high)
    if None in lows or None in highs:
        return False
    return max(x for x in lows if x is not None) > min(x for x in highs if x is not None)
