"""`leaklab continuous`."""

import sys
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.cli import asv_checkout, options
from leaklab.cli.debug import debug
from leaklab.cli.documents import write_text
from leaklab.cli.param_types import Factor
from leaklab.features.commits import measure
from leaklab.features.commits.measure import CommitComparison
from leaklab.features.commits.selection import Selection, changed_between
from leaklab.model.errors import Exit, LabError, one_line
from leaklab.reports import Table, commits

FACTOR = 1.02


@click.command("continuous")
@click.argument("base")
@click.argument("head", default="HEAD")
@asv_checkout.name
@asv_checkout.everything
@click.option(
    "--factor",
    type=Factor(),
    default=FACTOR,
    show_default=True,
    metavar="X",
    help="A peak or a growth is worse if it is X times as large, or more.",
)
@asv_checkout.fresh
@click.option(
    "--markdown",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the tables to this file, too, for a pull request.",
)
@options.as_json
@debug
def command(
    base: str,
    head: str,
    names: tuple[str, ...],
    everything: bool,
    factor: float,
    fresh: bool,
    markdown: Path | None,
    as_json: bool,
) -> Exit:
    """Have asv measure two commits, and name what is worse on the second.

    Run it at the top of a checkout. Both commits are measured by this leaklab, so that only what
    they differ in can make a difference. Measured are the scenarios with 'bench = true', and those
    that are not the same in both commits; below the table it says which were left out.

    Worse is a peak or a growth that became X times as large or more, and a verdict that became
    'leak', of a variant that is not declared to leak.

    Exit code 0 nothing is worse; 1 something is; 3 something, or all, could not be measured or
    compared; 4 asv itself failed.
    """
    request = asv_checkout.CommitRequest(names, everything, fresh=fresh)
    try:
        found, selection = _compare(base, head, request, factor)
    except LabError as error:
        if markdown:
            write_text(markdown, f"**Not compared:** {one_line(str(error))}\n")
        raise
    tables = _tables(found, selection, base, head)
    if as_json:
        _write_json(found, selection)
    else:
        for table in tables:
            reports.print_table(table, sys.stdout)
    if markdown:
        write_text(markdown, "\n".join(map(reports.markdown, tables)))
    return found.exit


def _compare(
    base: str, head: str, request: asv_checkout.CommitRequest, factor: float
) -> tuple[CommitComparison, Selection]:
    checkout = asv_checkout.open_checkout(request.names)
    before, after = (checkout.repository.hash_of(name) for name in (base, head))
    changed = changed_between(checkout.repository, before, after)
    asv, selection = checkout.choose(request, changed)
    words = asv_checkout.only(request)
    return measure.compare_commits(asv, before, after, factor, *words), selection


def _tables(found: CommitComparison, selection: Selection, base: str, head: str) -> list[Table]:
    changes = commits.changes(found, base, head)
    summary = commits.change_counts(found, selection, base, head)
    return [*([changes] if changes.rows else []), summary]


def _write_json(found: CommitComparison, selection: Selection) -> None:
    rows = [
        {
            "metric": row.benchmark.metric,
            "label": row.benchmark.label,
            "base": row.base,
            "head": row.head,
            "ratio": row.ratio,
            "change": row.change,
            "asv": row.asv,
            "verdicts": row.verdicts or None,
        }
        for row in found.rows
    ]
    document = {
        "base": found.base.commit,
        "head": found.head.commit,
        "factor": found.factor,
        "figures": rows,
        "taken_in": selection.taken_in,
        "left_out": selection.left_out,
        "lacking": selection.lacking,
        "absent": {"base": found.base.tracked.absent, "head": found.head.tracked.absent},
        "unread": {"base": found.base.tracked.unread, "head": found.head.tracked.unread},
        "failed": {"base": found.base.tracked.failed, "head": found.head.tracked.failed},
    }
    sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
