"""The interpreters of this machine: one CPython of each version from 3.8 on."""

import os
import re
import subprocess
from pathlib import Path


def _interpreters() -> list[Path]:
    """Return one Python of each version, from PATH and from pyenv."""
    folders = [Path(p) for p in os.environ.get("PATH", "").split(os.pathsep)]
    folders += Path("~/.pyenv/versions").expanduser().glob("*/bin")
    paths: dict[str, Path] = {}
    for folder in folders:
        for path in folder.glob("python3.*") if "shims" not in folder.parts else ():
            if re.fullmatch(r"python3\.([89]|1\d)", path.name):
                paths.setdefault(path.name, path)
    return [paths[name] for name in sorted(paths, key=lambda n: int(n.split(".")[1]))]


def has_multiprocess(python: Path) -> bool:
    """Return whether dill's multiprocess is installed for an interpreter."""
    command = [str(python), "-s", "-c", "import multiprocess"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


INTERPRETERS = _interpreters()
