"""The limits of memory, processes, descriptors and time, each reached by a real program."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from process.conftest import TOYS, Leaklab, complaints, one_line

pytestmark = pytest.mark.process


def private_mounts() -> list[str]:
    """Return the command prefix that gives a program its own mounts."""
    for flags in ("-m", "-rm"):
        arguments = [shutil.which("unshare") or "true", flags]
        tried = subprocess.run([*arguments, "mount"], capture_output=True, check=False)
        if tried.stdout:
            return arguments
    pytest.skip("this machine gives no mount namespace: neither to root nor to others")


def broken_run(toy: Leaklab, *arguments: str) -> dict[str, Any]:
    """Return the one result of a run of the failing toy; a verdict on it is never right."""
    result = toy("run", "faulty", *arguments, "--json")
    assert (result.returncode, complaints(result)) == (1, [])
    (run,) = json.loads(result.stdout)
    document: dict[str, Any] = run
    assert document["verdict"]["conclusion"] == "undecided"
    return document


@pytest.mark.parametrize(
    ("fault", "ended", "arguments"),
    [
        ("hog", "memory", ["--memory-limit", "300MB"]),
        ("2 GB", "memory", ["--memory-limit", "300MB"]),
        ("slowly", "memory", ["--memory-limit", "100MB"]),
        ("bomb", "process", ["--process-limit", "40"]),
        ("descriptors", "descriptor", ["--descriptor-limit", "200"]),
        ("wrapped", "descriptor", ["--descriptor-limit", "200"]),
        ("no room", "memory", []),
        ("hang", "time", ["--time-limit", "2"]),
    ],
)
@pytest.mark.parametrize("mode", ["inline", "fork", "spawn"])
def test_a_limit_ends_the_run_and_its_samples_are_kept(
    toy: Leaklab, fault: str, ended: str, arguments: list[str], mode: str
) -> None:
    run = broken_run(toy, "-o", f"fault={fault}", "--mode", mode, *arguments)
    assert run["end_reason"] == f"stopped: {ended} limit"
    assert run["peak_rss_bytes"] < 450_000_000
    worked = [p for p in run["processes"] if p["role"] == "worker" or mode == "inline"]
    assert len(worked) == (1 if mode == "inline" else 2)
    assert all(p["samples"]["units"][-1] in range(47, 50) for p in worked)


@pytest.mark.parametrize("fault", ["map", "threads"])
@pytest.mark.parametrize("mode", ["inline", "forkserver"])
def test_a_mapping_that_is_not_touched_is_not_stopped(toy: Leaklab, fault: str, mode: str) -> None:
    result = toy("run", "faulty", "-o", f"fault={fault}", "--memory-limit=300MB", "--mode", mode)
    assert (result.returncode, complaints(result)) == (0, [])


def test_a_program_that_moves_to_another_cpu_is_named_in_a_note(toy: Leaklab) -> None:
    result = toy("run", "faulty", "-o", "fault=affinity")
    assert (result.returncode, complaints(result)) == (0, [])
    assert "changed its own CPU affinity" in result.stdout


def test_a_read_only_cgroup_file_system_is_recorded_as_a_fall_back(
    place: Path, environment: dict[str, str]
) -> None:
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    groups = [m for m in mounts if m.startswith("/sys/fs/cgroup")]
    read_only = " && ".join(f"mount -o remount,ro,bind {m}" for m in groups)
    run = f"{sys.executable} -m leaklab run faulty --json --catalogue {TOYS}"
    message = "-o 'fault=2 GB' --memory-limit 300MB"
    result = in_private_mounts(place, environment, f"{read_only} && {run} {message}")
    assert (result.returncode, complaints(result)) == (1, [])
    (outcome,) = json.loads(result.stdout)
    controls = outcome["controls"]
    assert outcome["end_reason"] == "stopped: memory limit"
    assert (controls["memory_limit_by"], controls["process_limit_by"]) == ("observer", "observer")
    assert groups == [] or "Read-only file system" in " ".join(controls["refused"])


def test_a_full_disk_is_reported_in_one_line_and_keeps_saved_results(
    place: Path, environment: dict[str, str]
) -> None:
    """The first results fit into the small file system, and the next ones do not."""
    (place / "results").mkdir()
    script = f"{mount(place, 'results')}; {RUN} --repeat 20; code=$?; ls results/*; exit $code"
    result = in_private_mounts(place, environment, script)
    assert result.returncode == 3
    assert (
        "No space left on device; free disk space, or choose another folder with --results"
        in one_line(result)
    )
    assert "grow.buggy.inline.1.json" in result.stdout


def test_a_full_temporary_folder_is_reported_in_one_line(
    place: Path, environment: dict[str, str]
) -> None:
    result = in_private_mounts(place, environment, f"{mount(place, 'tmp')}; {RUN}")
    assert result.returncode == 3
    assert "free some disk space, or set TMPDIR to another folder" in one_line(result)


RUN = f"{sys.executable} -m leaklab run grow --catalogue {TOYS}"


def mount(place: Path, folder: str) -> str:
    return f"mount -t tmpfs -o size=64k none {place / folder}"


def in_private_mounts(
    place: Path, environment: dict[str, str], script: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*private_mounts(), "sh", "-c", script],
        cwd=place,
        check=False,
        env=environment,
        capture_output=True,
        text=True,
    )
