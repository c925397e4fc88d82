"""`leaklab show`."""

import re
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from leaklab.catalogue.files import read_text_of
from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.lint import HINTS, unified_diff
from leaklab.cli import options
from leaklab.cli.pager import Page, Paging, page_width, show_page
from leaklab.model.scenario import Scenario
from leaklab.reports.wrapping import wrapped

SYMPTOM = re.compile(r"^## The symptom\n.*?(?=^## |\Z)", re.M | re.S)
# The first paragraph after the title; later ones explain the mistake.
STORY = re.compile(r"\A# [^\n]*\n+((?:[^#\n][^\n]*\n)+)")
# Fields of scenario.toml that give the solution away.
EXERCISE_KEYS = ("exercise", "exercise_variant", "exercise_hints")
SPOILERS = ("summary", "hints", "pattern", "sources", *EXERCISE_KEYS)
PROGRAM_SPOILERS = ("culprit", "allocation", "diff_reason")


@click.command("show")
@click.argument("name", type=options.ScenarioName())
@click.option(
    "--hint",
    type=click.IntRange(1, HINTS),
    metavar="N",
    help=f"Print the first N hints, of {HINTS}; each says more.",
)
@click.option("--solution", is_flag=True, help="Print the culprit, the diff and the whole lesson.")
@click.option("--no-pager", is_flag=True, help="Print a long page at once.")
@options.as_json
@options.common
def command(
    name: str,
    hint: int | None,
    solution: bool,
    no_pager: bool,
    catalogue: Path | None,
    as_json: bool,
) -> None:
    """Show a scenario: its story, its facts and the symptom.

    The page does not give the solution away. Search for the leak first; then ask for a hint, and
    in the end for the solution.

    On a terminal, a page that is longer than the screen opens in the program that
    PAGER names, or in less: q leaves it.
    """
    opened = open_catalogue(catalogue)
    scenario = opened.load(name)
    if as_json:
        document = _as_builtins(opened, scenario, hint, solution=solution)
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(document)).decode() + "\n")
        return
    page = Page(_hints(scenario, hint)) if hint else Page()
    if solution:
        page += _solution(opened, scenario)
    page = page if hint or solution else _introduction(opened, scenario)
    show_page(page, Paging.NEVER if no_pager else Paging.WHERE_LONG)


def _introduction(catalogue: Catalogue, scenario: Scenario) -> Page:
    """Return what a reader may know before the search."""
    facts = _facts({**_known(scenario), **_how_to_run(scenario)})
    next_steps = wrapped(
        f"'leaklab run {scenario.name}' measures it; 'leaklab show {scenario.name} --hint 1' "
        f"helps, and 'leaklab show {scenario.name} --solution' explains it.",
        page_width(),
    )
    lesson = _lesson(catalogue, scenario)
    story = _titled(scenario, _story(lesson) or scenario.summary)
    return Page([*story, "", *facts, "", *next_steps], lesson=_symptom(lesson))


def _solution(catalogue: Catalogue, scenario: Scenario) -> Page:
    culprit = scenario.buggy.culprit if scenario.buggy else "none: the program is a control"
    answers = {
        "culprit": culprit,
        "pattern": scenario.pattern,
        "known from": scenario.sources[0] if scenario.sources else "",
    }
    facts = _facts({**_known(scenario), **answers})
    lines = [*_titled(scenario, scenario.summary), "", *facts]
    diff = unified_diff(catalogue, scenario)
    return Page(lines, diff=diff, lesson=_lesson(catalogue, scenario))


def _hints(scenario: Scenario, count: int) -> list[str]:
    lines = []
    for number, hint in enumerate(scenario.hints[:count], 1):
        lines += textwrap.wrap(
            f"{number}. {hint}", page_width(), subsequent_indent="   ", break_on_hyphens=False
        )
    return lines or [f"{scenario.name} has no hints."]


def _titled(scenario: Scenario, text: str) -> list[str]:
    return [f"{scenario.name}: {scenario.title}", *textwrap.wrap(text, page_width())]


def _known(scenario: Scenario) -> dict[str, str]:
    growth = [f"{variant} {scenario.growth_of(variant)}" for variant in scenario.variants]
    return {"resource": scenario.resource, "growth": ", ".join(growth)}


def _how_to_run(scenario: Scenario) -> dict[str, str]:
    settings = [f"{name} = {value!r}" for name, value in scenario.options.items()]
    requires = scenario.requires
    needs = [*requires.programs, *requires.packages, *requires.service_packages]
    return {
        "a unit is": f"one {scenario.unit}; a verdict needs {scenario.units:,}",
        "modes": ", ".join(scenario.modes),
        "options": ", ".join(settings) or "none",
        "needs": ", ".join(needs) or "nothing",
    }


def _facts(facts: Mapping[str, str]) -> list[str]:
    lines = []
    for name, value in facts.items():
        lines += textwrap.wrap(f"{name:<12}{value}", page_width(), subsequent_indent=" " * 12)
    return lines


def _lesson(catalogue: Catalogue, scenario: Scenario) -> str:
    """Return the lesson, which a program of one's own may lack."""
    path = catalogue.folder(scenario.name) / "README.md"
    return read_text_of(path) if path.exists() or catalogue.is_builtin else ""


def _story(lesson: str) -> str:
    """Return the lesson's first paragraph, or nothing if it has none."""
    paragraph = STORY.match(lesson)
    return paragraph[1].replace("*", "") if paragraph else ""


def _symptom(lesson: str) -> str:
    """Return the lesson's section on the symptom, or nothing if it has none."""
    section = SYMPTOM.search(lesson)
    return section[0].rstrip() + "\n" if section else ""


def _as_builtins(
    catalogue: Catalogue, scenario: Scenario, hint: int | None, *, solution: bool
) -> dict[str, object]:
    """Return a scenario for JSON; without the options, without what gives the solution away."""
    document: dict[str, object] = msgspec.to_builtins(scenario)
    lesson = _lesson(catalogue, scenario)
    if solution:
        return {**document, "diff": unified_diff(catalogue, scenario), "lesson": lesson}
    for key, value in document.items():
        if isinstance(value, dict) and key in scenario.variants:
            document[key] = {k: v for k, v in value.items() if k not in PROGRAM_SPOILERS}
    shown = {key: value for key, value in document.items() if key not in SPOILERS}
    hints = {"hints": scenario.hints[:hint]} if hint else {}
    return {**shown, **hints, "story": _story(lesson), "symptom": _symptom(lesson)}
