"""`leaklab list`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.contradictions import MAX_LEVEL
from leaklab.catalogue.folders import open_catalogue
from leaklab.catalogue.truth import ground_truths
from leaklab.cli import options
from leaklab.model.scenario import Resource
from leaklab.reports.catalogue import catalogue as table_of


@click.command("list")
@click.option(
    "--level", type=click.IntRange(1, MAX_LEVEL), metavar="N", help="Only scenarios of this level."
)
@click.option(
    "--resource", type=click.Choice([r.value for r in Resource]), help="Only this resource."
)
@options.as_json
@options.common
def command(level: int | None, resource: str | None, catalogue: Path | None, as_json: bool) -> None:
    """List the scenarios; 'leaklab show NAME' shows one of them.

    Level 1 is the easiest hunt, level 5 the hardest. --json has what is known of each program, too:
    its growth, and the line that retains.
    """
    opened = open_catalogue(catalogue)
    scenarios = [
        scenario
        for scenario in opened.load_all()
        if level in (None, scenario.level) and resource in (None, scenario.resource)
    ]
    if as_json:
        listed = [
            {**msgspec.structs.asdict(s), "variants": ground_truths(opened, s)} for s in scenarios
        ]
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(listed)).decode() + "\n")
        return
    reports.print_table(table_of(scenarios), sys.stdout)
