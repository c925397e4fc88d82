"""Checks of a scenario.toml that involve more than the type of one key."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from leaklab.catalogue.options import is_finite
from leaklab.model.scenario import (
    BuggyTruth,
    ControlTruth,
    Criterion,
    FixedTruth,
    Mode,
    Option,
    Requires,
    Scope,
    Variant,
)
from leaklab.model.text import cut, cut_repr

# The largest number: a saved plan has 64 bits for it.
MAX_NUMBER = 2**63 - 1
MAX_LEVEL = 5

EXERCISE_NAME = re.compile(r"[a-z]+(_[a-z]+)*")

Rule = Callable[..., Iterator[str]]


def contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    """Check the keys of a scenario against each other and against their ranges.

    Args:
        values: The valid values of a scenario.toml by key, defaults included. A key with a mistake
            of its own is absent, and no rule that reads it is applied.

    Yields:
        One line for each contradiction: what is wrong, and what to write.
    """
    for keys, rule in CONTRADICTION_RULES:
        if all(key in values for key in keys):
            yield from rule(*(values[key] for key in keys))


def _variants(
    buggy: BuggyTruth | None, fixed: FixedTruth | None, program: ControlTruth | None
) -> Iterator[str]:
    is_pair = buggy is not None and fixed is not None
    if bool(program) == is_pair or bool(buggy) != bool(fixed):
        yield "the variants are unclear: give [buggy] and [fixed], or for a control [program] alone"


def _level(level: int) -> Iterator[str]:
    if not 1 <= level <= MAX_LEVEL:
        yield f"level is {cut_repr(level)}; give 1 (easy) to {MAX_LEVEL} (hard)"


def _units(units: int) -> Iterator[str]:
    if not 1 <= units <= MAX_NUMBER:
        yield f"units is {cut_repr(units)}; give at least 1 and at most {MAX_NUMBER}"


def _modes(modes: tuple[Mode, ...]) -> Iterator[str]:
    if not modes:
        yield 'modes is empty; name at least one, such as "inline"'
    if len(set(modes)) < len(modes):
        yield "modes has a mode twice; name each once"


def _scope(scope: Scope, modes: tuple[Mode, ...]) -> Iterator[str]:
    if modes and scope is Scope.TREE and set(modes) != {Mode.INLINE}:
        yield 'scope = "tree" runs inline only; write modes = ["inline"]'


def _criterion(judge: Criterion, min_ratio: float | None) -> Iterator[str]:
    if (judge is Criterion.PEAK) != (min_ratio is not None):
        yield 'judge = "peak" and min_ratio go together; give both or neither'
    if min_ratio is not None and not 1 < min_ratio < math.inf:
        yield f"min_ratio is {min_ratio}; give a number above 1"


def _line(key: str) -> Rule:
    def rule(text: str) -> Iterator[str]:
        """Yield the mistake of a text that has several lines or control characters."""
        if not text.isprintable():
            yield f"{key} is not one line of plain text; write it as one"

    return rule


def _options(options: Mapping[str, Option]) -> Iterator[str]:
    for name, value in options.items():
        if not is_finite(value):
            yield f"option {cut(name)!r} is {value}; give it a finite default"
        if isinstance(value, int) and abs(value) > MAX_NUMBER:
            yield f"option {cut(name)!r} is too large; give it at most {MAX_NUMBER}"


def _requires(requires: Requires) -> Iterator[str]:
    yield from _line("[requires] install")(requires.install)
    if requires.install and not requires.programs:
        yield "[requires] install is for programs; name them, or remove it"


def _exercise(exercise: str) -> Iterator[str]:
    if exercise and not EXERCISE_NAME.fullmatch(exercise):
        yield f"exercise is {cut_repr(exercise)}; give lower-case words joined by underscores"


def _exercise_variant(
    exercise: str, exercise_variant: Variant | None, program: ControlTruth | None
) -> Iterator[str]:
    if exercise_variant is None:
        return
    if not exercise:
        yield "exercise_variant is for an exercise; name the exercise, or remove it"
    if bool(program) != (exercise_variant is Variant.PROGRAM):
        has = "only a program" if program else "no program"
        yield f'exercise_variant is "{exercise_variant}", and the scenario has {has}; remove it'


CONTRADICTION_RULES: tuple[tuple[tuple[str, ...], Rule], ...] = (
    (("buggy", "fixed", "program"), _variants),
    (("level",), _level),
    (("units",), _units),
    (("modes",), _modes),
    (("scope", "modes"), _scope),
    (("judge", "min_ratio"), _criterion),
    (("title",), _line("title")),
    (("summary",), _line("summary")),
    (("unit",), _line("unit")),
    (("options",), _options),
    (("requires",), _requires),
    (("exercise",), _exercise),
    (("exercise", "exercise_variant", "program"), _exercise_variant),
)
