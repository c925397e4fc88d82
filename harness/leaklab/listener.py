"""The core tells, the terminal listens: no `print` below the command line."""

from leaklab.errors import LabError
from leaklab.model import Job
from leaklab.record import Result


class Listener:
    """The moments of a session; the terminal listens. Every method does nothing here."""

    def run_started(self, job: Job, number: int, of: int) -> None:
        """Run `number` of `of` begins."""

    def progressed(self, job: Job, units_done: int) -> None:
        """So many units of the present run are done."""

    def judged(self, result: Result) -> None:
        """A run was measured, judged and saved."""

    def failed(self, job: Job, error: LabError) -> None:
        """A run could not be made, or broke off; the session goes on."""
