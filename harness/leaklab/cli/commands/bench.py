"""`leaklab bench`."""

import sys

import click

from leaklab import reports
from leaklab.cli import asv_checkout
from leaklab.cli.debug import debug
from leaklab.features.commits import measure
from leaklab.features.commits.selection import changed_by
from leaklab.model.errors import BadInput, Exit
from leaklab.reports import commits


@click.command("bench")
@asv_checkout.name
@click.option("--quick", is_flag=True, help="A smoke run: inline only, and no results are saved.")
@asv_checkout.everything
@asv_checkout.fresh
@debug
def command(names: tuple[str, ...], quick: bool, everything: bool, fresh: bool) -> Exit:
    """Have asv measure the current commit, and show what each pair costs.

    Run it at the top of a checkout. Measured are the scenarios with 'bench = true', and those that
    the commit changes; below the table it says which were left out. The figures go into
    .asv/results, a site of all that was ever measured into .asv/html. What is not committed is not
    measured.

    Exit code 3 where something, or all, could not be measured, 4 where asv itself failed.
    """
    if quick and everything:
        raise BadInput("--quick and --all contradict each other: leave one away")
    request = asv_checkout.CommitRequest(names, everything, "inline" if quick else "", fresh)
    checkout = asv_checkout.open_checkout(names)
    commit = checkout.repository.hash_of("HEAD")
    asv, selection = checkout.choose(request, changed_by(checkout.repository, commit))
    words = asv_checkout.only(request)
    if quick:
        measured = measure.measure_quickly(asv, commit, *words)
        reports.print_table(commits.pair_costs(measured, selection), sys.stdout)
        return measured.exit
    measured = measure.measure_commit(asv, commit, *words)
    measure.publish(asv)
    reports.print_table(commits.pair_costs(measured, selection), sys.stdout)
    sys.stdout.write("the site is in .asv/html; 'make preview' shows it\n")
    return measured.exit
