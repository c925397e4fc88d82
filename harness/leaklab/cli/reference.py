"""What documents say of the commands and the catalogue, made from these themselves.

`make docs` writes it into the checkout that it is installed from; a command
of the lab it is not, for nobody else has these documents. tests/test_docs.py fails where one of
them is out of date.
"""

from pathlib import Path

import click

from leaklab.catalogue import checksums
from leaklab.catalogue.folders import builtin_root, open_catalogue
from leaklab.cli.documents import with_section
from leaklab.cli.main import COMMANDS, cli, load_command
from leaklab.model.scenario import Mode, Scenario
from leaklab.reports import Table, markdown

# click leaves two columns of a terminal free.
PAGE_WIDTH = 80 - 2

PAGE_HEAD = """# The commands

What every command says to `--help` on a terminal of 80 columns. Made by
`make docs`: change the command, not this text."""


def commands() -> str:
    """docs/commands.md: the help pages of the lab and of all its commands."""
    lab = click.Context(cli, info_name="leaklab", terminal_width=PAGE_WIDTH, **cli.context_settings)
    pages = [lab, *(click.Context(load_command(name), lab, info_name=name) for name in COMMANDS)]
    texts = (f"## {page.command_path}\n\n```\n{page.get_help()}\n```" for page in pages)
    return "\n\n".join([PAGE_HEAD, *texts]) + "\n"


def with_catalogue(document: str) -> str:
    """README.md with the table of the lab's own catalogue as it is now."""
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
    """Write both documents of the checkout at `root`, and the checksums of its programs."""
    readme = root / "README.md"
    (root / "docs" / "commands.md").write_text(commands(), encoding="utf-8")
    (root / "scenarios" / checksums.CHECKSUM_FILE).write_text(
        checksums.checksums_text(root), encoding="utf-8"
    )
    readme.write_text(with_catalogue(readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write_documents(builtin_root())
