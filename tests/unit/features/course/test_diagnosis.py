from textwrap import dedent

import pytest

from leaklab.features.course.diagnosis import (
    LineGrade,
    LineTruth,
    grade_diagnosis,
    line_of,
    original_line,
)
from leaklab.model.scenario import Pattern

SOURCE = dedent(
    """\
    CACHE = {}


    class Shelf:
        def put(self, key, value):
            self.note(key)
            CACHE.update(
                {key: value},
            )
            return value

        def note(self, key):
            print(key)


    class Desk:
        def put(self, key):
            match key:
                case 1:
                    pass
                case 2:
                    return


    @kept(
        forever=True,
    )
    def page(number):
        return number
    """
)
TRUTH = LineTruth(SOURCE, "CACHE.update(", "fixtures/pages.py", Pattern.UNBOUNDED_BUFFER)


def graded(line: int, current: str = SOURCE, file: str = "program.py") -> LineGrade:
    return grade_diagnosis(TRUTH, (file, line), Pattern.UNBOUNDED_BUFFER, current).line


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("CACHE.update(", LineGrade.RIGHT),
        ("{key: value}", LineGrade.RIGHT),
        ("self.note(key)", LineGrade.SAME_FUNCTION),
        ("def put(self, key, value)", LineGrade.SAME_FUNCTION),
        ("print(key)", LineGrade.SAME_CLASS),
        ("match key", LineGrade.ELSEWHERE),
        ("CACHE = {}", LineGrade.ELSEWHERE),
    ],
)
def test_a_near_miss_says_what_is_right_about_it(text: str, grade: LineGrade) -> None:
    assert graded(line_of(SOURCE, text)) is grade


def test_a_line_of_the_allocating_file_allocates() -> None:
    assert graded(1, file="pages.py") is LineGrade.ALLOCATES


def test_the_right_number_in_another_file_is_elsewhere() -> None:
    culprit = line_of(SOURCE, "CACHE.update(")
    assert graded(culprit, file="workload.py") is LineGrade.ELSEWHERE


def test_the_number_is_that_of_the_current_text() -> None:
    current = "import math\n\n" + SOURCE
    assert graded(line_of(current, "CACHE.update("), current) is LineGrade.RIGHT
    assert graded(1, current) is LineGrade.CHANGED


def test_a_culprit_that_was_edited_is_a_changed_line() -> None:
    current = SOURCE.replace("CACHE.update(", "OTHER.update(")
    assert graded(line_of(current, "OTHER"), current) is LineGrade.CHANGED


def test_a_compound_statement_is_not_one_line() -> None:
    truth = LineTruth(SOURCE, "case 2", "", Pattern.UNBOUNDED_BUFFER)
    named = line_of(SOURCE, "case 1")
    grade = grade_diagnosis(truth, ("program.py", named), truth.pattern, SOURCE)
    assert grade.line is LineGrade.SAME_FUNCTION


def test_a_decorator_belongs_to_its_function() -> None:
    truth = LineTruth(SOURCE, "forever=True", "", Pattern.UNBOUNDED_BUFFER)
    named = line_of(SOURCE, "return number")
    grade = grade_diagnosis(truth, ("program.py", named), truth.pattern, SOURCE)
    assert grade.line is LineGrade.SAME_FUNCTION


def test_an_innocent_program_has_no_such_line() -> None:
    truth = LineTruth(SOURCE, "", "", Pattern.NONE)
    grade = grade_diagnosis(truth, ("program.py", 1), Pattern.UNBOUNDED_BUFFER, SOURCE)
    assert grade.line is LineGrade.NO_LEAK
    assert not grade.is_right


def test_the_right_line_with_another_pattern_is_not_right() -> None:
    culprit = line_of(SOURCE, "CACHE.update(")
    grade = grade_diagnosis(TRUTH, ("program.py", culprit), Pattern.PROCESSED_DATA_KEPT, SOURCE)
    assert grade.line is LineGrade.RIGHT
    assert not grade.is_right


@pytest.mark.parametrize(("number", "original"), [(1, None), (2, 1), (3, 2), (4, None)])
def test_lines_are_followed_through_an_edit(number: int, original: int | None) -> None:
    assert original_line("a\nb\n", "x\na\nb\ny\n", number) == original


def test_a_text_without_a_line_is_an_error() -> None:
    with pytest.raises(ValueError, match="no line"):
        line_of("a\n", "b")
