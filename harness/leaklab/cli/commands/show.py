"""`leaklab show`."""

import sys
import textwrap
from pathlib import Path

import click
import msgspec

from leaklab.catalogue.files import read_text_of
from leaklab.catalogue.folders import open_catalogue
from leaklab.catalogue.lint import unified_diff
from leaklab.cli import options
from leaklab.model.scenario import Scenario

PLAIN_WIDTH = 79
DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


@click.command("show")
@click.argument("name", type=options.ScenarioName())
@options.as_json
@options.common
def command(name: str, catalogue: Path | None, as_json: bool) -> None:
    """Show a scenario: its story, what is known of it, the diff and the lesson."""
    opened = open_catalogue(catalogue)
    scenario = opened.load(name)
    lesson = read_text_of(opened.folder(name) / "README.md")
    diff = unified_diff(opened, scenario)
    if as_json:
        whole = {**msgspec.to_builtins(scenario), "diff": diff, "lesson": lesson}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(whole)).decode() + "\n")
    elif sys.stdout.isatty():
        _on_terminal(scenario, diff, lesson)
    else:
        sys.stdout.write("\n".join([*_facts(scenario), "", diff, lesson]))


def _facts(scenario: Scenario) -> list[str]:
    options_ = [f"{name} = {value!r}" for name, value in scenario.options.items()]
    truth = [f"{v} {scenario.growth_of(v)}" for v in scenario.variants]
    facts = {
        "pattern": scenario.pattern,
        "resource": scenario.resource,
        "growth": ", ".join(truth),
        "culprit": scenario.buggy.culprit if scenario.buggy else "none: a control",
        "a unit is": f"one {scenario.unit}; a verdict needs {scenario.units:,}",
        "modes": ", ".join(scenario.modes),
        "options": ", ".join(options_) or "none",
        "needs": ", ".join([*scenario.requires.programs, *scenario.requires.packages]) or "nothing",
        "known from": scenario.sources[0] if scenario.sources else "",
    }
    lines = [
        f"{scenario.name}: {scenario.title}",
        *textwrap.wrap(scenario.summary, PLAIN_WIDTH),
        "",
    ]
    for name, value in facts.items():
        lines += textwrap.wrap(f"{name:<12}{value}", PLAIN_WIDTH, subsequent_indent=" " * 12)
    return lines


def _on_terminal(scenario: Scenario, diff: str, lesson: str) -> None:
    from rich.console import Console  # noqa: PLC0415  (a pipe does not pay for rich)
    from rich.markdown import Markdown  # noqa: PLC0415

    console = Console(highlight=False)
    for line in _facts(scenario):
        console.print(line, markup=False)
    console.print()
    for line in diff.splitlines():
        console.print(line, markup=False, style=DIFF_STYLES.get(line[:1]), soft_wrap=True)
    console.print(Markdown(lesson))
