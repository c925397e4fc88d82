"""The wheel, built through the sdist, in an empty environment."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

CHECKOUT = Path(__file__).parents[2]


def run(*arguments: str | Path, cwd: Path, **changes: str) -> str:
    settings = {**os.environ, **changes}
    result = subprocess.run(
        arguments, cwd=cwd, env=settings, capture_output=True, text=True, check=False, timeout=600
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_wheel_contains_the_catalogue(tmp_path: Path) -> None:
    run(sys.executable, "-m", "build", "--outdir", tmp_path / "dist", CHECKOUT, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / "bin" / "python"
    pins = CHECKOUT / "constraints.txt"
    run(python, "-m", "pip", "install", "--quiet", "-c", pins, wheel, cwd=tmp_path)
    leaklab = tmp_path / "empty" / "bin" / "leaklab"
    assert "cache_without_eviction" in run(leaklab, "list", cwd=tmp_path)
    table = run(leaklab, "run", "word_index", cwd=tmp_path)
    assert [line.split()[-1] for line in table.splitlines()[1:3]] == ["leak", "clean"]
    packed = tmp_path / "empty" / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"
    ours = {"leaklab", "scenarios", "fixtures", "harness"}
    assert ours & {path.name for path in packed.iterdir()} == {"leaklab"}
