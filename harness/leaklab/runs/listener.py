"""The core tells, the terminal listens: no `print` below the command line."""

import threading

from leaklab.model.errors import LabError
from leaklab.model.job import Job
from leaklab.model.result import Result


class Listener:
    """The moments of a session; the terminal listens. Every method does nothing here.

    Several runs may be under way at a time; the runner tells one moment after the other.
    """

    def run_started(self, job: Job, number: int, of: int) -> None:
        """Run `number` of `of` begins."""

    def progressed(self, job: Job, units_done: int) -> None:
        """So many units of a run that is under way are done."""

    def judged(self, result: Result) -> None:
        """A run was measured, judged and saved."""

    def failed(self, job: Job, error: LabError) -> None:
        """A run could not be made, or broke off; the session goes on."""

    def run_ended(self, job: Job) -> None:
        """A run that had begun is over, however it went."""


class SerialListener(Listener):
    """Passes each moment on under a lock, so that the listener need not be safe with threads."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._lock = threading.Lock()

    def run_started(self, job: Job, number: int, of: int) -> None:
        """Pass it on."""
        with self._lock:
            self._listener.run_started(job, number, of)

    def progressed(self, job: Job, units_done: int) -> None:
        """Pass it on."""
        with self._lock:
            self._listener.progressed(job, units_done)

    def judged(self, result: Result) -> None:
        """Pass it on."""
        with self._lock:
            self._listener.judged(result)

    def failed(self, job: Job, error: LabError) -> None:
        """Pass it on."""
        with self._lock:
            self._listener.failed(job, error)

    def run_ended(self, job: Job) -> None:
        """Pass it on."""
        with self._lock:
            self._listener.run_ended(job)
