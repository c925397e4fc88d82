"""`leaklab list`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.folders import open_catalogue
from leaklab.cli import options
from leaklab.reports.catalogue import catalogue as table_of


@click.command("list")
@options.as_json
@options.common
def command(catalogue: Path | None, as_json: bool) -> None:
    """List the scenarios; 'leaklab show NAME' shows one of them."""
    scenarios = open_catalogue(catalogue).load_all()
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(scenarios)).decode() + "\n")
        return
    reports.print_table(table_of(scenarios), sys.stdout)
