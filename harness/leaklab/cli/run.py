"""`leaklab run`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leaklab import reports
from leaklab.catalogue import open_catalogue
from leaklab.cli import options, progress
from leaklab.errors import Exit
from leaklab.model import Mode, Variant

if TYPE_CHECKING:
    from leaklab.record import Result

POSITIVE = click.IntRange(min=1)


@click.command("run")
@options.names
@click.option("--variant", type=click.Choice([v.value for v in Variant]), help="Only this variant.")
@click.option(
    "--mode", type=click.Choice([m.value for m in Mode]), default="inline", show_default=True
)
@click.option("--units", type=POSITIVE, help="Units of work a run.  [default: the scenario's]")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("-o", "changes", multiple=True, metavar="NAME=VALUE", help="Change an option.")
@click.option("--repeat", type=POSITIVE, default=1, show_default=True, help="Runs of each.")
@options.limits
@options.results_folder
@options.as_json
@options.common
def command(
    names: tuple[str, ...],
    variant: str | None,
    mode: str,
    units: int | None,
    seed: int,
    changes: tuple[str, ...],
    repeat: int,
    memory_limit: int | None,
    time_limit: float,
    results: Path,
    as_json: bool,
    catalogue: Path | None,
) -> Exit:
    """Run scenarios, judge them, and save what was measured.

    Each variant runs in a process of its own; figures are of that process alone, its baseline
    taken off. A control has the one variant 'program'.
    """
    from leaklab.executor import ProcessExecutor
    from leaklab.runner import Request, plan, run
    from leaklab.store import Session

    opened = open_catalogue(catalogue)
    request = Request(
        names=names,
        variant=Variant(variant) if variant else None,
        mode=Mode(mode),
        units=units,
        seed=seed,
        options=changes,
        repeat=repeat,
    )
    jobs = plan(opened, request)
    session = Session(results)
    limits = options.make_limits(memory_limit, time_limit)
    with ProcessExecutor(opened, limits) as executor, progress.choose() as listener:
        outcome = run(jobs, executor, session, listener, opened.root)
    (_show_json if as_json else _show)(outcome.results, session.folder)
    return outcome.exit


def _show(results: "list[Result]", folder: Path) -> None:
    if any(not result.ended.failed for result in results):
        from leaklab.reports import runs

        reports.write(runs.runs(results), sys.stdout)
        sys.stdout.write(f"saved in {folder}\n")


def _show_json(results: "list[Result]", _: Path) -> None:
    from leaklab.store import encode

    sys.stdout.write(encode(results).decode() + "\n")
