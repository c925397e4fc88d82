"""Grading a diagnosis: the line that retains, and the pattern of the mistake."""

import ast
import difflib
from dataclasses import dataclass
from enum import StrEnum

from leaklab.model.scenario import Pattern

PROGRAM_FILE = "program.py"


class LineGrade(StrEnum):
    """How near a line is to the one that retains."""

    RIGHT = "right"
    ALLOCATES = "allocates"
    SAME_FUNCTION = "same-function"
    SAME_CLASS = "same-class"
    ELSEWHERE = "elsewhere"
    CHANGED = "changed"
    NO_LEAK = "no-leak"


@dataclass(frozen=True)
class LineTruth:
    """The known truth about a program.

    Attributes:
        source: The program as it was handed out.
        culprit: Text that only the line that retains has; empty if the program has no leak.
        allocation: The other file that allocates the memory; empty if there is none.
        pattern: The pattern of the mistake.
    """

    source: str
    culprit: str
    allocation: str
    pattern: Pattern


@dataclass(frozen=True)
class GradedDiagnosis:
    """A graded diagnosis."""

    line: LineGrade
    pattern_is_right: bool

    @property
    def is_right(self) -> bool:
        """Whether the line and the pattern are right."""
        return self.line is LineGrade.RIGHT and self.pattern_is_right


def grade_diagnosis(
    truth: LineTruth, place: tuple[str, int], pattern: Pattern, current: str
) -> GradedDiagnosis:
    """Grade a diagnosis.

    Args:
        truth: The truth about the program.
        place: The name of a file and the number of a line, from 1.
        pattern: The pattern that the learner names.
        current: The learner's program, which may have been changed since it was handed out.
    """
    return GradedDiagnosis(_grade_line(truth, place, current), pattern is truth.pattern)


def original_line(original: str, current: str, number: int) -> int | None:
    """Return the number that a line of the current text had in the original; None if it is new."""
    before, after = original.splitlines(), current.splitlines()
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for block in matcher.get_matching_blocks():
        if block.b < number <= block.b + block.size:
            return block.a + number - block.b
    return None


def line_of(source: str, text: str) -> int:
    """Return the number of the line that contains a text.

    Raises:
        ValueError: No line contains it.
    """
    for number, line in enumerate(source.splitlines(), 1):
        if text in line:
            return number
    raise ValueError(f"no line contains {text!r}")


def _grade_line(truth: LineTruth, place: tuple[str, int], current: str) -> LineGrade:
    if not truth.culprit:
        return LineGrade.NO_LEAK
    file, number = place
    if truth.allocation and file == truth.allocation.rpartition("/")[2]:
        return LineGrade.ALLOCATES
    if file != PROGRAM_FILE:
        return LineGrade.ELSEWHERE
    original = original_line(truth.source, current, number)
    return LineGrade.CHANGED if original is None else _nearness(truth, original)


def _nearness(truth: LineTruth, number: int) -> LineGrade:
    """Return how near a line of the original is to the one that retains."""
    culprit = line_of(truth.source, truth.culprit)
    if number == culprit or _same_statement(truth.source, number, culprit):
        return LineGrade.RIGHT
    named, retaining = _owners(truth.source, number), _owners(truth.source, culprit)
    if named["function"] and named["function"] == retaining["function"]:
        return LineGrade.SAME_FUNCTION
    if named["class"] and named["class"] == retaining["class"]:
        return LineGrade.SAME_CLASS
    return LineGrade.ELSEWHERE


def _same_statement(source: str, first: int, second: int) -> bool:
    """Return whether two lines belong to one simple statement that has several lines."""
    return any(
        node.lineno <= min(first, second) and max(first, second) <= (node.end_lineno or 0)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt) and not hasattr(node, "body") and not hasattr(node, "cases")
    )


def _owners(source: str, number: int) -> dict[str, int]:
    """Return the first line of the innermost function and class around a line; 0 for none."""
    owners = {"function": 0, "class": 0}
    kinds = {ast.FunctionDef: "function", ast.AsyncFunctionDef: "function", ast.ClassDef: "class"}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            kind = kinds[type(node)]
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first <= number <= (node.end_lineno or 0):
                owners[kind] = max(owners[kind], node.lineno)
    return owners
