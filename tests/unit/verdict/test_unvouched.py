"""Units that are not vouched for: the alternatives that a verdict cannot exclude."""

from typing import Any

import toys
from leaklab.model.measurement import Container, EndReason, Measurement
from leaklab.model.result import Result
from leaklab.model.scenario import Variant
from leaklab.model.verdicts import Conclusion, ReasonKind
from leaklab.verdict.run import to_result

STRANGERS = toys.scenario("grow-4096", vouched=False)


def judged(**changes: Any) -> Result:
    """Return the verdict on a leaking toy of another catalogue after such a run."""
    job = toys.job(STRANGERS, budget_seconds=20.0)
    bounded = changes.pop("bounded", [])
    process = toys.grown(job, job.units)
    process = toys.process(
        [4096 * unit for unit in range(1, job.units + 1)],
        units_done=job.units,
        after_collect=process.after_collect,
        cpu_seconds=10.0,
        bounded=bounded,
    )
    whole = {
        "end_reason": EndReason.COMPLETED,
        "units_done": job.units,
        "processes": [process],
        **changes,
    }
    return to_result(job, Measurement(**whole), toys.ENVIRONMENT)


def filling(units: int, entries: int) -> Container:
    return Container(units=units, name="shop.price", entries=entries, maximum=1000)


def test_a_leak_after_the_whole_budget_mentions_what_would_appear_the_same() -> None:
    verdict = judged(held_back_by="--budget").verdict
    assert verdict.conclusion is Conclusion.LEAK
    assert verdict.reasons[-1].text == (
        "a cache of more than 400 entries (1.6 MiB) would look the same: run with --budget 80"
    )


def test_before_the_budget_is_spent_nothing_is_decided() -> None:
    assert judged().verdict.conclusion is Conclusion.UNDECIDED


def test_a_container_that_fills_is_named_with_the_units_that_fill_it() -> None:
    bounded = [filling(200, 200), filling(400, 400)]
    verdict = judged(held_back_by="--budget", bounded=bounded).verdict
    assert verdict.conclusion is Conclusion.UNDECIDED
    assert verdict.reasons[0].kind is ReasonKind.FILLS
    text = verdict.reasons[0].text.replace("units", "steps")
    assert "shop.price is still filling, 400 of 1,000 entries" in text
    assert "full after about 1,000 steps" in text


def test_a_container_that_is_full_explains_nothing() -> None:
    bounded = [filling(200, 1000), filling(400, 1000)]
    verdict = judged(held_back_by="--budget", bounded=bounded).verdict
    assert verdict.conclusion is Conclusion.LEAK


def test_a_stopped_run_names_the_limit_to_raise() -> None:
    verdict = judged(end_reason=EndReason.MEMORY_LIMIT).verdict
    assert verdict.conclusion is Conclusion.LEAK
    assert "raise --memory-limit to run more units" in verdict.reasons[-1].text


def test_a_program_without_a_known_verdict_has_the_exit_code_of_its_verdict() -> None:
    unknown = toys.scenario("grow-0", buggy=None, fixed=None, program={}, vouched=True)
    job = toys.job(unknown, variant=Variant.PROGRAM)
    trace = toys.ToyExecutor().execute(job, lambda _: None)
    result = to_result(job, trace, toys.ENVIRONMENT)
    assert (result.as_expected, result.is_known_to_leak, int(result.exit)) == (None, None, 0)
