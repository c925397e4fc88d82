"""What the answer of a profiler names, graded by the known origin of the leak; a pure function."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from leaklab.features.profilers.suspect import Suspect
from leaklab.features.quality.leak_origins import LeakOrigin, Place


class AnswerGrade(StrEnum):
    """What an answer names, the most useful first."""

    LINE_RETAINS = "the line that retains"
    OBJECT_RETAINS = "the object that retains"
    FUNCTION_RETAINS = "the function that retains"
    LINE_ALLOCATES = "the line that allocates"
    FUNCTION_ALLOCATES = "the function that allocates"
    LIBRARY = "a library that allocates"
    FILE = "the right file"
    TYPE = "the right type"
    GROWTH = "only that it grows"
    PARENT = "the parent, not the workers"
    WRONG = "wrong place"
    NOTHING = "nothing"

    @property
    def rank(self) -> int:
        """The number in the order; 0 is the most useful."""
        return list(AnswerGrade).index(self)


@dataclass(frozen=True)
class GradedAnswer:
    """The grade of the first suspect, and the best of the next ones.

    Attributes:
        first: The grade of the first suspect.
        better: The grade of the most useful of the next ones; None if the first is as useful.
        position: The position of that one, from 2; 0 if there is none.
    """

    first: AnswerGrade
    better: AnswerGrade | None = None
    position: int = 0


def grade_answers(suspects: Sequence[Suspect], origin: LeakOrigin) -> GradedAnswer:
    """Grade the suspects of a report, of which the first is the answer.

    Args:
        suspects: As many as a reader follows up, in the order of the report.
        origin: Where the memory comes from.
    """
    if not suspects:
        return GradedAnswer(AnswerGrade.NOTHING)
    grades = [grade_suspect(suspect, origin) for suspect in suspects]
    best = min(grades, key=lambda grade: grade.rank)
    if best is grades[0]:
        return GradedAnswer(best)
    return GradedAnswer(grades[0], best, grades.index(best) + 1)


def grade_suspect(suspect: Suspect, origin: LeakOrigin) -> AnswerGrade:
    """Return what one suspect names."""
    if suspect.path:
        return grade_of_place(suspect, origin)
    if suspect.type_name:
        return grade_of_type(suspect, origin)
    return AnswerGrade.GROWTH


def grade_of_place(suspect: Suspect, origin: LeakOrigin) -> AnswerGrade:
    """Return what a line or a function names."""
    if is_line(suspect, origin.retaining):
        return AnswerGrade.LINE_RETAINS
    if is_function(suspect, origin.retaining):
        return AnswerGrade.FUNCTION_RETAINS
    if any(is_line(suspect, place) for place in origin.allocating):
        return AnswerGrade.LINE_ALLOCATES
    if any(is_function(suspect, place) for place in origin.allocating):
        return AnswerGrade.FUNCTION_ALLOCATES
    if any(part in suspect.path for part in origin.libraries):
        return AnswerGrade.LIBRARY
    return AnswerGrade.FILE if suspect.path in origin.files else AnswerGrade.WRONG


def is_line(suspect: Suspect, place: Place) -> bool:
    """Return whether a suspect is that line."""
    return (suspect.path, suspect.line) == (place.path, place.line)


def is_function(suspect: Suspect, place: Place) -> bool:
    """Return whether a suspect without a line is the function of that line."""
    named = (suspect.path, suspect.function)
    return not suspect.line and named == (place.path, place.function)


def grade_of_type(suspect: Suspect, origin: LeakOrigin) -> AnswerGrade:
    """Return what a type names; one that is kept by the class of the retaining line is the best."""
    if origin.retaining.owner in map(bare_type, suspect.referrers):
        return AnswerGrade.OBJECT_RETAINS
    is_kept = bare_type(suspect.type_name) in origin.types
    return AnswerGrade.TYPE if is_kept else AnswerGrade.WRONG


def bare_type(name: str) -> str:
    """Return the name of a type without its module and the words of guppy3 around it."""
    return name.removeprefix("dict of ").partition(" (")[0].rpartition(".")[2]
