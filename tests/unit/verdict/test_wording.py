"""The text of a reason, by work and by time."""

import re

import pytest

from leaklab.model.scenario import Resource
from leaklab.model.signals import Signal
from leaklab.model.verdicts import (
    Conclusion,
    Estimate,
    Reason,
    ReasonKind,
    Verdict,
)
from leaklab.verdict.wording import ADVICE, TEMPLATES, Per, reason_text, with_text

FULL = {
    "kept_share": 0.9,
    "memory_share": 0.4,
    "ceiling": 0.02,
    "rate": 4096.0,
    "done": 1000,
    "needed": 2000,
    "end_reason": "stopped: memory limit",
    "option": "--budget",
    "ratio": 3.0,
    "min_ratio": 2.0,
    "count": 1200,
    "maximum": 5000,
    "name": "functools.cached",
    "held_bytes": 10 << 20,
    "free_bytes": 6 << 20,
    "seconds": 7300.0,
    "text": "as it was",
}


def test_every_reason_has_a_text() -> None:
    assert set(ReasonKind) == set(TEMPLATES)


@pytest.mark.parametrize("kind", ReasonKind)
@pytest.mark.parametrize("per", Per)
def test_the_text_of_a_reason_is_one_line_without_gaps(kind: ReasonKind, per: Per) -> None:
    text = reason_text(Reason(kind=kind, **FULL), per)  # type: ignore[arg-type]
    assert text == " ".join(text.split())
    assert not re.search(r"[{}]|None|nan", text)


def test_the_advice_on_a_watch_never_mentions_units() -> None:
    for template in TEMPLATES.values():
        assert not any(advice in template for advice in ADVICE.values())
    slows = Reason(kind=ReasonKind.SLOWS_DOWN, kept_share=0.62)
    assert reason_text(slows).endswith("may level off: run with more --units")
    assert reason_text(slows, Per.SECOND).endswith("may level off: watch longer")


def test_an_amount_is_in_the_unit_of_its_signal() -> None:
    extreme = Reason(kind=ReasonKind.EXTREME, rate=4096.0, done=7, needed=400)
    in_bytes = extreme.__class__(
        kind=extreme.kind, signal=Signal.HEAP, rate=4096.0, done=7, needed=400
    )
    assert "heap in use: +4 KiB a unit" in reason_text(in_bytes)
    assert reason_text(extreme).startswith("+4,096 a unit")


def test_the_process_and_the_signal_precede_the_text() -> None:
    reason = Reason(
        kind=ReasonKind.GARBAGE, signal=Signal.BLOCKS, process="worker 2", to_the_end=False
    )
    text = reason_text(reason)
    assert text.startswith("worker 2: allocated blocks: a garbage collection frees it")
    assert text.endswith("; set --units to run it to the end")


def test_a_verdict_has_the_texts_of_its_reasons_and_estimates() -> None:
    reason = Reason(kind=ReasonKind.FADES, signal=Signal.HEAP)
    estimate = Estimate(
        signal=Signal.HEAP,
        conclusion=Conclusion.CLEAN,
        growth=None,
        per_unit=0.0,
        low=0.0,
        high=0.0,
        reason=reason,
    )
    verdict = with_text(
        Verdict(
            conclusion=Conclusion.CLEAN,
            growth=None,
            resource=Resource.MEMORY,
            reasons=[reason],
            estimates=[estimate],
        )
    )
    assert (
        "heap in use: growth keeps slowing down with each doubling of the work: not a leak"
        == verdict.reasons[0].text
    )
    assert (
        "growth keeps slowing down with each doubling of the work: not a leak"
        == verdict.estimates[0].reason.text
    )
