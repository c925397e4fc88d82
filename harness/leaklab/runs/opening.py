"""Opening a session: the folder that its results go to, and the executor that makes its runs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from leaklab.catalogue.folders import Catalogue
from leaklab.model.job import Job, Limits
from leaklab.runs.executor import ProcessExecutor
from leaklab.runs.limits import require_sufficient_limits
from leaklab.runs.listener import Listener
from leaklab.runs.runner import Outcome, run_jobs
from leaklab.runs.sessions import Session, begin_session, plan_of


@dataclass(frozen=True)
class SessionWork:
    """The work of a session: jobs of a catalogue, their limits, and how many run at a time."""

    catalogue: Catalogue
    jobs: Sequence[Job]
    limits: Limits
    at_once: int = 1


@dataclass(frozen=True)
class OpenSession:
    """A session that is ready to run."""

    work: SessionWork
    executor: ProcessExecutor
    session: Session

    @property
    def folder(self) -> Path:
        """The folder that the results are saved in."""
        return self.session.folder

    def run(self, listener: Listener) -> Outcome:
        """Make the runs that have no saved result yet, and return the outcome of all.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed. The runs under way were cancelled and have ended.
        """
        jobs, root = self.work.jobs, self.work.catalogue.root
        return run_jobs(
            jobs, self.executor, self.session, listener, root, at_once=self.work.at_once
        )


def begin_resumable(work: SessionWork, results: Path) -> Session:
    """Begin a session in the folder `results`, with a saved plan that `--resume` continues.

    Raises:
        BadInput: The limits are too low for the work.
        NotMeasured: The session's folder cannot be made.
    """
    require_sufficient_limits(work.limits, work.jobs)
    return begin_session(results, plan_of(work.jobs, work.limits, work.catalogue.root))


@contextmanager
def open_session(work: SessionWork, place: Session | Path | None) -> Iterator[OpenSession]:
    """Open a session; on exit, none of its processes and temporary files is left.

    Args:
        work: The runs to make.
        place: A session that has begun, or a folder in which a new session is begun; None saves
            the results in a temporary folder.

    Raises:
        BadInput: The limits are too low for the work.
        NotMeasured: The session's folder cannot be made, or this platform is not supported.
    """
    if not isinstance(place, Session):
        require_sufficient_limits(work.limits, work.jobs)
    session = begin_session(place) if isinstance(place, Path) else place
    executor = ProcessExecutor(
        work.catalogue, work.limits, slots=min(work.at_once, max(len(work.jobs), 1))
    )
    with executor, session or Session(executor.folder) as opened:
        yield OpenSession(work, executor, opened)
