"""`leaklab compare`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.folders import open_catalogue
from leaklab.cli import options
from leaklab.model.errors import BadInput, Exit
from leaklab.model.result import Result
from leaklab.reports import runs
from leaklab.runs.store import find_results
from leaklab.verdict.pairs import compare_results, judge_pair


@click.command("compare")
@click.argument("a")
@click.argument("b")
@options.results_folder
@options.as_json
@options.common
def command(a: str, b: str, results: Path, catalogue: Path | None, as_json: bool) -> Exit:
    """Compare two saved results, B against A.

    A and B are saved files, folders of a session that hold one result, or
    scenario/variant[/mode], which stands for its newest completed run.

    Exit code 1 where a pair that is judged by its peaks lies nearer together
    than its scenario declares.
    """
    found = compare_results(_only(results, a), _only(results, b))
    opened = open_catalogue(catalogue)
    if found.a.scenario in opened.names():
        found = judge_pair(found, opened.load(found.a.scenario))
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        reports.print_table(runs.comparison(found), sys.stdout)
    return Exit.DIFFERS if found.pair and not found.pair.leak else Exit.AS_EXPECTED


def _only(results: Path, selector: str) -> Result:
    found = find_results(results, selector)
    if len(found) > 1:
        raise BadInput(f"{selector} holds {len(found)} results; name one of its files")
    return found[0]
