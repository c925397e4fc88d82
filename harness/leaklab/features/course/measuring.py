"""Measuring a staged program without a verdict: the figures of a hunt's first steps."""

from leaklab.catalogue.plan import require_installed
from leaklab.features.course.staging import Stage, workers_of
from leaklab.model.job import Job, Limits
from leaklab.model.result import Result
from leaklab.model.scenario import Mode
from leaklab.runs.environment import describe_environment
from leaklab.runs.executor import ProcessExecutor
from leaklab.runs.failures import run_error
from leaklab.runs.listener import Listener
from leaklab.verdict.run import to_result

SEED = 1
# The smaller runs of `simplified` do one part of the work.
SMALLER_PARTS = (4, 16)


def measured(
    stage: Stage, mode: Mode, units: int | None, limits: Limits, listener: Listener
) -> Result:
    """Run a staged program.

    Args:
        stage: The program.
        mode: How it is executed.
        units: The units of all processes; None for as many as a verdict needs.
        limits: The limits of the run.
        listener: Receives the progress.

    Raises:
        LabError: The run failed; the message has the learner's path.
    """
    units = units or stage.scenario.units * workers_of(mode)
    return _run(stage, stage.job(mode, units, SEED), limits, listener)


def simplified(stage: Stage, limits: Limits, listener: Listener) -> list[Result]:
    """Run a staged program in a pool, in one process, and with less work each time."""
    units = stage.scenario.units
    pools = [mode for mode in stage.scenario.modes if mode.is_pool][:1]
    runs = [(mode, units * workers_of(mode)) for mode in pools]
    runs += [
        (Mode.INLINE, units),
        *((Mode.INLINE, max(units // part, 8)) for part in SMALLER_PARTS),
    ]
    return [_run(stage, stage.job(mode, n, SEED), limits, listener) for mode, n in runs]


def _run(stage: Stage, job: Job, limits: Limits, listener: Listener) -> Result:
    require_installed(job)
    listener.run_started(job, 1, 1)
    try:
        with ProcessExecutor(stage.catalogue, limits) as executor:
            measurement = executor.execute(job, lambda done: listener.progressed(job, done))
    finally:
        listener.run_ended(job)
    result = to_result(job, measurement, describe_environment(stage.catalogue.root))
    if error := run_error(job, result):
        raise type(error)(stage.presentable(str(error)))
    return result
