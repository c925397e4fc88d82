"""Pools: real workers, each with its own verdict; a failing worker ends the run in every mode."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from process.conftest import Leaklab, complaints, one_line, wait_until

pytestmark = pytest.mark.process

POOLS = ["fork", "spawn", "forkserver", "multiprocess"]


def runs(leaklab: Leaklab, *arguments: str) -> list[dict[str, Any]]:
    result = leaklab("run", *arguments, "--json")
    assert complaints(result) == []
    document: list[dict[str, Any]] = json.loads(result.stdout)
    return document


@pytest.mark.parametrize("mode", POOLS)
def test_each_worker_does_its_share_and_gets_its_own_verdict(toy: Leaklab, mode: str) -> None:
    (run,) = runs(toy, "grow", "--variant=buggy", "--mode", mode, "--workers=3", "--units=602")
    parent, *workers = run["processes"]
    assert (run["workers"], run["units_done"]) == (3, 602)
    assert [("worker", n) for n in (1, 2, 3)] == [(w["role"], w["number"]) for w in workers]
    assert [201, 201, 200] == [w["units_done"] for w in workers]
    assert [201, 201, 200] == [w["samples"]["units"][-1] for w in workers]
    assert ["leak"] * 3 == [w["verdict"]["conclusion"] for w in workers]
    assert (parent["role"], parent["number"], parent["verdict"]["conclusion"]) == (
        "parent",
        0,
        "clean",
    )
    assert parent["samples"]["units"][-1] == 602
    assert run["verdict"]["conclusion"] == "leak"
    assert run["verdict"]["reasons"][0]["text"].startswith("worker ")
    assert len({p["pid"] for p in run["processes"]}) == 4


def test_a_default_run_gives_each_worker_the_units_that_a_verdict_needs(toy: Leaklab) -> None:
    (run,) = runs(toy, "grow", "--variant=fixed", "--mode=fork")
    assert (run["workers"], run["units"], run["verdict"]["conclusion"]) == (2, 400, "clean")


def test_each_worker_has_its_own_seed_and_scratch_folder(leaklab: Leaklab) -> None:
    arguments = ["word_index", "--variant=buggy", "--mode=fork", "--units=200"]
    (first,), (again,), (other,) = (runs(leaklab, *arguments, f"--seed={s}") for s in (1, 1, 2))
    heaps = [
        [p["samples"]["heap_bytes"] for p in run["processes"][1:]] for run in (first, again, other)
    ]
    assert heaps[0] == heaps[1]
    assert heaps[0][0] != heaps[0][1]
    assert heaps[0] != heaps[2]


@pytest.mark.parametrize("mode", POOLS)
def test_the_peaks_of_workers_are_the_same_every_time(leaklab: Leaklab, mode: str) -> None:
    arguments = ["word_index", "--variant=buggy", "--mode", mode, "--units=400", "--repeat=4"]
    peaks = [
        [p["peak_rss_bytes"] for p in run["processes"][1:]] for run in runs(leaklab, *arguments)
    ]
    assert peaks == [peaks[0]] * 4


@pytest.mark.parametrize(
    ("fault", "at", "code", "text"),
    [
        ("raise", 0, 2, ": ValueError: the fault that was asked for"),
        ("raise", 50, 2, ": ValueError: the fault that was asked for"),
        ("raise", -1, 2, ": ValueError: the fault that was asked for"),
        ("odd", 50, 2, ": OSError: [Errno cannot open] file.txt"),
        ("long", 50, 2, ": ValueError: so long: xxxx"),
        ("close all", 50, 3, "worker 2: the program closed descriptors that are the lab's"),
        ("leave", 0, 2, "SystemExit: enough"),
        ("never", 1, 2, "the workload never yields"),
        ("exit", 0, 3, "a worker died: worker 2: exited with status 3 during the run"),
        ("exit", 50, 3, "a worker died: worker 2: exited with status 3 during the run"),
        ("exit", -1, 3, "a worker died: worker 2: exited with status 3 during the run"),
        ("kill", 50, 3, "a worker died: worker 2: killed by SIGKILL"),
        ("abort", 50, 3, "worker 2: killed by SIGABRT; its last output: famous last words"),
    ],
)
@pytest.mark.parametrize("mode", POOLS)
def test_a_failing_worker_is_reported_in_one_line_with_its_exit_code(
    toy: Leaklab, mode: str, fault: str, at: int, code: int, text: str
) -> None:
    options = ["-o", f"fault={fault}", "-o", f"at={at}", "-o", "only=worker-002"]
    result = toy("run", "faulty", "--mode", mode, *options)
    assert (result.returncode, result.stdout) == (code, "")
    assert text in one_line(result)


@pytest.mark.parametrize("fault", ["daemon", "close", "unspeakable", "fork", "stuck", "affinity"])
def test_misbehaving_workers_are_measured_nevertheless(toy: Leaklab, fault: str) -> None:
    result = toy("run", "faulty", "-o", f"fault={fault}", "--mode", "fork")
    assert (result.returncode, complaints(result)) == (0, [])


def test_a_failed_worker_does_not_lose_the_samples_of_all(toy: Leaklab, place: Path) -> None:
    toy("run", "faulty", "-o", "fault=kill", "-o", "only=worker-001", "--mode", "spawn")
    (saved,) = (place / "results").glob("*/faulty.*.json")
    run = json.loads(saved.read_text())
    assert run["end_reason"] == "failed: a worker died"
    killed, other = run["processes"][1:]
    assert killed["samples"]["units"] == list(range(50))
    assert other["samples"]["units"][:48] == list(range(48))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mode", "spawn", "--workers", "0"], "0 is not in the range x>=1"),
        (["--mode", "spawn", "--workers", "3", "--units", "2"], "3 workers cannot share 2 units"),
        (["--workers", "3"], "--workers is for pools: add --mode"),
        (["--memory-limit", "1MB"], "a bare interpreter"),
    ],
)
def test_an_impossible_pool_is_reported_in_one_line(
    toy: Leaklab, place: Path, arguments: list[str], message: str
) -> None:
    result = toy("run", "grow", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in one_line(result)
    assert not (place / "results").exists()


@pytest.mark.parametrize("mode", ["inline", "fork"])
def test_a_service_that_dies_in_mid_run_is_named(
    place: Path, environment: dict[str, str], mode: str
) -> None:
    arguments = ["run", "unclosed_sockets", "--variant=fixed", "--units=1000000", "--mode", mode]
    command = [sys.executable, "-m", "leaklab", *arguments]
    with subprocess.Popen(
        command, cwd=place, env=environment, stderr=subprocess.PIPE, text=True
    ) as harness:

        def at_work() -> list[psutil.Process]:
            below = psutil.Process(harness.pid).children(recursive=True)
            lines = {p: p.cmdline() for p in below}
            agents = [p for p, line in lines.items() if any("run-00/job" in w for w in line)]
            busy = any(p.cpu_times().user > 0.5 for p in below if p in agents or mode != "inline")
            return [p for p, line in lines.items() if "fixtures.http" in line] if busy else []

        service: list[psutil.Process] = []

        def all_found() -> bool:
            try:
                service[:] = at_work()
            except psutil.NoSuchProcess:
                return False
            return bool(service)

        wait_until(all_found)
        service[0].kill()
        _, output = harness.communicate(timeout=30)
    assert harness.returncode == 3
    assert "the service 'http' died during the run: killed by SIGKILL" in output
    assert len(output.splitlines()) == 1


def test_concurrent_runs_have_the_peaks_of_single_runs(leaklab: Leaklab) -> None:
    arguments = [
        "word_index",
        "vocabulary",
        "--units=400",
        "--mode=inline",
        "--mode=fork",
        "--mode=spawn",
    ]
    one, two = (runs(leaklab, *arguments, f"--jobs={n}") for n in (1, 2))
    peaks = [
        {
            (r["scenario"], r["variant"], r["mode"], p["number"]): p["peak_rss_bytes"]
            for r in result
            for p in r["processes"]
            if p["role"] == "worker" or r["mode"] == "inline"
        }
        for result in (one, two)
    ]
    assert peaks[0] == peaks[1]
