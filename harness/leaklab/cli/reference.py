"""The documents that are generated from the commands and the catalogue.

`make docs` writes them into the checkout. It is not a command of leaklab because only a checkout
has these documents. tests/test_docs.py fails if one of them is out of date.
"""

from pathlib import Path

import click

from leaklab.catalogue import checksums
from leaklab.catalogue.folders import builtin_root, open_catalogue
from leaklab.cli.main import COMMAND_PATHS, cli, load_command
from leaklab.model.scenario import Mode, Scenario
from leaklab.reports import Table, markdown

# click leaves two columns of a terminal unused.
PAGE_WIDTH = 80 - 2

PAGE_HEAD = """# The commands

The output of `--help` for every command, on a terminal of 80 columns. `make docs`
generates this page: change the command, not this text."""

CATALOGUE_HEAD = """# The catalogue

A pair is a leak with its fix: the variants `buggy` and `fixed`. A control is one program that does
not leak but looks as if it did. The name links to the lesson, which names the culprit.

`leaklab list` prints the same scenarios. `make docs` generates this page: change `scenario.toml`,
not this text.
"""


def commands() -> str:
    """Return docs/reference/commands.md: the help pages of leaklab and of all its commands."""
    lab = click.Context(cli, info_name="leaklab", terminal_width=PAGE_WIDTH, **cli.context_settings)
    pages = [lab, *(click.Context(load_command(p), lab, info_name=p) for p in COMMAND_PATHS)]
    texts = (f"## {page.command_path}\n\n```\n{page.get_help()}\n```" for page in pages)
    return "\n\n".join([PAGE_HEAD, *texts]) + "\n"


def catalogue_page() -> str:
    """Return docs/reference/catalogue.md: a table of leaklab's own scenarios."""
    columns = ("scenario", "what it is", "type", "resource", "level", "modes")
    scenarios = open_catalogue(None).load_all()
    table = Table(columns, [_row(scenario) for scenario in scenarios], right=frozenset({"level"}))
    lessons = [f"[{s.name}]: ../../scenarios/{s.name}/README.md\n" for s in scenarios]
    return "\n".join([CATALOGUE_HEAD, markdown(table), "".join(lessons)])


def _row(scenario: Scenario) -> tuple[str, ...]:
    name = f"[{scenario.name}]"
    pairing = "control" if scenario.program else "pair"
    modes = "all" if set(scenario.modes) == set(Mode) else ", ".join(scenario.modes)
    return name, scenario.title, pairing, str(scenario.resource), str(scenario.level), modes


def write_documents(root: Path) -> None:
    """Write both documents, and the checksums of the programs, of the checkout at `root`."""
    reference = root / "docs" / "reference"
    (reference / "commands.md").write_text(commands(), encoding="utf-8")
    (reference / "catalogue.md").write_text(catalogue_page(), encoding="utf-8")
    (root / "scenarios" / checksums.CHECKSUM_FILE).write_text(
        checksums.checksums_text(root), encoding="utf-8"
    )


if __name__ == "__main__":
    write_documents(builtin_root())
