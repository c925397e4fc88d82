"""`leaklab bench`."""

import sys

import click

from leaklab import reports
from leaklab.cli import asv_checkout
from leaklab.cli.debug import debug
from leaklab.features.commits import measure
from leaklab.model.errors import BadInput, Exit
from leaklab.reports import commits


@click.command("bench")
@asv_checkout.name
@click.option("--quick", is_flag=True, help="A smoke run: inline only, and no results are saved.")
@click.option("--all", "everything", is_flag=True, help="Scenarios without 'bench = true', too.")
@asv_checkout.fresh
@debug
def command(names: tuple[str, ...], quick: bool, everything: bool, fresh: bool) -> Exit:
    """Have asv measure the current commit, and show what each pair costs.

    Run it at the top of a checkout. The figures go into .asv/results, a site of all that was ever
    measured into .asv/html. What is not committed is not measured.

    Exit code 3 where something could not be measured, 4 where asv itself failed.
    """
    if quick and everything:
        raise BadInput("--quick and --all contradict each other: leave one away")
    environment = {"LEAKLAB_MODES": "inline"} if quick else {}
    environment |= {"LEAKLAB_BENCH": "all"} if everything else {}
    bench = asv_checkout.open_bench(names, environment, fresh=fresh)
    words = asv_checkout.selection(names, "inline" if quick else "")
    commit = bench.repository.hash_of("HEAD")
    if quick:
        measured = measure.smoke(bench.asv, commit, *words)
        reports.write(commits.costs(measured), sys.stdout)
        return measured.exit
    measured = measure.measure(bench.asv, commit, *words)
    measure.publish(bench.asv)
    reports.write(commits.costs(measured), sys.stdout)
    sys.stdout.write("the site is in .asv/html; 'make preview' shows it\n")
    return measured.exit
