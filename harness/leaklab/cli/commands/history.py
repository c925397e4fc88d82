"""`leaklab history`."""

import sys

import click

from leaklab import reports
from leaklab.cli import asv_checkout, options
from leaklab.cli.debug import debug
from leaklab.features.commits import measure
from leaklab.model.errors import BadInput, Exit
from leaklab.model.text import counted
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
    help="How many commits to measure.",
)
@debug
def command(count: int) -> Exit:
    """Measure the last commits with asv, and list regressions.

    Run it at the top of a checkout. It measures the scenarios with 'bench = true' on the last
    commits that changed scenarios, fixtures or the harness; figures of earlier measurements are
    reused. Regressions are the steps that asv detects in all figures of this line of history.

    Exit code 1 if there is a regression; 3 if a scenario, or all, could not be measured; 4 if asv
    failed.
    """
    checkout = asv_checkout.open_checkout()
    hashes = checkout.repository.newest(count)
    if not hashes:
        raise BadInput("no commit changes scenarios, fixtures or harness: commit some first")
    checkout.report_uncommitted()
    asv, selection = checkout.choose(asv_checkout.CommitRequest(), changed=())
    history = measure.measure_history(asv, hashes)
    regressions = measure.publish(asv)
    if regressions:
        reports.print_table(commits.regressions(regressions), sys.stdout)
    for line in [*history.failed[:MAX_LINES], *commit_notes.of_history(history, selection)]:
        sys.stdout.write(f"{line}\n")
    counts = (("commit", hashes), ("regression", regressions), ("failure", history.failed))
    summary = ", ".join(counted(len(items), noun) for noun, items in counts)
    sys.stdout.write(f"{summary}; the site is in .asv/html, 'make preview' shows it\n")
    if history.exit is not Exit.AS_EXPECTED:
        return history.exit
    return Exit.DIFFERS if regressions else Exit.AS_EXPECTED
