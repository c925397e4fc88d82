"""`--resume`: a session that broke off, to go on with."""

from dataclasses import dataclass, field
from pathlib import Path

import click
from click.core import ParameterSource

from leaklab.catalogue.folders import open_catalogue
from leaklab.cli import streams
from leaklab.model.errors import BadInput, one_line
from leaklab.runs.environment import git_commit
from leaklab.runs.limits import require_sufficient_limits
from leaklab.runs.opening import SessionWork
from leaklab.runs.resume import jobs_of_plan, newest_session, read_plan, reopen_session
from leaklab.runs.sessions import Session

# The words that may stand beside --resume; all others are the plan's own.
BESIDE_RESUME = ("resume", "jobs", "results", "as_json", "processes", "catalogue", "debug")


@dataclass(frozen=True)
class ResumableWork:
    """A session that has begun, its work, and what to say below the table."""

    work: SessionWork
    session: Session
    notes: list[str] = field(default_factory=list)


def resumed(name: str, results: Path, root: Path | None, at_once: int) -> ResumableWork:
    """A session that is to go on; files that are none of its results are named on stderr, and so
    are sessions passed over because their plans cannot be read.

    Args:
        name: its folder; empty for the newest in `results` that is not complete.
        results: the folder of sessions.
        root: the catalogue that was asked for, if any.
        at_once: how many runs to make at a time.

    Raises:
        BadInput: there is none, its plan cannot be read or no longer fits the catalogue, or
            another catalogue was asked for.
    """
    folder, unreadable = (Path(name), []) if name else newest_session(results)
    for line in unreadable:
        streams.write_stderr(f"leaklab: passed over: {one_line(line)}\n")
    saved = read_plan(folder)
    catalogue = open_catalogue(Path(saved.catalogue))
    if root is not None and open_catalogue(root).root != catalogue.root:
        words = f"{folder} is of the catalogue {catalogue.root}, not of {root}"
        raise BadInput(f"{words}; leave --catalogue away")
    work = SessionWork(catalogue, jobs_of_plan(saved, catalogue), saved.limits, at_once)
    require_sufficient_limits(work.limits, work.jobs)
    session, strange = reopen_session(folder, saved)
    for line in strange:
        streams.write_stderr(f"leaklab: {one_line(line)}; it is left alone\n")
    if len(session.saved) == len(work.jobs):
        streams.write_stderr(f"leaklab: nothing to do: {folder} is complete\n")
    return ResumableWork(work, session, _other_commits(session, catalogue.root))


def require_no_other_options(context: click.Context) -> None:
    """Stop where --resume stands beside what only a new plan has.

    Raises:
        BadInput: naming it.
    """
    given = [
        parameter.opts[0] if isinstance(parameter, click.Option) else "names"
        for parameter in context.command.params
        if context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        and parameter.name not in BESIDE_RESUME
    ]
    if given:
        words = f"--resume goes on with the plan of its session: leave {', '.join(given)} away"
        raise BadInput(f"{words}, or run anew without --resume")


def _other_commits(session: Session, root: Path) -> list[str]:
    """A note, where results were made of another commit than the present one."""
    now = git_commit(root)
    others = {result.environment.git_commit for result in session.saved.values()} - {now}
    if not others:
        return []
    made = ", ".join(sorted(_short(commit) for commit in others))
    words = f"results of this session were made at another commit ({made}; now {_short(now)})"
    return [f"note: {words}, so their figures may differ for that; run anew to compare"]


def _short(commit: str | None) -> str:
    """The commit as people write it, with the mark of changes."""
    if commit is None:
        return "none"
    name, plus, mark = commit.partition("+")
    return name[:10] + plus + mark
