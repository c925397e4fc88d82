"""Sessions: the folder into which one command saves, with its plan.

    results/20261121-074226-1234/plan.json
    results/20261121-074226-1234/word_index.buggy.inline.1.json

A session's folder is named by its start (UTC) and the harness's pid, and the folders sort by their
start. Where the clock was set back, or a folder of that name is there, the start is taken to be a
second after that of the last one: so the newest session always sorts last, and a name that is
taken never fails a start. While a session is made its folder is locked, and nobody else saves into
it.
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
    """A job as it is saved: its scenario by name."""

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
    """What a session is to make; `catalogue` is the root folder of its scenarios, `leaklab` the
    version that planned.

    Schema history (a reader refuses what is newer than it knows): 1 the first; 2 with the budgets
    of runs whose length is not fixed; 3 with the interpreter, where that is not the lab's own.
    """

    schema: int = PLAN_SCHEMA
    leaklab: str = __version__
    catalogue: str
    limits: Limits
    runs: list[PlannedRun]

    def __post_init__(self) -> None:
        """Refuse a plan under whose limits nothing could run.

        Raises:
            ValueError: naming the limit.
        """
        for name, most in msgspec.structs.asdict(self.limits).items():
            if most <= 0:
                raise ValueError(f"a limit of {most} ({name}) lets nothing run")


@dataclass(frozen=True)
class Session:
    """The folder into which runs are saved, and what it held before, by place in the plan.

    A context manager: the folder is locked until it is left.
    """

    folder: Path
    saved: dict[int, Result] = field(default_factory=dict)
    lock: int | None = None

    def save(self, result: Result) -> Path:
        """Save one result, all of it or nothing; one thread at a time.

        Raises:
            NotSaved: it could not be written; what was saved before is untouched.
        """
        try:
            return store.save(self.folder, result)
        except OSError as error:
            words = f"{self.folder / store.result_name(result).text} could not be saved"
            advice = "make room, or name another --results"
            raise NotSaved(f"{words}: {error.strerror}; {advice}") from error

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        if self.lock is not None:
            os.close(self.lock)


def plan_of(jobs: Sequence[Job], limits: Limits, root: Path) -> Plan:
    """The plan to save for these jobs of the catalogue at `root`."""
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
    """Make a session's folder now, so that a place that cannot be written is known before any work.

    Args:
        results: the folder of sessions.
        plan: what `--resume` is to go on with; None where the session cannot go on.

    Raises:
        NotMeasured: it cannot be made.
    """
    try:
        folder = _new_folder(results)
        lock = lock_folder(folder)
        if plan:
            text = msgspec.json.format(msgspec.json.encode(plan), indent=1)
            store.write_result(folder / PLAN, text)
    except OSError as error:
        raise NotMeasured(
            f"results cannot be saved in {results}: {error.strerror}; name another --results"
        ) from error
    return Session(folder, lock=lock)


def lock_folder(folder: Path) -> int:
    """Lock a folder; gives the descriptor that holds the lock, at most as long as the process.

    Raises:
        BlockingIOError: another has it.
        OSError: the folder cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:  # a file system without locks: go on without
        pass
    return descriptor


def _new_folder(results: Path) -> Path:
    """Make a folder that sorts after all that are there."""
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
    """When a session of this name began; long ago where it is no session's name."""
    found = _FOLDER.fullmatch(name)
    try:
        start = datetime.strptime(f"{found[1]}+0000", f"{_STAMP}%z") if found else _LONG_AGO
    except ValueError:
        return _LONG_AGO
    return start if start.year < MAXYEAR else _LONG_AGO
