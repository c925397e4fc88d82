"""`leaklab history`."""

import sys

import click

from leaklab import reports
from leaklab.cli import asv_checkout, options
from leaklab.cli.debug import debug
from leaklab.features.commits import measure
from leaklab.model.errors import BadInput, Exit
from leaklab.reports import commits

COMMITS = 10
MOST_LINES = 8


@click.command("history")
@click.option(
    "-n",
    "--commits",
    "count",
    type=options.POSITIVE,
    default=COMMITS,
    show_default=True,
    metavar="N",
    help="How many commits.",
)
@debug
def command(count: int) -> Exit:
    """Have asv measure the last commits that touched what matters, and list regressions.

    That is scenarios, fixtures and the harness.

    Run it at the top of a checkout. What was measured before is not measured again. Regressions are
    what asv's step detection finds in all that was ever measured on this line of history.

    Exit code 1 where there are any, 3 where something could not be measured, 4 where asv itself
    failed.
    """
    bench = asv_checkout.open_bench((), {})
    hashes = bench.repository.newest(count)
    if not hashes:
        raise BadInput("no commit here touched scenarios, fixtures or harness: commit some first")
    failed = measure.measure_history(bench.asv, hashes)
    found = measure.publish(bench.asv)
    if found:
        reports.write(commits.regressions(found), sys.stdout)
    for line in failed[:MOST_LINES]:
        sys.stdout.write(f"{line}\n")
    words = f"{len(hashes)} commits, {len(found)} regressions, {len(failed)} failures"
    sys.stdout.write(f"{words}; the site is in .asv/html, 'make preview' shows it\n")
    if failed:
        return Exit.NOT_MEASURED
    return Exit.DIFFERS if found else Exit.AS_EXPECTED
