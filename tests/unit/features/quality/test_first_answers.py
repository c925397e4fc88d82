"""From profiles to the rows of the page, and what follows from them."""

from pathlib import Path

import pytest

import toys
from leaklab.features.profilers.profile import Profile
from leaklab.features.profilers.registry import PROFILERS
from leaklab.features.profilers.suspect import Suspect
from leaklab.features.quality.answer_grades import AnswerGrade, GradedAnswer
from leaklab.features.quality.first_answers import FirstAnswer, first_answer, without_paths
from leaklab.features.quality.leak_origins import LeakOrigin, Place
from leaklab.model.errors import LabError, NotMeasured
from leaklab.model.scenario import Mode
from leaklab.reports import markdown
from leaklab.reports.first_answers import RULES, answer_table, first_answers_conclusion, grade_table

ROOT = Path("/lab")
PROGRAM = "/lab/scenarios/grow/buggy.py"
ORIGIN = LeakOrigin(
    Place(PROGRAM, 5, "add", "Shelf"), (), frozenset({PROGRAM}), frozenset({"bytes"}), ()
)


def profile(*suspects: Suspect) -> Profile:
    return Profile(
        profiler="tracemalloc",
        version="3.11",
        python="/usr/bin/python",
        scenario="grow",
        variant="buggy",
        mode="inline",
        units=100,
        whole_units=100,
        report="",
        first_answer=suspects[0].text if suspects else "",
        suspects=list(suspects),
        output="",
        files=[],
        pools="",
        cpu_ratio=2.04,
        added_bytes=3 << 20,
    )


def answer(mode: Mode, outcome: Profile | LabError, name: str = "tracemalloc") -> FirstAnswer:
    return first_answer(toys.job(mode=mode), PROFILERS[name], outcome, ORIGIN, ROOT)


RIGHT = profile(Suspect(f"{PROGRAM}:5: size=9 KiB", PROGRAM, 5))
FAILURE = NotMeasured("fil: the work failed under it; status 1: Can't pickle <function at 0x7f>")


def test_an_answer_has_its_grade_and_its_cost() -> None:
    row = answer(Mode.INLINE, RIGHT)
    assert GradedAnswer(AnswerGrade.LINE_RETAINS) == row.graded
    assert ("scenarios/grow/buggy.py:5: size=9 KiB", 2.04) == (row.answer, row.cpu_ratio)


@pytest.mark.parametrize(
    ("name", "mode", "grade"),
    [
        ("tracemalloc", Mode.FORK, AnswerGrade.PARENT),
        ("fil", Mode.SPAWN, AnswerGrade.PARENT),
        ("memray", Mode.SPAWN, AnswerGrade.PARENT),
        ("memray", Mode.FORK, AnswerGrade.LINE_RETAINS),
        ("fil", Mode.INLINE, AnswerGrade.LINE_RETAINS),
    ],
)
def test_a_report_about_the_parent_of_a_pool_is_graded_as_such(
    name: str, mode: Mode, grade: AnswerGrade
) -> None:
    assert GradedAnswer(grade) == answer(mode, RIGHT, name).graded


def test_a_failure_is_an_answer_too() -> None:
    row = answer(Mode.SPAWN, FAILURE, "fil")
    assert (None, None) == (row.graded, row.cpu_ratio)
    assert "the work failed under it; status 1: Can't pickle <function>" == row.trouble


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/lab/fixtures/a.py:4: size", "fixtures/a.py:4: size"),
        ("f at /usr/lib/python3.11/json/decoder.py: 1MB", "f at …/json/decoder.py: 1MB"),
        ("leak: /tmp/x/driver.py:4, 1 MB/s", "leak: …/x/driver.py:4, 1 MB/s"),
        ("…/json/decoder.py", "…/json/decoder.py"),
        ("str | 5 | 8.9 MB", "str | 5 | 8.9 MB"),
    ],
)
def test_no_path_of_the_machine_is_shown(text: str, expected: str) -> None:
    assert expected == without_paths(text, ROOT)


def test_the_tables_have_each_grade_and_each_failure() -> None:
    late = profile(Suspect("a", "/a.py", 1), Suspect("b", PROGRAM, 5))
    answers = [answer(Mode.INLINE, late), answer(Mode.INLINE, FAILURE, "fil")]
    assert markdown(grade_table(answers)).splitlines()[2:] == [
        "| tracemalloc | wrong place; 2nd: the line that retains |",
        "| fil | fails |",
    ]
    rows = markdown(answer_table(answers)).splitlines()[2:]
    retains = "wrong place; 2nd: the line that retains"
    assert f"| grow-4096 | tracemalloc 3.11 | a | {retains} | 2.0 | +3 MiB |" == rows[0]
    assert rows[1].startswith("| grow-4096 | fil | the work failed under it; status 1: ")


def test_the_conclusion_counts_each_answer_once() -> None:
    outcomes: list[Profile | LabError] = [
        RIGHT,
        profile(Suspect("a", "/a.py", 1)),
        profile(),
        FAILURE,
    ]
    text = first_answers_conclusion("inline", [answer(Mode.INLINE, o) for o in outcomes])
    assert text == (
        "With `inline`, of 4 first answers, 1 named what retains the memory (tracemalloc 1 time), "
        "0 what allocates it, 2 named less, a wrong place or nothing, and 1 was a failure."
    )


def test_the_rules_name_every_grade() -> None:
    assert [] == [grade for grade in AnswerGrade if f"*{grade}*" not in RULES]


def test_the_page_has_the_rules_by_which_it_was_graded() -> None:
    page = Path(__file__).parents[4] / "docs" / "measurements" / "profilers.md"
    assert RULES in page.read_text(encoding="utf-8")
