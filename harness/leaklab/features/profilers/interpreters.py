"""The interpreter that has a profiler: leaklab's own, or that of the environment for tools."""

import importlib.metadata
import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from leaklab.catalogue.folders import builtin_root
from leaklab.features.profilers.profiler import Profiler
from leaklab.model.errors import NotMeasured

# Made by `make setup-profilers`.
TOOLS_ENVIRONMENT = ".venv-tools"


@dataclass(frozen=True)
class ProfilerPython:
    """An interpreter that has a profiler, and the profiler's version."""

    path: str
    version: str


def python_with(profiler: Profiler) -> ProfilerPython:
    """Return the interpreter for a profiler.

    Raises:
        NotMeasured: No interpreter has it; the message says how to install it.
    """
    if not profiler.package:
        return ProfilerPython(sys.executable, platform.python_version())
    try:
        version = importlib.metadata.version(profiler.package)
        return ProfilerPython(sys.executable, version)
    except importlib.metadata.PackageNotFoundError:
        pass
    environment = builtin_root() / TOOLS_ENVIRONMENT
    if version := installed_version(environment, profiler.package):
        return ProfilerPython(str(environment / "bin" / "python"), version)
    remedy = f"pip install {profiler.package}, or 'make setup-profilers' in a checkout"
    raise NotMeasured(f"{profiler.name} is not installed: {remedy}")


def installed_version(environment: Path, package: str) -> str:
    """Return the version of a package in a virtual environment; empty if it is not there."""
    wanted = normalized(package)
    for folder in environment.glob("lib/python3*/site-packages/*.dist-info"):
        name, _, version = folder.name.removesuffix(".dist-info").partition("-")
        if normalized(name) == wanted:
            return version
    return ""


def normalized(package: str) -> str:
    """Return a package's name in the form in which names are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", package).lower()
