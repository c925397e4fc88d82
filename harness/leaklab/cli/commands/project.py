"""`leaklab project`."""

import sys
from pathlib import Path

import click
import msgspec
import psutil

from leaklab import reports
from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.plan import PlanRequest
from leaklab.cli import options, progress
from leaklab.cli.plot_option import plot
from leaklab.features.projection.project import (
    ProjectionTarget,
    Sizes,
    VariantProjection,
    plan_sizes,
    project_variants,
)
from leaklab.model.errors import Exit
from leaklab.model.job import Job, Limits
from leaklab.model.scenario import Variant
from leaklab.reports.drawing import Picture
from leaklab.reports.projection import projected
from leaklab.reports.projection_plot import save_projection_plot
from leaklab.runs.executor import ProcessExecutor
from leaklab.runs.limits import make_limits

# Fewer sizes cannot be fitted.
SIZES = click.IntRange(6, 64)
MAX_UNITS_OPTION = 10**18


@click.command("project")
@click.argument("name", type=options.ScenarioName())
@click.option(
    "--units",
    type=click.IntRange(1, MAX_UNITS_OPTION),
    required=True,
    metavar="N",
    help="The size to project to. It is not run, and is at least as large as those that are.",
)
@options.variant
@click.option(
    "--sizes", type=SIZES, metavar="N", default=8, show_default=True, help="How many sizes to run."
)
@click.option(
    "--largest",
    type=options.POSITIVE,
    metavar="UNITS",
    help="The largest size to run.  [default: 4 times the scenario's units]",
)
@options.forecast_limit("the machine's memory")
@options.seed
@options.option_changes
@options.limits
@plot("the measured peaks and the laws")
@options.as_json
@options.common
def command(
    name: str,
    units: int,
    variant: str | None,
    sizes: int,
    largest: int | None,
    forecast_limit: int | None,
    seed: int,
    changes: tuple[str, ...],
    memory_limit: int | None,
    time_limit: float,
    picture: Picture | None,
    as_json: bool,
    catalogue: Path | None,
) -> Exit:
    """Estimate the peak of a scenario at a size that is not run.

    Each variant runs inline at several sizes, and a law is fitted to its peaks: constant, bounded,
    logarithm, square root, linear, n·log n or quadratic. If a scenario's scope is the tree, the
    peak is that of all processes together. The law gives the peak at --units, and the units at
    which it reaches --forecast-limit. Both have a 95 % interval, which includes every law that the
    peaks do not rule out.

    No law accounts for growth that begins beyond the largest size; the interval is too narrow then.
    Raise --largest to get nearer.
    """
    opened = open_catalogue(catalogue)
    only = Variant(variant) if variant else None
    request = PlanRequest((name,), only, seed=seed, options=changes)
    plans = plan_sizes(opened, request, Sizes(sizes, largest), units)
    limits = make_limits(memory_limit, time_limit)
    target = ProjectionTarget(units, forecast_limit or _all_memory())
    projections = _project(opened, plans, limits, target)
    _show(projections, picture, as_json=as_json)
    return Exit.AS_EXPECTED


def _show(projections: list[VariantProjection], picture: Picture | None, *, as_json: bool) -> None:
    """Draw the picture last: an error with it takes no figures away."""
    if as_json:
        sys.stdout.write(msgspec.json.encode(projections).decode() + "\n")
    else:
        reports.print_table(projected(projections), sys.stdout)
    if picture:
        save_projection_plot(picture, projections)
        sys.stdout.write("" if as_json else f"drawn in {picture.path}\n")


def _project(
    catalogue: Catalogue, plans: list[list[Job]], limits: Limits, target: ProjectionTarget
) -> list[VariantProjection]:
    with ProcessExecutor(catalogue, limits) as executor, progress.open_progress() as listener:
        return [project_variants(jobs, executor, target, listener.show_step) for jobs in plans]


def _all_memory() -> int:
    return int(psutil.virtual_memory().total)
