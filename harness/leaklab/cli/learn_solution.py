"""The solution of an exercise: the line, the difference to the reference, and the lesson."""

from leaklab.catalogue.files import read_text_of
from leaklab.catalogue.lint import unified_diff
from leaklab.cli.learn import Hunt
from leaklab.cli.pager import Page
from leaklab.features.course.diagnosis import line_of
from leaklab.model.errors import BadInput


def solution_page(hunt: Hunt) -> Page:
    """Return the page that is shown when an exercise is over.

    Raises:
        BadInput: The workspace is a hand-out.
    """
    exercise = hunt.exercise
    if not exercise.is_graded:
        raise BadInput("a hand-out has no solutions: whoever handed it out has them")
    lesson = read_text_of(exercise.folder / "README.md")
    lines = [f"{exercise.name} is the scenario {exercise.scenario.name}."]
    truth = exercise.truth
    if not truth.culprit:
        return Page([*lines, "It does not leak."], lesson=lesson)
    number = line_of(truth.source, truth.culprit)
    lines += [f"program.py:{number} retains: {truth.culprit}", f"pattern: {truth.pattern}"]
    return Page(lines, diff=unified_diff(hunt.catalogue, exercise.scenario), lesson=lesson)
