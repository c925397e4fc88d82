"""`leaklab history`."""

import sys

import click

from leaklab import reports
from leaklab.cli import asv_checkout, options
from leaklab.cli.debug import debug
from leaklab.features.commits import measure
from leaklab.model.errors import BadInput, Exit
from leaklab.reports import commit_notes, commits

COMMITS = 10
MAX_LINES = 8


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

    That is scenarios, fixtures and the harness. Measured are the scenarios with 'bench = true'.

    Run it at the top of a checkout. What was measured before is not measured again. Regressions are
    what asv's step detection finds in all that was ever measured on this line of history.

    Exit code 1 where there are any, 3 where something, or all, could not be measured, 4 where asv
    itself failed.
    """
    checkout = asv_checkout.open_checkout()
    hashes = checkout.repository.newest(count)
    if not hashes:
        raise BadInput("no commit here touched scenarios, fixtures or harness: commit some first")
    asv, selection = checkout.choose(asv_checkout.CommitRequest(), changed=())
    history = measure.measure_history(asv, hashes)
    found = measure.publish(asv)
    if found:
        reports.print_table(commits.regressions(found), sys.stdout)
    for line in [*history.failed[:MAX_LINES], *commit_notes.of_history(history, selection)]:
        sys.stdout.write(f"{line}\n")
    words = f"{len(hashes)} commits, {len(found)} regressions, {len(history.failed)} failures"
    sys.stdout.write(f"{words}; the site is in .asv/html, 'make preview' shows it\n")
    if history.exit is not Exit.AS_EXPECTED:
        return history.exit
    return Exit.DIFFERS if found else Exit.AS_EXPECTED
