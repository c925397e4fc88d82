"""`leaklab list`."""

import sys
from pathlib import Path

import click

from leaklab import reports
from leaklab.catalogue import open_catalogue
from leaklab.cli import options


@click.command("list")
@options.as_json
@options.common
def command(catalogue: Path | None, as_json: bool) -> None:
    """List the scenarios."""
    scenarios = open_catalogue(catalogue).load_all()
    if as_json:
        import msgspec

        sys.stdout.write(msgspec.json.format(msgspec.json.encode(scenarios)).decode() + "\n")
        return
    from leaklab.reports import listing

    reports.write(listing.catalogue(scenarios), sys.stdout)
