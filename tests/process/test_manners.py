"""Programs that disturb the agent: they are measured nevertheless, or fail with the reason."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from leaklab.catalogue.folders import open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.model.job import Limits
from leaklab.model.measurement import EndReason, Measurement
from leaklab.runs.executor import ProcessExecutor
from process.conftest import TOYS, processes_of

pytestmark = pytest.mark.process

CATALOGUE = open_catalogue(TOYS)


@pytest.fixture
def executor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProcessExecutor]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with ProcessExecutor(CATALOGUE, Limits(memory_bytes=300 << 20, time_seconds=20)) as executor:
        yield executor
    assert list(tmp_path.iterdir()) == []
    assert processes_of(tmp_path) == []


def run(executor: ProcessExecutor, fault: str) -> Measurement:
    (job,) = plan(CATALOGUE, PlanRequest(names=["faulty"], units=100, options=[f"fault={fault}"]))
    return executor.execute(job, lambda _: None)


@pytest.mark.parametrize("fault", ["none", "half a line", "forge", "unspeakable", "stuck", "fork"])
def test_a_program_that_disturbs_the_agent_has_unchanged_figures(
    executor: ProcessExecutor, fault: str
) -> None:
    trace = run(executor, fault)
    assert (trace.end_reason, trace.units_done) == (EndReason.COMPLETED, 100)
    (process,) = trace.processes
    assert process.samples.units == list(range(101))
    assert process.cpu_seconds is not None
    assert process.cpu_seconds >= 0
    assert 0 < process.peak_rss_bytes < 8 << 20


def test_a_program_that_closes_every_descriptor_gets_a_message(executor: ProcessExecutor) -> None:
    trace = run(executor, "daemonize")
    assert trace.end_reason is EndReason.DIED
    assert trace.detail == "the program closed descriptors that are the lab's"
    assert trace.processes[0].samples.units[-1] >= 49


def test_an_exception_without_a_message_is_still_named(executor: ProcessExecutor) -> None:
    trace = run(executor, "no words")
    assert trace.end_reason is EndReason.PROGRAM_FAILED
    assert "UnspeakableError: (its message cannot be read)" in trace.detail


def test_a_program_that_kills_its_supervisor_ends_with_it(executor: ProcessExecutor) -> None:
    trace = run(executor, "parricide")
    assert (trace.end_reason, trace.detail) == (EndReason.DIED, "its supervisor was killed")


def test_output_of_a_program_is_kept_only_up_to_a_limit(
    executor: ProcessExecutor, tmp_path: Path
) -> None:
    (job,) = plan(CATALOGUE, PlanRequest(names=["chatty"], units=1000))
    (session,) = tmp_path.iterdir()
    output = session / "run-00" / "output"
    sizes = [0]
    over = threading.Event()

    def record_size() -> None:
        while not over.is_set():
            with suppress(FileNotFoundError):
                sizes.append(output.stat().st_size)

    with ThreadPoolExecutor() as pool:
        watching = pool.submit(record_size)
        assert executor.execute(job, lambda _: None).end_reason is EndReason.COMPLETED
        over.set()
    watching.result()
    assert 0 < max(sizes) < 500 << 20  # of 1,000 MiB that were printed


def test_the_length_of_path_does_not_change_a_peak(
    executor: ProcessExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    short = run(executor, "none").processes[0]
    monkeypatch.setenv("PATH", ":".join(["/usr/bin:/bin", *(f"/opt/{n}/bin" for n in range(90))]))
    long = run(executor, "none").processes[0]
    assert short.baseline_rss_bytes == long.baseline_rss_bytes
    assert short.peak_rss_bytes == long.peak_rss_bytes
