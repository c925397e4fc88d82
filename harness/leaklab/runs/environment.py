"""Where runs are made: the interpreter, the machine, and the commit of the catalogue."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from leaklab import __version__
from leaklab.catalogue.interpreters import interpreter_of
from leaklab.model.measurement import Environment
from leaklab.runs.git import git


def describe_environment(root: Path) -> Environment:
    """Where the runs of a session are made; `root` is the catalogue's."""
    own = interpreter_of(None)
    return Environment(
        python=own.version,
        implementation=own.implementation,
        kernel=platform.release(),
        machine=platform.machine(),
        libc=own.libc,
        cpus=os.cpu_count() or 1,
        leaklab=__version__,
        git_commit=git_commit(root),
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def with_interpreter(environment: Environment, python: str | None) -> Environment:
    """The environment with another interpreter than the lab's own, where one is named."""
    if python is None:
        return environment
    other = interpreter_of(python)
    return msgspec.structs.replace(
        environment, python=other.version, implementation=other.implementation, libc=other.libc
    )


def git_commit(root: Path) -> str | None:
    """The commit a catalogue is of, with `+dirty` where files differ from it or are not in it.

    None where its scenarios are not tracked: a wheel may lie in an environment that lies in a
    repository of something else.
    """
    try:
        tracked = git(root, ["ls-files", "--error-unmatch", "scenarios"])
        head = git(root, ["rev-parse", "HEAD"])
        changes = git(root, ["status", "--porcelain", "--", "."])
    except OSError:
        return None
    if any(answer.returncode for answer in (tracked, head, changes)):
        return None
    commit = head.stdout.strip()
    return f"{commit}+dirty" if changes.stdout.strip() else commit
