"""`leaklab compare`."""

import sys
from pathlib import Path

import click

from leaklab import reports
from leaklab.cli import options
from leaklab.errors import BadInput


@click.command("compare")
@click.argument("a")
@click.argument("b")
@options.results_folder
@options.as_json
@options.common
def command(a: str, b: str, results: Path, catalogue: Path | None, as_json: bool) -> None:
    """Compare two saved results, B against A.

    A and B are saved files, folders of a session that hold one result, or
    scenario/variant[/mode], which stands for its newest saved run.
    """
    del catalogue
    from leaklab.compare import compare
    from leaklab.record import Result
    from leaklab.store import find

    def only(selector: str) -> Result:
        found = find(results, selector)
        if len(found) > 1:
            raise BadInput(f"{selector} holds {len(found)} results; name one of its files")
        return found[0]

    found = compare(only(a), only(b))
    if as_json:
        import msgspec

        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    from leaklab.reports import runs

    reports.write(runs.comparison(found), sys.stdout)
