"""The environment of a run: the interpreter, the machine, and the commit of the catalogue."""

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
    """Describe the environment of a session's runs; `root` is the folder of the catalogue."""
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
    """Return the environment with another interpreter; unchanged if `python` is None."""
    if python is None:
        return environment
    other = interpreter_of(python)
    return msgspec.structs.replace(
        environment, python=other.version, implementation=other.implementation, libc=other.libc
    )


def git_commit(root: Path) -> str | None:
    """Return the commit of a catalogue, with `+dirty` if files differ from it or are untracked.

    None if the scenarios are not tracked: an installed wheel may lie inside the repository of an
    unrelated project.
    """
    try:
        tracked = git(root, ["ls-files", "--error-unmatch", "scenarios"])
        head = git(root, ["rev-parse", "HEAD"])
        changes = git(root, ["status", "--porcelain", "--", "."])
    except OSError:
        return None
    if any(completed.returncode for completed in (tracked, head, changes)):
        return None
    commit = head.stdout.strip()
    return f"{commit}+dirty" if changes.stdout.strip() else commit
