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
@click.option(
    "--name",
    "names",
    type=options.ScenarioName(),
    multiple=True,
    help="Only this scenario; may be given several times.",
)
@asv_checkout.everything
@click.option(
    "--factor",
    type=Factor(),
    default=FACTOR,
    show_default=True,
    metavar="X",
    help="A peak or a growth is worse if it is at least X times as large.",
)
@asv_checkout.fresh
@options.write("--markdown")
@options.as_json
@debug
def command(
    base: str,
    head: str,
    names: tuple[str, ...],
    everything: bool,
    factor: float,
    fresh: bool,
    write: Path | None,
    as_json: bool,
) -> Exit:
    """Measure two commits with asv, and show what is worse on the second.

    Run it at the top of a checkout. This leaklab measures both commits, so a difference comes from
    the commits alone. It measures the scenarios with 'bench = true' and those that the commits
    change; a line below the table names the others.

    Worse means: a peak or a growth is at least X times as large, or the verdict became 'leak' for a
    variant that is not declared to leak.

    Exit code 0 if nothing is worse; 1 if something is; 2 if neither commit contains a scenario that
    --name names; 3 if a scenario, or all, could not be measured or compared; 4 if asv failed.
    """
    request = asv_checkout.CommitRequest(names, everything, fresh=fresh)
    try:
        comparison, selection = _compare(base, head, request, factor)
    except LabError as error:
        if write:
            write_text(write, f"**Not compared:** {one_line(str(error))}\n")
        raise
    tables = _tables(comparison, selection, base, head)
    if as_json:
        _write_json(comparison, selection)
    else:
        for table in tables:
            reports.print_table(table, sys.stdout)
    if write:
        write_text(write, "\n".join(map(reports.markdown, tables)))
    return comparison.exit


def _compare(
    base: str, head: str, request: asv_checkout.CommitRequest, factor: float
) -> tuple[CommitComparison, Selection]:
    checkout = asv_checkout.open_checkout(request.names)
    before, after = (checkout.repository.hash_of(name) for name in (base, head))
    checkout.require_committed(request.names, before, after)
    checkout.report_uncommitted()
    changed = changed_between(checkout.repository, before, after)
    asv, selection = checkout.choose(request, changed)
    arguments = asv_checkout.only(request)
    return measure.compare_commits(asv, before, after, factor, *arguments), selection


def _tables(
    comparison: CommitComparison, selection: Selection, base: str, head: str
) -> list[Table]:
    changes = commits.changes(comparison, base, head)
    summary = commits.change_counts(comparison, selection, base, head)
    return [*([changes] if changes.rows else []), summary]


def _write_json(comparison: CommitComparison, selection: Selection) -> None:
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
        for row in comparison.rows
    ]
    document = {
        "base": comparison.base.commit,
        "head": comparison.head.commit,
        "factor": comparison.factor,
        "figures": rows,
        "included": selection.included,
        "left_out": selection.left_out,
        "lacking": selection.lacking,
        "absent": {"base": comparison.base.tracked.absent, "head": comparison.head.tracked.absent},
        "unread": {"base": comparison.base.tracked.unread, "head": comparison.head.tracked.unread},
        "failed": {"base": comparison.base.tracked.failed, "head": comparison.head.tracked.failed},
    }
    sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
