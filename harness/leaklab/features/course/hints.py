"""The hints of an exercise, in the words of the course."""

import re

from leaklab.features.course.exercises import Exercise


def hints_of(exercise: Exercise) -> list[str]:
    """Return the hints of an exercise with its own commands, and without the scenario's name."""
    scenario = exercise.scenario
    hints = scenario.exercise_hints or scenario.hints
    return [in_words_of_course(hint, scenario.name) for hint in hints]


def in_words_of_course(text: str, scenario: str) -> str:
    """Replace commands about a scenario, and its files, by those of the course."""
    name = re.escape(scenario)
    text = re.sub(rf"`leaklab (?:run|profile) {name}\b([^`]*)`", _course_command, text)
    text = re.sub(r"`(--with [^`]+)`", r"`leaklab learn profile \1`", text)
    text = text.replace("`tree.replaced`", "the table of replaced processes")
    text = re.sub(rf"(?:scenarios/{name}/)?\b(?:buggy|fixed|program)\.py\b", "program.py", text)
    return re.sub(rf"(?:scenarios/)?\b{name}\b", "the program", text)


def _course_command(match: re.Match[str]) -> str:
    """Return the command of the course that shows the same.

    A profile without a profiler shows the kernel's figures, as `learn measure` does.
    """
    arguments = re.sub(r"^/\w+|\s--variant[ =]\w+|\s--json\b", "", match[1])
    profiles = "--with" in arguments or "--hold" in arguments
    command = "profile" if profiles else "measure"
    return f"`leaklab learn {command}{arguments}`"
