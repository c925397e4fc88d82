"""`leaklab run`."""

import sys
from dataclasses import replace
from pathlib import Path

import click

from leaklab import reports
from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.interpreters import find_interpreter
from leaklab.catalogue.plan import DEFAULT_BUDGET_SECONDS, PlanRequest, plan
from leaklab.cli import options, progress
from leaklab.cli.param_types import Seconds, format_seconds
from leaklab.cli.plot_option import plot
from leaklab.cli.resume import ResumableWork, require_no_other_options, resumed
from leaklab.model.errors import Exit
from leaklab.model.job import Limits
from leaklab.model.scenario import Variant
from leaklab.reports.drawing import Picture
from leaklab.reports.run_plot import MAX_PANELS, save_run_plot
from leaklab.reports.runs import Detail, runs
from leaklab.runs.limits import make_limits
from leaklab.runs.opening import SessionWork, begin_resumable, open_session
from leaklab.runs.runner import Outcome
from leaklab.runs.store import encode_result

EXIT_CODES = (
    "Exit codes: 0 as known; 1 not as known; of a program of unknown behaviour 0 clean, 1 a leak, "
    "3 undecided; 2 bad input; 3 could not measure; 130 interrupted."
)


@click.command("run", epilog=EXIT_CODES)
@options.names
@options.variant
@options.workers
@options.mode("inline")
@click.option(
    "--units",
    type=options.POSITIVE,
    metavar="N",
    help="Exactly this many units of work, divided among a pool's workers.  [default: the "
    "scenario's for each worker, then more until the verdict is certain]",
)
@click.option(
    "--budget",
    type=Seconds(),
    default=DEFAULT_BUDGET_SECONDS,
    metavar="TIME",
    help="CPU time that a run may use to make its verdict certain.  "
    f"[default: {format_seconds(DEFAULT_BUDGET_SECONDS)}]",
)
@options.seed
@options.option_changes
@options.repeat(1)
@click.option(
    "--python",
    metavar="PATH",
    help="Run the programs with this interpreter, CPython 3.8 or newer.  [default: leaklab's own]",
)
@options.at_once
@click.option(
    "--resume",
    is_flag=False,
    flag_value="",
    metavar="[=DIR]",
    help="Continue the interrupted session in DIR, by default the newest incomplete one.",
)
@options.limits
@options.count_limits
@options.results_folder
@plot(f"the runs over units of work, at most {MAX_PANELS} scenarios and modes,")
@options.as_json
@click.option("--processes", is_flag=True, help="Show the processes of each run, too.")
@options.common
@click.pass_context
def command(
    context: click.Context,
    names: tuple[str, ...],
    variant: str | None,
    mode: tuple[str, ...],
    workers: int | None,
    units: int | None,
    budget: float,
    seed: int,
    changes: tuple[str, ...],
    repeat: int,
    python: str | None,
    jobs: int,
    resume: str | None,
    memory_limit: int | None,
    time_limit: float,
    process_limit: int,
    descriptor_limit: int,
    results: Path,
    picture: Picture | None,
    as_json: bool,
    processes: bool,
    catalogue: Path | None,
) -> Exit:
    """Run scenarios, judge them, and save what was measured.

    Without NAME, all scenarios of the catalogue run, one after the other. Each variant runs in a
    process of its own, or in a pool of workers. The figures are those of these processes, without
    their baselines. A control has one variant, 'program'.
    """
    limits = make_limits(memory_limit, time_limit, process_limit, descriptor_limit, jobs)
    if resume is None:
        request = PlanRequest(
            names=names,
            variant=Variant(variant) if variant else None,
            modes=options.make_modes(mode),
            workers=workers,
            units=units,
            seed=seed,
            options=changes,
            repeat=repeat,
            budget_seconds=budget,
            python=None if python is None else find_interpreter(python),
        )
        begun = _begin(open_catalogue(catalogue), request, limits, jobs, results)
    else:
        require_no_other_options(context)
        begun = resumed(resume, results, catalogue, jobs)
    with open_session(begun.work, begun.session) as session, progress.open_progress() as listener:
        outcome = session.run(listener)
    _show(outcome, begun, Detail.PROCESSES if processes else Detail.RUNS, as_json=as_json)
    _draw(outcome, picture, as_json=as_json)
    return outcome.exit


def _begin(
    catalogue: Catalogue, request: PlanRequest, limits: Limits, at_once: int, results: Path
) -> ResumableWork:
    work = SessionWork(catalogue, plan(catalogue, request), limits, at_once)
    return ResumableWork(work, begin_resumable(work, results))


def _show(outcome: Outcome, begun: ResumableWork, detail: Detail, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(encode_result(outcome.results).decode() + "\n")
    elif any(not result.end_reason.failed for result in outcome.results):
        table = runs(outcome.results, detail)
        reports.print_table(replace(table, notes=[*table.notes, *begun.notes]), sys.stdout)
        sys.stdout.write(f"saved in {begun.session.folder}\n")


def _draw(outcome: Outcome, picture: Picture | None, *, as_json: bool) -> None:
    """Draw the runs, after the table: an error with the picture takes no figures away."""
    if picture and any(not result.end_reason.failed for result in outcome.results):
        line = save_run_plot(picture, outcome.results)
        sys.stdout.write("" if as_json else f"{line}\n")
