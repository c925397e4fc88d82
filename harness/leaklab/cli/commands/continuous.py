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
from leaklab.features.commits.measure import Comparison
from leaklab.model.errors import Exit, LabError, one_line
from leaklab.reports import Table, commits

FACTOR = 1.02


@click.command("continuous")
@click.argument("base")
@click.argument("head", default="HEAD")
@asv_checkout.name
@click.option(
    "--factor",
    type=Factor(),
    default=FACTOR,
    show_default=True,
    metavar="X",
    help="Worse is so many times as much, or more.",
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
    factor: float,
    fresh: bool,
    markdown: Path | None,
    as_json: bool,
) -> Exit:
    """Have asv measure two commits, and name what is worse on the second.

    Run it at the top of a checkout. Both commits are measured by this leaklab, so that only what
    they differ in can make a difference.

    Exit code 0 nothing is worse; 1 something is; 3 something could not be measured; 4 asv itself
    failed.
    """
    try:
        found = _compare(base, head, names, factor, fresh)
    except LabError as error:
        if markdown:
            write_text(markdown, f"**Not compared:** {one_line(str(error))}\n")
        raise
    tables = _tables(found, base, head)
    if as_json:
        _write_json(found)
    else:
        for table in tables:
            reports.write(table, sys.stdout)
    if markdown:
        write_text(markdown, "\n".join(map(reports.markdown, tables)))
    return found.exit


def _compare(
    base: str, head: str, names: tuple[str, ...], factor: float, fresh: bool
) -> Comparison:
    bench = asv_checkout.open_bench(names, {}, fresh=fresh)
    before, after = (bench.repository.hash_of(name) for name in (base, head))
    words = asv_checkout.selection(names)
    return measure.compare_commits(bench.asv, before, after, factor, *words)


def _tables(found: Comparison, base: str, head: str) -> list[Table]:
    changes = commits.changes(found, base, head)
    return [*([changes] if changes.rows else []), commits.summary(found, base, head)]


def _write_json(found: Comparison) -> None:
    rows = [
        {
            "metric": row.benchmark.metric,
            "label": row.benchmark.label,
            "base": row.base,
            "head": row.head,
            "ratio": row.ratio,
            "change": row.change,
            "asv": row.asv,
        }
        for row in found.rows
    ]
    document = {
        "base": found.base.commit,
        "head": found.head.commit,
        "factor": found.factor,
        "figures": rows,
        "absent": {"base": found.base.tracked.absent, "head": found.head.tracked.absent},
        "unread": {"base": found.base.tracked.unread, "head": found.head.tracked.unread},
        "failed": {"base": found.base.tracked.failed, "head": found.head.tracked.failed},
    }
    sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
