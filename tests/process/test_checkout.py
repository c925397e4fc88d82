"""The repository that a run records, and the Python that make selects."""

import shutil
import subprocess
from pathlib import Path

import pytest

from leaklab.runs.environment import git_commit

pytestmark = pytest.mark.process

CHECKOUT = Path(__file__).parents[2]


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    command = ["git", "-C", str(folder), *who, *arguments]
    completed = subprocess.run(command, capture_output=True, text=True, check=True)
    return completed.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "__init__.py").touch()
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def test_a_catalogue_belongs_to_the_commit_that_is_checked_out(repository: Path) -> None:
    assert git_commit(repository) == git(repository, "rev-parse", "HEAD")


@pytest.mark.parametrize("name", ["__init__.py", "new.py"])
def test_a_catalogue_that_differs_from_its_commit_is_marked(repository: Path, name: str) -> None:
    (repository / "scenarios" / name).write_text("changed")
    assert git_commit(repository) == git(repository, "rev-parse", "HEAD") + "+dirty"


def test_an_untracked_catalogue_in_a_repository_belongs_to_no_commit(repository: Path) -> None:
    inner = repository / "environment" / "_catalogue"
    (inner / "scenarios").mkdir(parents=True)
    (inner / "scenarios" / "__init__.py").touch()
    assert git_commit(inner) is None


def test_a_catalogue_outside_a_repository_belongs_to_no_commit(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    assert git_commit(tmp_path) is None


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder with the Makefile, and a `bin` with the programs of a machine without Python."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(CHECKOUT / name, tmp_path)
    (tmp_path / "bin").mkdir()
    for name in ("make", "sh"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def make(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(machine / "bin" / "make"), "--no-print-directory", *arguments]
    path = {"PATH": str(machine / "bin")}
    return subprocess.run(
        command, cwd=machine, env=path, capture_output=True, text=True, check=False
    )


def pretend(machine: Path, name: str, status: int) -> None:
    (machine / "bin" / name).write_text(f"#!/bin/sh\nexit {status}\n")
    (machine / "bin" / name).chmod(0o755)


@pytest.mark.parametrize("arguments", [[], ["PYTHON=python2"]])
def test_make_reports_a_missing_python_in_one_line(machine: Path, arguments: list[str]) -> None:
    result = make(machine, "setup", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert "Python 3.11 or newer with venv and ensurepip: install one" in result.stderr


def test_make_uses_the_first_suitable_python(machine: Path) -> None:
    pretend(machine, "python3.11", 1)
    pretend(machine, "python3", 1)
    pretend(machine, "python3.12", 0)
    pretend(machine, "python3.13", 0)
    assert "python3.12 -m venv .venv" in make(machine, "--dry-run", "setup").stdout
    named = make(machine, "--dry-run", "setup", "PYTHON=python3.13")
    assert "python3.13 -m venv .venv" in named.stdout
