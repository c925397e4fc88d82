"""The interpreter that runs a program: the lab's own, or another that is named by its path.

Another interpreter is asked once what it is. It needs nothing of leaklab installed: the agent runs
on any CPython from 3.8 on.
"""

import ast
import functools
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from leaklab.model.errors import BadInput, one_line
from leaklab.model.text import cut

OLDEST = (3, 8)
ANSWER_SECONDS = 30.0

# Also understood by what is too old, and by what is no CPython. `-s` is how the agent is started.
QUESTION = """
import platform, sys
found = {"executable": sys.executable,
         "implementation": platform.python_implementation(),
         "version": platform.python_version(),
         "libc": " ".join(platform.libc_ver()),
         "prefix": sys.prefix,
         "packages": []}
if sys.version_info >= (3, 8):
    import importlib.metadata
    for one in importlib.metadata.distributions():
        found["packages"].append(str(one.metadata["Name"]))
print(repr(found))
"""


@dataclass(frozen=True)
class Interpreter:
    """A CPython: its path, `3.11.7`, its C library, and where it and its packages are.

    `packages` are the normalized names of the distributions that it can import; None for the lab's
    own interpreter, which is asked for each.
    """

    path: str
    version: str
    implementation: str
    libc: str
    prefix: Path
    packages: frozenset[str] | None = None

    def has(self, package: str) -> bool:
        """Whether a distribution is installed for it."""
        if self.packages is not None:
            return _normalized(package) in self.packages
        try:
            importlib.metadata.distribution(package)
        except (importlib.metadata.PackageNotFoundError, ValueError):
            return False
        return True


def interpreter_of(path: str | None) -> Interpreter:
    """The interpreter at a path that `find_interpreter` gave, or the lab's own.

    Raises:
        BadInput: as `find_interpreter`.
    """
    return _own() if path is None else _ask(path)


def find_interpreter(name: str) -> str:
    """The absolute path of an interpreter that can run programs, from a path or a name on PATH.

    Symbolic links stay: a virtual environment's is what makes it one.

    Raises:
        BadInput: there is none, it does not run, it is older than 3.8, or it is no CPython.
    """
    found = shutil.which(name)
    if found is None:
        raise BadInput(f"--python {cut(name)}: no such program; give the path of a Python")
    path = os.path.abspath(found)  # noqa: PTH100  (Path.resolve would follow links)
    return _ask(path).path


@functools.cache
def _own() -> Interpreter:
    libc = " ".join(platform.libc_ver())
    implementation, version = platform.python_implementation(), platform.python_version()
    return Interpreter(sys.executable, version, implementation, libc, Path(sys.prefix))


@functools.cache
def _ask(path: str) -> Interpreter:
    try:
        answer = subprocess.run(  # noqa: S603  (the user named it)
            [path, "-s", "-c", QUESTION],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
            cwd="/",
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
        )
        found = ast.literal_eval(answer.stdout.strip().splitlines()[-1])
        interpreter = Interpreter(
            path=found["executable"] or path,
            version=found["version"],
            implementation=found["implementation"],
            libc=found["libc"],
            prefix=Path(found["prefix"]),
            packages=frozenset(map(_normalized, found["packages"])),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = getattr(error, "strerror", None) or "it did not answer"
        raise BadInput(f"--python {path}: {why}; give the path of a Python") from error
    except (ValueError, SyntaxError, IndexError, KeyError, TypeError) as error:
        said = one_line(answer.stderr)[-200:] or f"exit status {answer.returncode}"
        words = f"--python {path}: it is no Python that works ({said})"
        raise BadInput(f"{words}; give the path of one") from error
    _require_suitable(interpreter)
    return interpreter


def _require_suitable(found: Interpreter) -> None:
    oldest = ".".join(map(str, OLDEST))
    if found.implementation != "CPython":
        words = f"--python {found.path}: it is {found.implementation} {found.version}"
        raise BadInput(f"{words}; leaklab measures CPython only, {oldest} or newer")
    if tuple(map(int, re.findall(r"\d+", found.version)[:2])) < OLDEST:
        words = f"--python {found.path}: Python {found.version} is too old"
        raise BadInput(f"{words}; give one of {oldest} or newer")


def _normalized(package: str) -> str:
    """A distribution's name as PyPA's specification compares it."""
    return re.sub(r"[-_.]+", "-", package).lower()
