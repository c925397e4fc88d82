"""The hints of exercises: commands of the course, and no names of scenarios."""

import re

import pytest

from leaklab.catalogue.folders import open_catalogue
from leaklab.cli.main import LEARN_SECTIONS, load_command
from leaklab.features.course.exercises import Exercise, exercises_of
from leaklab.features.course.hints import hints_of, in_words_of_course

EXERCISES = exercises_of(open_catalogue(None))
COMMANDS = {name for section in LEARN_SECTIONS.values() for name in section}
CALL = re.compile(r"`leaklab ([^`]*)`")


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        ("Run `leaklab run toy`.", "Run `leaklab learn measure`."),
        ("`leaklab run toy --units N` twice", "`leaklab learn measure --units N` twice"),
        ("`leaklab run toy/buggy --json`", "`leaklab learn measure`"),
        ("`leaklab profile toy --units 9`", "`leaklab learn measure --units 9`"),
        (
            "`leaklab profile toy --variant buggy --with memray`",
            "`leaklab learn profile --with memray`",
        ),
        (
            "`leaklab profile toy --hold`, and `lsof -p PID`",
            "`leaklab learn profile --hold`, and `lsof -p PID`",
        ),
        ("see scenarios/toy/buggy.py:12", "see program.py:12"),
        (
            "see buggy.py of toy, not of the toyshop",
            "see program.py of the program, not of the toyshop",
        ),
    ],
)
def test_a_hint_has_the_commands_and_files_of_the_course(hint: str, expected: str) -> None:
    assert expected == in_words_of_course(hint, "toy")


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
def test_no_hint_names_the_scenario_or_its_files(exercise: Exercise) -> None:
    text = "\n".join(hints_of(exercise))
    assert exercise.scenario.name not in text
    assert not re.findall(r"scenarios/|buggy|fixed\.py|--variant|--json", text)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
def test_each_command_of_a_hint_is_one_of_the_course_with_its_options(exercise: Exercise) -> None:
    for call in CALL.findall("\n".join(hints_of(exercise))):
        learn, name, *rest = call.split()
        assert (learn, name in COMMANDS) == ("learn", True), call
        known = {o for p in load_command(f"learn {name}").params for o in p.opts}
        assert {word for word in rest if word.startswith("-")} <= known, call


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if e.leaks], ids=lambda e: e.name)
def test_no_hint_has_a_line_of_the_fix(exercise: Exercise) -> None:
    before = {line.strip() for line in exercise.program.splitlines()}
    added = {line.strip() for line in exercise.reference.splitlines()} - before
    text = "\n".join(hints_of(exercise))
    assert [line for line in added if len(line) > 12 and line in text] == []
