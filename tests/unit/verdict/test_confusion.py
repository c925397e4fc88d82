from typing import Any

import msgspec
import pytest

import toys
from leaklab import reports
from leaklab.model.errors import Exit
from leaklab.model.job import Job
from leaklab.model.measurement import EndReason
from leaklab.model.result import Result
from leaklab.model.scenario import Mode, Scenario, Variant
from leaklab.model.verdicts import Conclusion, Reason, ReasonKind
from leaklab.reports import confusion
from leaklab.verdict.confusion import Answer, JudgedRun, by_mode, judged_runs, matrix
from leaklab.verdict.pairs import judge_pairs

PEAKS = toys.scenario(
    "peaks-0", judge="peak", min_ratio=2.0, buggy={"growth": "bounded", "culprit": "x"}
)


def jobs(toy: Scenario | None = None, *modes: Mode) -> list[Job]:
    variants = (Variant.BUGGY, Variant.FIXED)
    return [toys.job(toy, v, mode=m) for m in modes or [Mode.INLINE] for v in variants]


def answering(result: Result, conclusion: Conclusion) -> Result:
    reason = Reason(kind=ReasonKind.TEXT, text="so it is")
    verdict = msgspec.structs.replace(result.verdict, conclusion=conclusion, reasons=[reason])
    return msgspec.structs.replace(result, verdict=verdict)


def judged(*results: Result, **failures: str) -> list[JudgedRun]:
    return judged_runs(jobs(), results, {f"grow-4096/{k}/inline": v for k, v in failures.items()})


@pytest.mark.parametrize(
    ("conclusion", "word", "right", "wrong"),
    [
        (Conclusion.LEAK, Answer.LEAK, True, False),
        (Conclusion.CLEAN, Answer.CLEAN, False, True),
        (Conclusion.UNDECIDED, Answer.UNDECIDED, False, False),
    ],
)
def test_a_leak_is_right_wrong_or_undecided(
    *, conclusion: Conclusion, word: Answer, right: bool, wrong: bool
) -> None:
    buggy, _ = judged(answering(toys.result(), conclusion))
    assert (word, right, wrong) == (buggy.answer, buggy.right, buggy.wrong)
    assert (True, "so it is") == (buggy.leaks, buggy.reason)


def test_a_failed_run_was_not_measured_and_has_a_reason() -> None:
    buggy, fixed = judged(toys.result(end_reason=EndReason.DIED), buggy="it was killed")
    assert [Answer.NOT_MEASURED] * 2 == [buggy.answer, fixed.answer]
    assert ["it was killed", "no result"] == [buggy.reason, fixed.reason]
    assert not buggy.wrong


def test_a_stopped_run_counts_by_its_verdict() -> None:
    (buggy, _) = judged(
        answering(toys.result(end_reason=EndReason.TIME_LIMIT), Conclusion.UNDECIDED)
    )
    assert buggy.answer is Answer.UNDECIDED


@pytest.mark.parametrize(("buggy_bytes", "word"), [(2000, Answer.LEAK), (1999, Answer.CLEAN)])
def test_a_pair_is_judged_by_its_peaks(buggy_bytes: int, word: Answer) -> None:
    made = judge_pairs(
        [
            toys.result(PEAKS, Variant.BUGGY, peak_rss_bytes=buggy_bytes),
            toys.result(PEAKS, Variant.FIXED, peak_rss_bytes=1000),
        ]
    )
    buggy, fixed = judged_runs(jobs(PEAKS), made, {})
    assert (True, word) == (buggy.leaks, buggy.answer)
    assert (False, Answer.CLEAN) == (fixed.leaks, fixed.answer)


def of(answer: Answer, *, leaks: bool = True, mode: Mode = Mode.INLINE) -> JudgedRun:
    return JudgedRun(f"toy/{mode}", mode, leaks, answer, "because")


MANY = [
    *[of(Answer.LEAK)] * 5,
    of(Answer.CLEAN),
    *[of(Answer.CLEAN, leaks=False)] * 7,
    of(Answer.LEAK, leaks=False, mode=Mode.FORK),
    of(Answer.UNDECIDED, mode=Mode.FORK),
    of(Answer.NOT_MEASURED, leaks=False, mode=Mode.FORK),
]


def test_every_judged_run_is_in_one_cell() -> None:
    counts = matrix(MANY)
    assert (16, 12, 2, 1, 1) == (
        counts.runs,
        counts.right,
        counts.wrong,
        counts.undecided,
        counts.not_measured,
    )


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        ([], Exit.AS_EXPECTED),
        ([of(Answer.LEAK), of(Answer.CLEAN, leaks=False)], Exit.AS_EXPECTED),
        ([of(Answer.LEAK), of(Answer.CLEAN)], Exit.DIFFERS),
        ([of(Answer.LEAK), of(Answer.UNDECIDED, leaks=False)], Exit.DIFFERS),
        ([of(Answer.CLEAN), of(Answer.NOT_MEASURED)], Exit.NOT_MEASURED),
    ],
)
def test_the_exit_code_is_that_of_the_most_severe_cell(
    outcome: list[JudgedRun], code: Exit
) -> None:
    assert code is matrix(outcome).exit


def test_the_cells_of_all_modes_add_up_to_the_total() -> None:
    matrices = by_mode(MANY)
    assert [Mode.INLINE, Mode.FORK] == list(matrices)
    for name in ("runs", "right", "wrong", "undecided", "not_measured"):
        assert getattr(matrix(MANY), name) == sum(getattr(m, name) for m in matrices.values())


def test_an_empty_catalogue_is_a_matrix_of_zeros() -> None:
    assert (0, 0) == (matrix([]).runs, matrix([]).right)


def lines(table: reports.Table) -> list[list[str]]:
    return [line.split() for line in reports.plain(table).splitlines()]


def test_the_table_has_known_verdicts_by_measured_verdicts() -> None:
    assert [
        ["known", "leak", "clean", "undecided", "not", "measured"],
        ["leak", "5", "1", "1", "0"],
        ["clean", "1", "7", "0", "1"],
    ] == lines(confusion.whole(matrix(MANY)))


def test_every_mode_and_every_wrong_run_is_listed_below_the_table() -> None:
    _, table = confusion.confusion_tables(MANY)
    assert [("inline", "13", "12", "1", "0", "0"), ("fork", "3", "0", "1", "1", "1")] == table.rows
    assert [
        "toy/inline: clean (known: a leak): because",
        "toy/fork: leak (known: clean): because",
        "toy/fork: undecided (known: a leak): because",
        "toy/fork: not measured (known: clean): because",
        "16 runs, 12 as known",
    ] == table.notes
    assert frozenset({0, 1}) == table.alarms


@pytest.mark.parametrize("outcome", [[of(Answer.LEAK)], [of(Answer.CLEAN, leaks=False)], []])
def test_nothing_is_marked_if_every_verdict_is_right(outcome: list[JudgedRun]) -> None:
    assert [frozenset(), frozenset()] == [t.alarms for t in confusion.confusion_tables(outcome)]


def test_the_json_output_has_the_same_content() -> None:
    document: dict[str, Any] = confusion.confusion_json(MANY)
    assert {"leak": 5, "clean": 1, "undecided": 1, "not measured": 0} == document["matrix"]["leak"]
    assert 1 == document["modes"]["fork"]["clean"]["leak"]
    assert (16, 12, 4) == (document["runs"], document["right"], len(document["not_right"]))
    assert {"run", "known", "said", "reason"} == document["not_right"][0].keys()
