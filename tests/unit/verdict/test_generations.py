"""Replaced workers: each may leak, and a job that ends is not a leak."""

from collections.abc import Callable

import msgspec
import pytest

from leaklab.model.measurement import Life
from leaklab.model.scenario import Resource
from leaklab.model.verdicts import Conclusion, ReasonKind, Verdict
from leaklab.verdict.generations import Generations, judge_generations
from leaklab.verdict.wording import Per, reason_text
from leaklab.verdict.workers import with_generations, with_replaced

MIB = 1 << 20
Law = Callable[[float], float]


def life(law: Law, begin: float = 0.0, *, forked: bool = True, readings: int = 12) -> Life:
    """Return a worker that lives for about six seconds."""
    times = [0.5 * n for n in range(readings)]
    return Life(
        "/usr/bin/server --port 80", forked, ([begin + t for t in times], list(map(law, times)))
    )


def generations(law: Law, count: int = 8, **changes: bool | int) -> Generations:
    lives = [life(law, 6.0 * n, **changes) for n in range(count)]  # type: ignore[arg-type]
    (result,) = judge_generations({"server": lives}, {"server": count})
    return result


def leaking(t: float) -> float:
    """Twenty MiB, three more for the start-up, and then one a second."""
    return 20 * MIB + 3 * MIB * min(t, 1.0) + MIB * t


def test_workers_that_grow_until_they_are_replaced_leak() -> None:
    judged_generations = generations(leaking)
    assert (Conclusion.LEAK, 8) == (judged_generations.conclusion, judged_generations.count)
    assert (20 * MIB, 5.5) == (judged_generations.start_bytes, judged_generations.lifetime_seconds)
    assert pytest.approx(MIB) == judged_generations.per_second


@pytest.mark.parametrize(
    "law",
    [
        lambda _: 20.0 * MIB,
        lambda t: 20 * MIB + 3 * MIB * min(t, 1.0),
        lambda t: 20 * MIB + MIB * (t > 3.9),
        lambda t: 20 * MIB + 4 * MIB * t**0.5,
        lambda t: 20 * MIB + 4096 * (t > 4.5),
    ],
    ids=["level", "warms up", "one step", "slows down", "a page"],
)
def test_workers_that_do_not_grow_steadily_do_not_leak(law: Law) -> None:
    assert generations(law).conclusion is not Conclusion.LEAK


def test_fewer_than_six_generations_are_undecided() -> None:
    assert Conclusion.UNDECIDED is generations(leaking, 5).conclusion


def test_workers_that_were_read_too_rarely_are_counted_and_not_judged() -> None:
    judged_generations = generations(leaking, readings=4)
    assert (8, 8, None, Conclusion.UNDECIDED) == (
        judged_generations.count,
        judged_generations.too_short,
        judged_generations.per_second,
        judged_generations.conclusion,
    )


def test_an_executed_program_may_be_a_job_and_is_not_a_leak() -> None:
    judged_generations = generations(leaking, forked=False)
    assert (Conclusion.UNDECIDED, True) == (judged_generations.conclusion, judged_generations.grows)


def verdict(
    conclusion: Conclusion = Conclusion.CLEAN, resource: Resource = Resource.MEMORY
) -> Verdict:
    return Verdict(conclusion=conclusion, growth=None, resource=resource)


def test_a_leak_in_each_worker_is_a_leak_of_the_tree_that_the_restarts_bound() -> None:
    result = with_generations(verdict(), [generations(leaking)])
    assert result.is_leak
    grows, bounded = (reason_text(reason, Per.SECOND) for reason in result.reasons)
    assert grows == (
        "each new process of server --port 80 starts at 20 MiB and grows 1 MiB a second until it "
        "is replaced (8 generations seen)"
    )
    assert "restarts keep the total of all processes bounded" == bounded


def test_restarts_do_not_bound_a_leak_of_the_tree() -> None:
    result = with_generations(verdict(Conclusion.LEAK), [generations(leaking)])
    assert [ReasonKind.EACH_GENERATION_GROWS] == [reason.kind for reason in result.reasons]


def test_a_leak_in_workers_is_named_beside_another_leaking_resource() -> None:
    result = with_generations(verdict(resource=Resource.THREADS), [generations(leaking)])
    assert (Conclusion.CLEAN, Conclusion.LEAK) == (
        result.conclusion,
        result.others[Resource.MEMORY],
    )


def test_workers_that_do_not_leak_change_nothing() -> None:
    assert verdict() == with_generations(verdict(), [generations(lambda _: MIB)])


def lives(law: Law, count: int, **changes: bool) -> list[Life]:
    return [life(law, 6.0 * n, **changes) for n in range(count)]


def test_the_tree_of_a_run_leaks_by_the_amount_of_the_median_worker() -> None:
    result = with_replaced(verdict(), lives(leaking, 6))
    assert result.is_leak
    assert pytest.approx(MIB) == result.per_unit
    assert result.low is not None
    assert result.low > 0


@pytest.mark.parametrize("count", [2, 5])
def test_workers_that_grew_are_not_acquitted_while_they_are_too_few(count: int) -> None:
    result = with_replaced(verdict(), lives(leaking, count))
    assert (Conclusion.UNDECIDED, ReasonKind.GENERATIONS_UNSURE) == (
        result.conclusion,
        result.reasons[0].kind,
    )


def test_workers_that_slow_down_are_not_acquitted_by_the_sum() -> None:
    slower = lives(lambda t: 20 * MIB + 4 * MIB * t**0.5, 8)
    assert with_replaced(verdict(), slower).conclusion is Conclusion.UNDECIDED


def test_the_sum_decides_on_workers_that_are_level_and_on_jobs_that_executed_a_program() -> None:
    level = lives(lambda _: 20.0 * MIB, 8)
    jobs = lives(leaking, 8, forked=False)
    assert verdict() == with_replaced(verdict(), level)
    assert verdict() == with_replaced(verdict(), jobs)
    assert verdict() == with_replaced(verdict(), lives(leaking, 1))


def unjudged(share: float, held_bytes: float) -> Generations:
    """Return processes that ended too soon to be judged."""
    return Generations(
        command="/usr/bin/server --port 80",
        count=40,
        too_short=40,
        forked=True,
        conclusion=Conclusion.UNDECIDED,
        unjudged_share=share,
        unjudged_bytes=held_bytes,
    )


def test_the_sum_does_not_acquit_much_memory_in_workers_that_were_not_judged() -> None:
    result = with_generations(verdict(), [unjudged(0.4, 8 * MIB)])
    assert Conclusion.UNDECIDED is result.conclusion
    assert reason_text(result.reasons[0], Per.SECOND) == (
        "40 processes of server --port 80 ended too soon to be judged, and had 40% of the memory "
        "(8 MiB): lower --interval, or let each live longer"
    )


@pytest.mark.parametrize(("share", "held_bytes"), [(0.09, 100 * MIB), (0.9, MIB - 1)])
def test_the_sum_decides_where_workers_that_were_not_judged_have_little_memory(
    share: float, held_bytes: float
) -> None:
    assert verdict() == with_generations(verdict(), [unjudged(share, held_bytes)])


def test_workers_that_were_not_judged_do_not_hide_a_leak_of_the_sum() -> None:
    leak = verdict(Conclusion.LEAK)
    assert leak == with_generations(leak, [unjudged(0.4, 8 * MIB)])


def test_workers_that_were_not_judged_are_named_beside_another_doubt() -> None:
    result = with_generations(verdict(Conclusion.UNDECIDED), [unjudged(0.4, 8 * MIB)])
    assert [ReasonKind.GENERATIONS_UNJUDGED] == [reason.kind for reason in result.reasons]


def test_workers_that_were_not_judged_leave_memory_undecided_beside_another_resource() -> None:
    threads = msgspec.structs.replace(
        verdict(resource=Resource.THREADS), others={Resource.MEMORY: Conclusion.CLEAN}
    )
    result = with_generations(threads, [unjudged(0.4, 8 * MIB)])
    assert (Conclusion.CLEAN, Conclusion.UNDECIDED) == (
        result.conclusion,
        result.others[Resource.MEMORY],
    )
