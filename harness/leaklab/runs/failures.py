"""The error that a failed run is reported with."""

from leaklab.model.errors import BadInput, LabError, NotMeasured
from leaklab.model.job import Job
from leaklab.model.measurement import EndReason, Measurement
from leaklab.model.result import Result

WHAT_FAILED = {
    EndReason.DIED: "the measured process died: ",
    EndReason.NOT_STARTED: "the measured process died: ",
    EndReason.WORKER_DIED: "a worker died: ",
}


def run_error(job: Job, measurement: Measurement | Result) -> LabError | None:
    """Return the error of a run that failed; None if it completed or was stopped at a limit.

    The error's note is the traceback of the scenario's code, or the end of the process's output.
    """
    if not measurement.end_reason.failed:
        return None
    if measurement.end_reason is EndReason.PROGRAM_FAILED:
        error: LabError = BadInput(f"{job.label}: {measurement.detail}")
    else:
        what = WHAT_FAILED.get(measurement.end_reason, "")
        # The detail has the last output of a service; that of the program is not about its death.
        is_service = measurement.end_reason is EndReason.SERVICE_DIED
        last = [] if is_service else measurement.output_tail.strip().splitlines()[-1:]
        last_line = f"; its last output: {last[0]}" if last else ""
        error = NotMeasured(f"{job.label}: {what}{measurement.detail}{last_line}")
    error.add_note(measurement.output_tail)
    return error
