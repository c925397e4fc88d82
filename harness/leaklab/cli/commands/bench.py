"""`leaklab bench`."""

import sys

import click

from leaklab import reports
from leaklab.cli import asv_checkout, options
from leaklab.cli.debug import debug
from leaklab.features.commits import measure
from leaklab.features.commits.selection import changed_by
from leaklab.model.errors import BadInput, Exit
from leaklab.reports import commits


@click.command("bench")
@options.names
@options.name_option
@click.option("--quick", is_flag=True, help="A smoke run: inline only, and no results are saved.")
@asv_checkout.everything
@asv_checkout.fresh
@debug
def command(
    names: tuple[str, ...],
    more_names: tuple[str, ...],
    quick: bool,
    everything: bool,
    fresh: bool,
) -> Exit:
    """Measure the current commit with asv, and show what each pair costs.

    Run it at the top of a checkout. Without a NAME it measures the scenarios with 'bench = true'
    and those that the commit changes; a line below the table names the others. Figures are saved
    in .asv/results, and a site of all figures in .asv/html. Uncommitted changes are not measured.

    Exit code 2 if the commit does not contain a NAME; 3 if a scenario, or all, could not be
    measured; 4 if asv failed.
    """
    if quick and everything:
        raise BadInput("--quick and --all exclude each other: omit one of them")
    names += more_names
    request = asv_checkout.CommitRequest(names, everything, "inline" if quick else "", fresh)
    checkout = asv_checkout.open_checkout(names)
    commit = checkout.repository.hash_of("HEAD")
    checkout.require_committed(names, commit)
    checkout.report_uncommitted()
    asv, selection = checkout.choose(request, changed_by(checkout.repository, commit))
    arguments = asv_checkout.only(request)
    if quick:
        measured = measure.measure_quickly(asv, commit, *arguments)
        reports.print_table(commits.pair_costs(measured, selection), sys.stdout)
        return measured.exit
    measured = measure.measure_commit(asv, commit, *arguments)
    measure.publish(asv)
    reports.print_table(commits.pair_costs(measured, selection), sys.stdout)
    sys.stdout.write("the site is in .asv/html; 'make preview' shows it\n")
    return measured.exit
