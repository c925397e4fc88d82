"""Opening a session: where it is saved, and the executor that makes its runs."""

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
    """What a session is to make: jobs of a catalogue, within limits, some at a time."""

    catalogue: Catalogue
    jobs: Sequence[Job]
    limits: Limits
    at_once: int = 1


@dataclass(frozen=True)
class OpenSession:
    """A session that is ready to run; its results go to `folder`."""

    work: SessionWork
    executor: ProcessExecutor
    session: Session

    @property
    def folder(self) -> Path:
        """Where its results are saved."""
        return self.session.folder

    def run(self, listener: Listener) -> Outcome:
        """Make the runs that the session does not hold yet.

        Raises:
            KeyboardInterrupt: Ctrl-C; the runs under way were cancelled and have ended.
        """
        jobs, root = self.work.jobs, self.work.catalogue.root
        return run_jobs(
            jobs, self.executor, self.session, listener, root, at_once=self.work.at_once
        )


def begin_resumable(work: SessionWork, results: Path) -> Session:
    """A new session with its plan beside its results, from which `--resume` goes on.

    Raises:
        BadInput: a limit under which the work could not begin.
        NotMeasured: the session's folder cannot be made.
    """
    require_sufficient_limits(work.limits, work.jobs)
    return begin_session(results, plan_of(work.jobs, work.limits, work.catalogue.root))


@contextmanager
def open_session(work: SessionWork, place: Session | Path | None) -> Iterator[OpenSession]:
    """Open a session; on leaving it, no process of it and no temporary file is left.

    Args:
        work: what it is to make.
        place: where results are saved: in a session that has begun, in a new one in a folder of
            sessions, or nowhere for longer than it is open.

    Raises:
        BadInput: a limit under which the work could not begin.
        NotMeasured: its folder cannot be made, or this platform cannot be measured on.
    """
    if not isinstance(place, Session):
        require_sufficient_limits(work.limits, work.jobs)
    session = begin_session(place) if isinstance(place, Path) else place
    executor = ProcessExecutor(work.catalogue, work.limits, slots=work.at_once)
    with executor, session or Session(executor.folder) as opened:
        yield OpenSession(work, executor, opened)
