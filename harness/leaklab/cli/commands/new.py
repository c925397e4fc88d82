"""`leaklab new`."""

import sys
from pathlib import Path

import click

from leaklab.catalogue.blanks import blanks_of
from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.lint import NAME_PATTERN
from leaklab.catalogue.skeleton import control_files, pair_files, write_scenario
from leaklab.cli import options
from leaklab.model.errors import BadInput


@click.command("new")
@click.argument("name")
@click.option("--control", is_flag=True, help="One program that does not leak, instead of a pair.")
@options.common
def command(name: str, control: bool, catalogue: Path | None) -> None:
    """Make the folder of a new scenario, with blanks to fill in.

    Its programs are a small example that works. 'leaklab check NAME' names the blanks that are
    left, and checks the scenario when there are none. Exit code 2 if the folder exists.
    """
    opened = open_catalogue(catalogue)
    _require_valid(opened, name)
    folder = opened.folder(name)
    write_scenario(folder, control_files(name) if control else pair_files(name))
    where = "" if opened.is_builtin else f" --catalogue {opened.root}"
    sys.stdout.write(
        f"{folder} has {len(blanks_of(folder))} blanks to fill in; "
        f"'leaklab check {name}{where}' names those that are left\n"
    )


def _require_valid(catalogue: Catalogue, name: str) -> None:
    """Check that a scenario of this name can be made here.

    Raises:
        BadInput: The name is not valid, or the catalogue is that of an installed leaklab.
    """
    if not NAME_PATTERN.fullmatch(name):
        raise BadInput(
            f"{name!r} is not a scenario's name: give lower-case letters, digits and underscores, "
            "a letter first"
        )
    if catalogue.is_builtin and not (catalogue.root / "harness").is_dir():
        raise BadInput(
            f"{catalogue.root} is the catalogue of an installed leaklab: name a catalogue of your "
            "own with --catalogue DIR"
        )
