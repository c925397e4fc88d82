"""The interface by which a session reports its progress; only the command line prints."""

import threading

from leaklab.model.errors import LabError
from leaklab.model.job import Job
from leaklab.model.result import Result


class Listener:
    """Receives the events of a session. Every method of this base class does nothing.

    Several runs may be under way at a time; the runner reports one event after the other.
    """

    def run_started(self, job: Job, number: int, of: int) -> None:
        """Run `number` of `of` begins."""

    def progressed(self, job: Job, units_done: int) -> None:
        """A run that is under way has done `units_done` units."""

    def judged(self, result: Result) -> None:
        """A run was measured, judged and saved."""

    def failed(self, job: Job, error: LabError) -> None:
        """A run could not be made, or failed; the session goes on."""

    def run_ended(self, job: Job) -> None:
        """A run that had begun is over, whether it succeeded or failed."""


class SerialListener(Listener):
    """Passes each event on under a lock, so that the listener need not be thread-safe."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._lock = threading.Lock()

    def run_started(self, job: Job, number: int, of: int) -> None:
        """Pass the event on."""
        with self._lock:
            self._listener.run_started(job, number, of)

    def progressed(self, job: Job, units_done: int) -> None:
        """Pass the event on."""
        with self._lock:
            self._listener.progressed(job, units_done)

    def judged(self, result: Result) -> None:
        """Pass the event on."""
        with self._lock:
            self._listener.judged(result)

    def failed(self, job: Job, error: LabError) -> None:
        """Pass the event on."""
        with self._lock:
            self._listener.failed(job, error)

    def run_ended(self, job: Job) -> None:
        """Pass the event on."""
        with self._lock:
            self._listener.run_ended(job)
