"""`--resume`: continue a session that was interrupted."""

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

# The parameters allowed beside --resume; the plan of the session has all others.
BESIDE_RESUME = (
    *("resume", "jobs", "results", "catalogue", "debug"),
    *("plot", "theme", "as_json", "processes"),
)


@dataclass(frozen=True)
class ResumableWork:
    """A session that has begun, its work, and notes to print below the table."""

    work: SessionWork
    session: Session
    notes: list[str] = field(default_factory=list)


def resumed(name: str, results: Path, root: Path | None, at_once: int) -> ResumableWork:
    """Return a session to continue; stderr names foreign files and newer, unreadable plans.

    Args:
        name: The session's folder; empty for the newest incomplete one in `results`.
        results: The folder of sessions.
        root: The catalogue that the command line names, if any.
        at_once: How many runs to make at a time.

    Raises:
        BadInput: There is no such session, its plan is unreadable or no longer fits the catalogue,
            or the command line names another catalogue.
    """
    folder, unreadable = (Path(name), []) if name else newest_session(results)
    for line in unreadable:
        streams.write_stderr(f"leaklab: passed over: {one_line(line)}\n")
    saved = read_plan(folder)
    catalogue = open_catalogue(Path(saved.catalogue))
    if root is not None and open_catalogue(root).root != catalogue.root:
        what = f"{folder} belongs to the catalogue {catalogue.root}, not to {root}"
        raise BadInput(f"{what}; omit --catalogue")
    work = SessionWork(catalogue, jobs_of_plan(saved, catalogue), saved.limits, at_once)
    require_sufficient_limits(work.limits, work.jobs)
    session, strange = reopen_session(folder, saved)
    for line in strange:
        streams.write_stderr(f"leaklab: {one_line(line)}; it is left alone\n")
    if len(session.saved) == len(work.jobs):
        streams.write_stderr(f"leaklab: nothing to do: {folder} is complete\n")
    return ResumableWork(work, session, _other_commits(session, catalogue.root))


def require_no_other_options(context: click.Context) -> None:
    """Check that --resume is not combined with options of a new plan.

    Raises:
        BadInput: It is; the message names them.
    """
    given = [
        parameter.opts[0] if isinstance(parameter, click.Option) else "names"
        for parameter in context.command.params
        if context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        and parameter.name not in BESIDE_RESUME
    ]
    if given:
        what = f"--resume continues the plan of its session: omit {', '.join(given)}"
        raise BadInput(f"{what}, or start a new session without --resume")


def _other_commits(session: Session, root: Path) -> list[str]:
    """Return a note if results were measured at another commit than the current one."""
    now = git_commit(root)
    others = {result.environment.git_commit for result in session.saved.values()} - {now}
    if not others:
        return []
    made = ", ".join(sorted(_short(commit) for commit in others))
    what = f"this session has results of another commit ({made}; now {_short(now)})"
    return [f"note: {what}, so figures may differ; start a new session to compare them"]


def _short(commit: str | None) -> str:
    """Return the first digits of a commit, and its mark of uncommitted changes."""
    if commit is None:
        return "none"
    name, plus, mark = commit.partition("+")
    return name[:10] + plus + mark
