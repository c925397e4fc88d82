"""`leaklab run`."""

import sys
from pathlib import Path

import click

from leaklab import reports
from leaklab.catalogue import open_catalogue
from leaklab.cli import options, progress
from leaklab.model import Limits, Mode, Variant

VARIANTS = [variant.value for variant in Variant]
MODES = [mode.value for mode in Mode]
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
) -> None:
    """Run scenarios, judge them, and save what was measured.

    Each variant runs in a process of its own; figures are of that process alone, its baseline
    taken off. A control has the one variant 'program'.
    """
    from leaklab.executor import ProcessExecutor, default_memory_limit
    from leaklab.runner import Request, plan, run
    from leaklab.store import Session, encode

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
    limits = Limits(memory_bytes=memory_limit or default_memory_limit(), time_seconds=time_limit)
    with ProcessExecutor(opened, limits) as executor, progress.choose() as listener:
        outcome = run(jobs, executor, session, listener, opened.root)
    if as_json:
        sys.stdout.write(encode(outcome.results).decode() + "\n")
    elif any(not result.ended.failed for result in outcome.results):
        from leaklab.reports import runs

        reports.write(runs.runs(outcome.results), sys.stdout)
        sys.stdout.write(f"saved in {session.folder}\n")
    sys.exit(outcome.exit)
