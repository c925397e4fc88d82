"""Sessions: the folder into which one command saves its results, with its plan.

    results/20261121-074226-1234/plan.json
    results/20261121-074226-1234/word_index.buggy.inline.1.json

The name of a session's folder is its start (UTC) and the pid of the harness, so that folders sort
by their start. If the clock was set back, or a folder of that name exists, the start is set to one
second after the last one. So the newest session always sorts last, and a name that is taken never
prevents a start. While a session runs, its folder is locked, and no other process saves into it.
"""

import contextlib
import fcntl
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from leaklab import __version__
from leaklab.model.errors import NotMeasured, NotSaved
from leaklab.model.job import Job, Limits
from leaklab.model.result import Result
from leaklab.model.scenario import Mode, Option, Variant
from leaklab.runs import store

PLAN = "plan.json"
PLAN_SCHEMA = 3

_STAMP = "%Y%m%d-%H%M%S"
_FOLDER = re.compile(r"([0-9]{8}-[0-9]{6})-[0-9]+")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

AtLeastOne = Annotated[int, Meta(ge=1)]


class PlannedRun(Struct, frozen=True, kw_only=True):
    """A job as it is saved, with the scenario's name instead of the scenario."""

    scenario: str
    variant: Variant
    mode: Mode
    workers: AtLeastOne
    units: AtLeastOne
    seed: int
    options: dict[str, Option]
    repeat: AtLeastOne
    budget_seconds: Annotated[float, Meta(gt=0)] | None = None
    python: str | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """The planned runs of a session.

    `catalogue` is the root folder of its scenarios, `leaklab` the version that made the plan.

    Schema history (a reader refuses a newer schema than it knows): 1 the first; 2 with the budgets
    of runs without a fixed length; 3 with the interpreter if that is not the lab's own.
    """

    schema: int = PLAN_SCHEMA
    leaklab: str = __version__
    catalogue: str
    limits: Limits
    runs: list[PlannedRun]

    def __post_init__(self) -> None:
        """Check that every limit is positive.

        Raises:
            ValueError: A limit is zero or less; the message names it.
        """
        for name, limit in msgspec.structs.asdict(self.limits).items():
            if limit <= 0:
                raise ValueError(f"a limit of {limit} ({name}) lets nothing run")


@dataclass(frozen=True)
class Session:
    """The folder into which runs are saved.

    `saved` are the results that it had when it was opened, by their place in the plan. The session
    is a context manager that releases the lock on the folder.
    """

    folder: Path
    saved: dict[int, Result] = field(default_factory=dict)
    lock: int | None = None

    def save(self, result: Result) -> Path:
        """Save one result atomically and return its path. Only one thread at a time may call this.

        Raises:
            NotSaved: The result could not be written; earlier results are unchanged.
        """
        try:
            return store.save(self.folder, result)
        except OSError as error:
            problem = f"{self.folder / store.result_name(result).text} could not be saved"
            advice = "free disk space, or choose another folder with --results"
            raise NotSaved(f"{problem}: {error.strerror}; {advice}") from error

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        if self.lock is not None:
            os.close(self.lock)


def plan_of(jobs: Sequence[Job], limits: Limits, root: Path) -> Plan:
    """Make the plan to save for jobs of the catalogue at `root`."""
    runs = [
        PlannedRun(
            scenario=job.scenario.name,
            variant=job.variant,
            mode=job.mode,
            workers=job.workers,
            units=job.units,
            seed=job.seed,
            options=dict(job.options),
            repeat=job.repeat,
            budget_seconds=job.budget_seconds,
            python=job.python,
        )
        for job in jobs
    ]
    return Plan(catalogue=str(root), limits=limits, runs=runs)


def begin_session(results: Path, plan: Plan | None = None) -> Session:
    """Make and lock a session's folder, before any work, so that an unwritable place fails early.

    Args:
        results: The folder of sessions.
        plan: The plan that `--resume` continues; None if the session cannot be resumed.

    Raises:
        NotMeasured: The folder cannot be made.
    """
    try:
        folder = _new_folder(results)
        lock = lock_folder(folder)
        if plan:
            text = msgspec.json.format(msgspec.json.encode(plan), indent=1)
            store.write_result(folder / PLAN, text)
    except OSError as error:
        raise NotMeasured(
            f"results cannot be saved in {results}: {error.strerror}; "
            "choose another folder with --results"
        ) from error
    return Session(folder, lock=lock)


def lock_folder(folder: Path) -> int:
    """Lock a folder and return the descriptor of the lock, which ends with the process at latest.

    Raises:
        BlockingIOError: Another process has locked the folder.
        OSError: The folder cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:  # the file system has no locks; go on without one
        pass
    return descriptor


def _new_folder(results: Path) -> Path:
    """Make a folder with a name that sorts after those of all existing sessions."""
    results.mkdir(parents=True, exist_ok=True)
    last = max((_start_of(path.name) for path in results.iterdir()), default=_LONG_AGO)
    start = max(datetime.now(UTC), last + timedelta(seconds=1))
    while True:
        folder = results / f"{start.strftime(_STAMP)}-{os.getpid()}"
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder
        start += timedelta(seconds=1)


def _start_of(name: str) -> datetime:
    """Return when a session of this name began; `_LONG_AGO` if it is not the name of a session."""
    match = _FOLDER.fullmatch(name)
    try:
        start = datetime.strptime(f"{match[1]}+0000", f"{_STAMP}%z") if match else _LONG_AGO
    except ValueError:
        return _LONG_AGO
    return start if start.year < MAXYEAR else _LONG_AGO
