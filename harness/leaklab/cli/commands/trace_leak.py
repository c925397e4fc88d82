"""`leaklab selftest trace-leak`."""

import sys
from pathlib import Path

import click

from leaklab import reports
from leaklab.catalogue.folders import builtin_root
from leaklab.cli import options
from leaklab.cli.debug import debug
from leaklab.cli.documents import PERFORMANCE_TITLE, open_document, provenance
from leaklab.cli.measurements import MeasuredSection, write_section
from leaklab.cli.param_types import Seconds
from leaklab.features.quality.trace_cost import KEPT_ORDERS, QUICK_KEPT_ORDERS, measure_trace_costs
from leaklab.model.errors import Exit
from leaklab.reports.trace_cost import trace_cost_conclusion, trace_cost_table

VISIT_SECONDS = 12.0
QUICK_VISIT_SECONDS = 1.5
TRACE_ROUNDS = 3


@click.command("trace-leak")
@click.option(
    "--for",
    "seconds",
    type=Seconds(),
    metavar="TIME",
    help="How long requests are sent in each round.  [default: 12s, or 1.5s with --quick]",
)
@options.repeat(TRACE_ROUNDS, text="Rounds without and with each trace.")
@click.option("--quick", is_flag=True, help="A smoke run: one round of a small service.")
@options.write()
@debug
def command(seconds: float | None, repeat: int, quick: bool, write: Path | None) -> Exit:
    """Measure what trace_leak costs a service.

    A tornado service answers 10 requests a second, first without a trace, then
    with tracebacks of 1 frame and of 25. The table says how long the requests
    waited, between snapshots and while one was made, and what CPU time and memory
    the service took. It needs tornado ('leaklab[scenarios]').

    --write replaces this command's section of the file, and keeps the rest.
    """
    document = open_document(write, PERFORMANCE_TITLE) if write else ""
    lasting = seconds or (QUICK_VISIT_SECONDS if quick else VISIT_SECONDS)
    rounds, orders = (1, QUICK_KEPT_ORDERS) if quick else (repeat, KEPT_ORDERS)
    costs = measure_trace_costs(lasting, rounds, orders)
    table = trace_cost_table(costs)
    reports.print_table(table, sys.stdout)
    if write:
        arguments = (" --quick" if quick else f" --repeat {rounds}") + f" --for {lasting:g}s"
        line = provenance(f"leaklab selftest trace-leak{arguments}", builtin_root())
        parts = (trace_cost_conclusion(costs), line, reports.markdown(table))
        write_section(write, document, MeasuredSection("trace-leak", "trace_leak", *parts))
    return Exit.AS_EXPECTED
