"""The documents that are generated from the commands and the catalogue.

`make docs` writes them into the checkout. It is not a command of leaklab because only a checkout
has these documents. tests/test_docs.py fails if one of them is out of date.
"""

from pathlib import Path

import click

from leaklab.catalogue import checksums
from leaklab.catalogue.folders import builtin_root, open_catalogue
from leaklab.cli.documents import with_section
from leaklab.cli.main import COMMAND_PATHS, cli, load_command
from leaklab.model.scenario import Mode, Scenario
from leaklab.reports import Table, markdown

# click leaves two columns of a terminal unused.
PAGE_WIDTH = 80 - 2

PAGE_HEAD = """# The commands

The output of `--help` for every command, on a terminal of 80 columns. `make docs`
generates this page: change the command, not this text."""


def commands() -> str:
    """Return docs/commands.md: the help pages of leaklab and of all its commands."""
    lab = click.Context(cli, info_name="leaklab", terminal_width=PAGE_WIDTH, **cli.context_settings)
    pages = [lab, *(click.Context(load_command(p), lab, info_name=p) for p in COMMAND_PATHS)]
    texts = (f"## {page.command_path}\n\n```\n{page.get_help()}\n```" for page in pages)
    return "\n\n".join([PAGE_HEAD, *texts]) + "\n"


def with_catalogue(document: str) -> str:
    """Return README.md with the current table of leaklab's own catalogue."""
    columns = ("scenario", "what it is", "kind", "resource", "level", "modes")
    rows = [_row(scenario) for scenario in open_catalogue(None).load_all()]
    return with_section(
        document, "catalogue", markdown(Table(columns, rows, right=frozenset({"level"})))
    )


def _row(scenario: Scenario) -> tuple[str, ...]:
    lesson = f"[{scenario.name}](scenarios/{scenario.name}/README.md)"
    kind = "control" if scenario.program else "pair"
    modes = "all" if set(scenario.modes) == set(Mode) else ", ".join(scenario.modes)
    return lesson, scenario.title, kind, str(scenario.resource), str(scenario.level), modes


def write_documents(root: Path) -> None:
    """Write the documents and the checksums of the checkout at `root`."""
    readme = root / "README.md"
    (root / "docs" / "commands.md").write_text(commands(), encoding="utf-8")
    (root / "scenarios" / checksums.CHECKSUM_FILE).write_text(
        checksums.sums_of(root), encoding="utf-8"
    )
    readme.write_text(with_catalogue(readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write_documents(builtin_root())
