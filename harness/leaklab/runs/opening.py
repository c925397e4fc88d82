"""Opening a session: where it is saved, and the executor that makes its runs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from leaklab.catalogue.folders import Catalogue
from leaklab.model.job import Job, Limits
from leaklab.runs.executor import ProcessExecutor
from leaklab.runs.limits import refuse_too_low
from leaklab.runs.listener import Listener
from leaklab.runs.runner import Outcome, run
from leaklab.runs.sessions import Session, begin, plan_of


@dataclass(frozen=True)
class Work:
    """What a session is to make: jobs of a catalogue, within limits, some at a time."""

    catalogue: Catalogue
    jobs: Sequence[Job]
    limits: Limits
    at_once: int = 1


@dataclass(frozen=True)
class OpenSession:
    """A session that is ready to run; its results go to `folder`."""

    work: Work
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
        return run(jobs, self.executor, self.session, listener, root, at_once=self.work.at_once)


def begin_resumable(work: Work, results: Path) -> Session:
    """A new session with its plan beside its results, from which `--resume` goes on.

    Raises:
        BadInput: a limit under which the work could not begin.
        NotMeasured: the session's folder cannot be made.
    """
    refuse_too_low(work.limits, work.jobs)
    return begin(results, plan_of(work.jobs, work.limits, work.catalogue.root))


@contextmanager
def open_session(work: Work, place: Session | Path | None) -> Iterator[OpenSession]:
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
        refuse_too_low(work.limits, work.jobs)
    session = begin(place) if isinstance(place, Path) else place
    executor = ProcessExecutor(work.catalogue, work.limits, slots=work.at_once)
    with executor, session or Session(executor.folder) as opened:
        yield OpenSession(work, executor, opened)
