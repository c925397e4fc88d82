"""The agent, started by the product's own command, on every interpreter of the machine."""

import ast
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from interpreters import INTERPRETERS, has_multiprocess
from leaklab.agent.leaklab_agent import layout
from leaklab.catalogue.interpreters import interpreter_of
from leaklab.model.scenario import Mode
from leaklab.sandbox.launch import agent_argv
from leaklab.sandbox.protocol import AgentOrder, Asks, Task, encode_order
from process.conftest import TOYS, Leaklab, complaints, one_line, unwrapped

pytestmark = pytest.mark.process

HEAP = 1 + layout.ROW_SIGNALS.index("heap_bytes")
EVERY = pytest.mark.parametrize("python", INTERPRETERS, ids=lambda path: path.name)


def drive(
    python: Path, place: Path, units: int, mode: Mode = Mode.INLINE
) -> tuple[list[dict[str, Any]], memoryview]:
    order = AgentOrder(
        task=Task.POOL if mode.is_pool else Task.RUN,
        roots=[str(TOYS)],
        scenario="grow",
        variant="buggy",
        units=units,
        seed=1,
        options={"bytes_per_unit": 4096},
        services={},
        scratch=str(place),
        sampling=True,
        judged=["heap_bytes", "sockets"],
        asks=Asks.NEVER,
        open_ended=False,
        surveys=False,
        method=mode.value,
        workers=2,
        cpus=sorted(os.sched_getaffinity(0)),
    )
    (place / "job").write_bytes(encode_order(order))
    (place / "table").write_bytes(bytes(3 * layout.TABLE_BYTES))
    # A shell opens the descriptors under the numbers that the supervisor uses.
    script = 'exec "$@" 3>records 4<>table 5</dev/null'
    argv = agent_argv(str(python), place / "job")
    command = [shutil.which("sh") or "sh", "-c", script, "sh", *argv]
    ours = {"PYTHONHASHSEED": "0", "PYTHONPYCACHEPREFIX": str(place / "bytecode")}
    subprocess.run(command, cwd=place, check=True, env=ours)
    lines = (place / "records").read_text().splitlines()
    rows = memoryview((place / "table").read_bytes()).cast("q")
    return [ast.literal_eval(line) for line in lines if line], rows


def heap_growth_bytes_per_unit(rows: memoryview, number: int = 0) -> float:
    """From the first reading to the last: on a busy machine some rows have no reading."""
    table = rows[number * layout.TABLE_BYTES // 8 :]
    places = [layout.TABLE_HEAD + i * layout.ROW_WIDTH for i in range(table[0])]
    read = [(table[at], table[at + HEAP]) for at in places if table[at + HEAP] != layout.NOT_READ]
    (first, before), (last, after) = read[0], read[-1]
    assert last - first > 50
    return (after - before) / (last - first)


@EVERY
def test_the_agent_measures_its_own_process(python: Path, tmp_path: Path) -> None:
    records, rows = drive(python, tmp_path, units=100)
    assert ["baseline", "finished"] == [r["kind"] for r in records]
    assert 101 == rows[0]
    assert 4096 <= heap_growth_bytes_per_unit(rows) < 1.1 * 4096
    assert 0 == records[1]["after_trim"]["sockets"]


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode.is_pool])
@EVERY
def test_the_agent_measures_the_workers_of_a_pool(python: Path, mode: Mode, tmp_path: Path) -> None:
    if mode is Mode.MULTIPROCESS and not has_multiprocess(python):
        pytest.skip(f"{python} has no multiprocess: pip install multiprocess")
    records, rows = drive(python, tmp_path, 200, mode)
    assert [("baseline", n) for n in (1, 2, 0)] == [(r["kind"], r["process"]) for r in records[:3]]
    assert [("finished", n) for n in (1, 2, 0)] == [(r["kind"], r["process"]) for r in records[3:]]
    assert [100, 100, 200] == [r["units"] for r in records[3:]]
    for number in (1, 2):
        assert 4096 <= heap_growth_bytes_per_unit(rows, number) < 1.1 * 4096


@EVERY
def test_a_result_names_the_interpreter_that_ran_the_scenario(
    python: Path, toy: Leaklab, place: Path
) -> None:
    result = toy("run", "grow", "--variant", "buggy", "--python", str(python))
    other = interpreter_of(str(python))
    assert (0, []) == (result.returncode, complaints(result))
    assert f"run by CPython {other.version}, {other.path}" in unwrapped(result.stdout)
    (saved,) = place.glob("results/*/grow.buggy.inline.1.json")
    assert f'"python": "{other.version}"' in saved.read_text()


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (None, "no such program; give the path of a Python"),
        ("exit 0", "it does not work as a Python interpreter (exit status 0); give the path"),
        ("echo Segmentation fault >&2; exit 1", "(Segmentation fault)"),
        ("echo \"{'implementation': 'PyPy', 'version': '3.10.14', PLACE}\"", "it is PyPy 3.10.14"),
        ("echo \"{'implementation': 'CPython', 'version': '2.7.18', PLACE}\"", "2.7.18 is too old"),
        ("echo \"{'implementation': 'CPython', 'version': '3.7.17', PLACE}\"", "give version 3.8"),
    ],
)
def test_an_unusable_interpreter_is_reported_in_one_line(
    script: str | None, text: str, toy: Leaklab, place: Path
) -> None:
    python = place / "python"
    if script:
        rest = "'executable': '', 'libc': '', 'prefix': '/', 'packages': []"
        python.write_text(f"#!/bin/sh\n{script}\n".replace("PLACE", rest))
        python.chmod(0o755)
    result = toy("run", "grow", "--python", str(python))
    assert 2 == result.returncode
    assert text in one_line(result)
    assert not (place / "results").exists()


def test_a_python_without_a_name_is_not_the_lab_s_interpreter(toy: Leaklab) -> None:
    result = toy("run", "grow", "--python", "")
    assert 2 == result.returncode
    assert "no such program; give the path of a Python" in one_line(result)


def test_the_machine_has_a_suitable_interpreter() -> None:
    assert INTERPRETERS
