"""`leaklab compare`."""

import sys
from pathlib import Path

import click
import msgspec
from click.shell_completion import CompletionItem

from leaklab import reports
from leaklab.catalogue.folders import open_catalogue
from leaklab.cli import options
from leaklab.cli.plot_option import plot
from leaklab.cli.results_folder import default_results
from leaklab.model.errors import BadInput, Exit
from leaklab.model.result import Result
from leaklab.reports import runs
from leaklab.reports.drawing import Picture
from leaklab.reports.run_plot import save_comparison_plot
from leaklab.runs.store import RESULTS, find_results, parse_name
from leaklab.verdict.pairs import compare_results, judge_pair


class SavedResult(click.ParamType[str]):
    """A selector of a saved result; the shell completes it from the folder of results."""

    name = "result"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the selectors that begin with `incomplete`; without one, the shell offers files.

        A third part, the mode, is offered after the second slash.
        """
        del param
        folder = ctx.params.get("results") or default_results()
        parts = 3 if incomplete.count("/") > 1 else 2
        selectors = {"/".join(name[:parts]) for name in _saved(folder)}
        items = [CompletionItem(s) for s in sorted(selectors) if s.startswith(incomplete)]
        return items or [CompletionItem(incomplete, type="file")]


@click.command("compare")
@click.argument("a", type=SavedResult(), metavar="A")
@click.argument("b", type=SavedResult(), metavar="B")
@plot("both over units of work")
@options.results_folder
@options.as_json
@options.common
def command(
    a: str, b: str, picture: Picture | None, results: Path, catalogue: Path | None, as_json: bool
) -> Exit:
    """Compare two saved results, B against A.

    A and B are saved files, folders of a session with one result, or
    scenario/variant[/mode], which means the newest completed run of it.

    Exit code 1 if a pair that is judged by its peaks differs less than its
    scenario declares.
    """
    comparison = compare_results(_only(results, a), _only(results, b))
    opened = open_catalogue(catalogue)
    if comparison.a.scenario in opened.names():
        comparison = judge_pair(comparison, opened.load(comparison.a.scenario))
    if picture:
        save_comparison_plot(picture, comparison)
    if as_json:
        sys.stdout.write(msgspec.json.encode(comparison).decode() + "\n")
    else:
        reports.print_table(runs.comparison(comparison), sys.stdout)
        sys.stdout.write(f"drawn in {picture.path}\n" if picture else "")
    is_missed = comparison.pair and not comparison.pair.leak
    return Exit.DIFFERS if is_missed else Exit.AS_EXPECTED


def _only(results: Path, selector: str) -> Result:
    matching = find_results(results, selector)
    if len(matching) > 1:
        raise BadInput(f"{selector} contains {len(matching)} results; name one of its files")
    return matching[0]


def _saved(results: Path) -> list[tuple[str, str, str]]:
    """Return scenario, variant and mode of each saved file; none if the folder is unreadable."""
    try:
        names = [parse_name(path.name) for path in results.glob(f"*/{RESULTS}")]
    except OSError:
        return []
    return [(name.scenario, name.variant, name.mode) for name in names if name]
