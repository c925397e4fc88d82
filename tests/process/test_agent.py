"""The agent, on every interpreter that is found: it is started by its path, alone."""

import ast
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from leaklab import agent
from process.conftest import TOYS

pytestmark = pytest.mark.process

# Below 3.11 there is no -P: what it does is done by hand.
HEAP = 1 + agent.SIGNALS.index("heap_bytes")
BOOTSTRAP = (
    "import sys; sys.argv = sys.argv[1:]; sys.path[:1] = [];"
    "exec(compile(open(sys.argv[0]).read(), sys.argv[0], 'exec'))"
)


def interpreters() -> list[Path]:
    """One CPython of each version from 3.8, on the path or beside the others under pyenv."""
    folders = [Path(p) for p in os.environ.get("PATH", "").split(os.pathsep)]
    folders += Path("~/.pyenv/versions").expanduser().glob("*/bin")
    found: dict[str, Path] = {}
    for folder in folders:
        for path in folder.glob("python3.*") if "shims" not in folder.parts else ():
            if re.fullmatch(r"python3\.([89]|1\d)", path.name):
                found.setdefault(path.name, path)
    return [found[name] for name in sorted(found, key=lambda n: int(n.split(".")[1]))]


def drive(
    python: Path, place: Path, units: int, do: str = "run"
) -> tuple[list[dict[str, object]], memoryview]:
    job = {
        "do": do,
        "method": "fork",
        "workers": 2,
        "cpus": sorted(os.sched_getaffinity(0)),
        "roots": [str(TOYS)],
        "scenario": "grow",
        "variant": "buggy",
        "units": units,
        "seed": 1,
        "options": {"bytes_per_unit": 4096},
        "services": {},
        "scratch": str(place),
        "sampling": True,
        "judged": ["heap_bytes", "sockets"],
        "asks": "never",
        "open_ended": False,
    }
    (place / "job").write_text(repr(job))
    (place / "table").write_bytes(bytes(3 * agent.TABLE_BYTES))
    # A shell puts the descriptors where the supervisor would.
    script = f'exec "$0" -s -B -c "$1" {agent.__file__} job 3>records 4<>table 5</dev/null'
    command = [shutil.which("sh") or "sh", "-c", script, str(python), BOOTSTRAP]
    subprocess.run(command, cwd=place, check=True, env={"PYTHONHASHSEED": "0"})
    lines = (place / "records").read_text().splitlines()
    rows = memoryview((place / "table").read_bytes()).cast("q")
    return [ast.literal_eval(line) for line in lines if line], rows


@pytest.mark.parametrize("python", interpreters(), ids=lambda path: path.name)
def test_the_agent_measures_on_every_interpreter_found(python: Path, tmp_path: Path) -> None:
    records, rows = drive(python, tmp_path, units=100)
    assert [r["kind"] for r in records] == ["baseline", "finished"]
    assert rows[0] == 101
    heap = [rows[agent.HEAD + i * agent.WIDTH + HEAP] for i in range(101)]
    assert 100 * 4096 <= heap[-1] - heap[0] < 110 * 4096
    finished = records[1]
    assert isinstance(finished["after_trim"], dict)
    assert finished["after_trim"]["sockets"] == 0


@pytest.mark.parametrize("python", interpreters(), ids=lambda path: path.name)
def test_a_pool_is_measured_on_every_interpreter_found(python: Path, tmp_path: Path) -> None:
    records, rows = drive(python, tmp_path, units=200, do="pool")
    assert [("baseline", n) for n in (1, 2, 0)] == [(r["kind"], r["process"]) for r in records[:3]]
    assert [("finished", n) for n in (1, 2, 0)] == [(r["kind"], r["process"]) for r in records[3:]]
    assert [100, 100, 200] == [r["units"] for r in records[3:]]
    for number in (1, 2):
        table = rows[number * agent.TABLE_BYTES // 8 :]
        heap = [table[agent.HEAD + i * agent.WIDTH + HEAP] for i in range(table[0])]
        assert 100 * 4096 <= heap[-1] - heap[0] < 110 * 4096


def test_some_interpreter_is_found() -> None:
    assert interpreters()
