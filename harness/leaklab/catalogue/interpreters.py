"""The interpreter that runs a program: leaklab's own, or another one at a path.

Another interpreter is started once to read its properties. It needs no installation of leaklab: the
agent runs on any CPython from 3.8 on.
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
MAX_ANSWER_SECONDS = 30.0

# This also runs on an interpreter that is too old or is not CPython, with `-s` as the agent does.
PROPERTIES_SCRIPT = """
import platform, sys
properties = {"executable": sys.executable,
         "implementation": platform.python_implementation(),
         "version": platform.python_version(),
         "libc": " ".join(platform.libc_ver()),
         "prefix": sys.prefix,
         "packages": []}
if sys.version_info >= (3, 8):
    import importlib.metadata
    for distribution in importlib.metadata.distributions():
        properties["packages"].append(str(distribution.metadata["Name"]))
print(repr(properties))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python interpreter.

    Attributes:
        path: The path of its executable.
        version: Its version, such as `3.11.7`.
        implementation: Its implementation; only `CPython` is accepted.
        libc: Its C library and that library's version.
        prefix: The folder of its installation or virtual environment.
        packages: The normalized names of its installed distributions; None for leaklab's own
            interpreter, which looks up each one.
    """

    path: str
    version: str
    implementation: str
    libc: str
    prefix: Path
    packages: frozenset[str] | None = None

    def has(self, package: str) -> bool:
        """Return whether a distribution is installed for it."""
        if self.packages is not None:
            return _normalized(package) in self.packages
        try:
            importlib.metadata.distribution(package)
        except (importlib.metadata.PackageNotFoundError, ValueError):
            return False
        return True


def interpreter_of(path: str | None) -> Interpreter:
    """Return the interpreter at a path (`find_interpreter`), or leaklab's own for None.

    Raises:
        BadInput: As `find_interpreter`.
    """
    return _own() if path is None else _query(path)


def find_interpreter(name: str) -> str:
    """Return the absolute path of an interpreter, from a path or a name on PATH.

    Symbolic links are not followed, because a virtual environment depends on its own.

    Raises:
        BadInput: There is no such program, it does not run, it is older than 3.8, or it is not
            CPython.
    """
    executable = shutil.which(name)
    if executable is None:
        raise BadInput(
            f"--python {cut(name)}: no such program; give the path of a Python interpreter"
        )
    path = os.path.abspath(executable)  # noqa: PTH100  (Path.resolve would follow links)
    return _query(path).path


@functools.cache
def _own() -> Interpreter:
    libc = " ".join(platform.libc_ver())
    implementation, version = platform.python_implementation(), platform.python_version()
    return Interpreter(sys.executable, version, implementation, libc, Path(sys.prefix))


@functools.cache
def _query(path: str) -> Interpreter:
    try:
        answer = subprocess.run(  # noqa: S603  (the user named it)
            [path, "-s", "-c", PROPERTIES_SCRIPT],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=MAX_ANSWER_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
            cwd="/",
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
        )
        properties = ast.literal_eval(answer.stdout.strip().splitlines()[-1])
        interpreter = Interpreter(
            path=properties["executable"] or path,
            version=properties["version"],
            implementation=properties["implementation"],
            libc=properties["libc"],
            prefix=Path(properties["prefix"]),
            packages=frozenset(map(_normalized, properties["packages"])),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = getattr(error, "strerror", None) or f"no answer in {MAX_ANSWER_SECONDS:.0f} s"
        raise BadInput(f"--python {path}: {why}; give the path of a Python interpreter") from error
    except (ValueError, SyntaxError, IndexError, KeyError, TypeError) as error:
        why = one_line(answer.stderr)[-200:] or f"exit status {answer.returncode}"
        problem = f"--python {path}: it does not work as a Python interpreter ({why})"
        raise BadInput(f"{problem}; give the path of another one") from error
    _require_suitable(interpreter)
    return interpreter


def _require_suitable(interpreter: Interpreter) -> None:
    oldest = ".".join(map(str, OLDEST))
    label = f"--python {interpreter.path}"
    if interpreter.implementation != "CPython":
        problem = f"{label}: it is {interpreter.implementation} {interpreter.version}"
        raise BadInput(f"{problem}; leaklab measures CPython only: give version {oldest} or newer")
    if tuple(map(int, re.findall(r"\d+", interpreter.version)[:2])) < OLDEST:
        problem = f"{label}: Python {interpreter.version} is too old"
        raise BadInput(f"{problem}; give version {oldest} or newer")


def _normalized(package: str) -> str:
    """Normalize a distribution's name for comparison, as the PyPA specification defines it."""
    return re.sub(r"[-_.]+", "-", package).lower()
