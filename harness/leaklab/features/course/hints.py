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
    text = re.sub(rf"leaklab run {name}\b", "leaklab learn measure", text)
    text = re.sub(rf"leaklab profile {name}\b", "leaklab learn profile", text)
    text = re.sub(rf"(?:scenarios/{name}/)?\b(?:buggy|fixed|program)\.py\b", "program.py", text)
    return re.sub(rf"\b{name}\b", "the program", text)
