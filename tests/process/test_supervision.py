"""Limits on a tree of real processes, which leaves nothing behind."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

import toys
from leaklab.model.errors import Cancelled, NotMeasured
from leaklab.model.job import Limits
from leaklab.model.measurement import EndReason
from leaklab.observer import probes
from leaklab.observer.observation import Observation
from leaklab.observer.observer import Observer
from leaklab.sandbox.cgroups import OBSERVER, UNCONFINED, Confinement, confined
from leaklab.sandbox.child import Child
from leaklab.sandbox.launch import Command, supervised
from leaklab.sandbox.scratch import run_folder, session_folder
from leaklab.sandbox.services import START_SECONDS, running
from process.conftest import processes_of, wait_until

pytestmark = pytest.mark.process

SHARED = Path("/dev/shm")  # noqa: S108  (the kernel's own place)
LIMITS = Limits(memory_bytes=300 << 20, time_seconds=20, processes=40)

SAY_BASELINE = """
import os
def baseline(number):
    message = dict(kind="baseline", process=number, pid=os.getpid(), rss_bytes=1,
                 high_water_reset=False)
    os.write(3, f"\\n{message!r}\\n".encode())
baseline(0)
"""
BOMB = """
import os
while True:
    try: os.fork()
    except OSError: pass
"""
BOMB_OF_SESSIONS = """
import os
while True:
    try: os.fork() or os.setsid()
    except OSError: pass
"""
BOMB_OF_ORPHANS = """
import os, time
if os.fork(): time.sleep(1000)
while True:
    try: os.fork() and os._exit(0)
    except OSError: pass
    try: os.fork()
    except OSError: pass
"""
HOG = SAY_BASELINE + "b'x' * (2 << 30)"
CHILD_HOGS = """
import subprocess, sys
subprocess.run([sys.executable, "-c", "b'x' * (2 << 30)"])
"""
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(64):
            try: os.close(fd)
            except OSError: pass
        time.sleep(1000)
    os._exit(0)
os.wait()
"""
SPAWN_POOL = """
import multiprocessing, os, time
from multiprocessing import shared_memory
if __name__ == "__main__":
    multiprocessing.current_process()._config["semprefix"] = "/NAME"
    kept = shared_memory.SharedMemory("NAME", create=True, size=4096)
    pool = multiprocessing.get_context("spawn").Pool(2)
    pool.map(abs, range(10))
    print("running", flush=True)
    pool.map(time.sleep, [1000] * 2)
"""
PARRICIDE = """
import os, signal, subprocess, time
subprocess.Popen(["sleep", "1000"], start_new_session=True)
os.kill(os.getppid(), signal.SIGKILL)
time.sleep(1000)
"""
HARNESS = """
import sys, time
from pathlib import Path
from leaklab.model.job import Limits
from leaklab.sandbox.cgroups import confined
from leaklab.sandbox.launch import Command, supervised
folder = Path(sys.argv[1])
(folder / "home").mkdir()
with confined(Limits(memory_bytes=300 << 20, time_seconds=20)) as confinement:
    argv = [sys.executable, "-c", "import time; time.sleep(1000)"]
    with supervised(Command(argv, {}, folder, folder, confinement=confinement)) as child:
        while not confinement.pids():
            child.read_messages(0.01)
        print(*confinement.folders, flush=True)
        time.sleep(1000)
"""


@dataclass
class Bench:
    """Starts Python programs under a supervisor in a separate folder, and watches them."""

    folder: Path
    confinement: Confinement
    limits: Limits = LIMITS

    def command(self, code: str) -> Command:
        (self.folder / "program.py").write_text(code)
        argv = [sys.executable, str(self.folder / "program.py")]
        environment = {"PATH": os.environ["PATH"]}
        return Command(
            argv,
            environment,
            self.folder,
            self.folder,
            cpu=max(os.sched_getaffinity(0)),
            limits=self.limits,
            confinement=self.confinement,
        )

    def watch(
        self,
        code: str,
        on_tick: Callable[[Child], None] = lambda _: None,
        death: Callable[[Child], str] = lambda _: "",
    ) -> Observation:
        with supervised(self.command(code)) as child:
            observer = Observer(
                child,
                self.limits,
                probes.platform_probes(),
                self.confinement,
                threading.Event(),
                lambda: death(child),
            )
            return observer.watch(lambda: on_tick(child))

    def output(self) -> str:
        return (self.folder / "output").read_text()


@contextlib.contextmanager
def bench_in(folder: Path, confinement: Confinement) -> Iterator[Bench]:
    (folder / "home").mkdir()
    yield Bench(folder, confinement)
    assert processes_of(folder) == []


@pytest.fixture
def group() -> Iterator[Confinement]:
    """The cgroups of a run, which no longer exist at its end."""
    with confined(LIMITS) as confinement:
        if confinement.refused:
            pytest.skip("; ".join(confinement.refused))
        yield confinement
    assert not any(folder.exists() for folder in confinement.folders)


@pytest.fixture
def held(tmp_path: Path, group: Confinement) -> Iterator[Bench]:
    """A run with limits that cgroups enforce."""
    with bench_in(tmp_path, group) as bench:
        yield bench


@pytest.fixture
def observed(tmp_path: Path) -> Iterator[Bench]:
    """A run with limits that only the observer enforces."""
    with bench_in(tmp_path, UNCONFINED) as bench:
        yield bench


@pytest.fixture(params=["held", "observed"])
def bench(request: pytest.FixtureRequest) -> Bench:
    result: Bench = request.getfixturevalue(request.param)
    return result


@pytest.mark.parametrize(
    "bomb", [BOMB, BOMB_OF_SESSIONS, BOMB_OF_ORPHANS], ids=["forks", "sessions", "orphans"]
)
def test_a_fork_bomb_ends_at_the_process_limit(bench: Bench, bomb: str) -> None:
    assert bench.watch(bomb).stopped is EndReason.PROCESS_LIMIT


def test_two_hundred_threads_are_allowed(bench: Bench) -> None:
    code = """
import threading
gate = threading.Event()
threads = [threading.Thread(target=gate.wait) for _ in range(200)]
for thread in threads: thread.start()
gate.set()
for thread in threads: thread.join()
"""
    observation = bench.watch(code)
    assert (observation.stopped, observation.exited and observation.exited.status) == (None, 0)


def test_two_gigabytes_at_once_end_at_the_memory_limit(bench: Bench) -> None:
    assert bench.watch(HOG).stopped is EndReason.MEMORY_LIMIT


def test_a_child_that_is_killed_for_lack_of_memory_ends_the_run(held: Bench) -> None:
    observation = held.watch(CHILD_HOGS)
    assert (observation.stopped, observation.oom_kills) == (EndReason.MEMORY_LIMIT, 1)
    assert observation.cgroup_peak_bytes is not None
    # The kernel charges a page before it refuses it.
    assert observation.cgroup_peak_bytes <= LIMITS.memory_bytes + 4096


def test_the_record_names_the_means_that_enforced_the_limits(held: Bench) -> None:
    observation = held.watch("pass")
    assert observation.memory_by == held.confinement.memory_by
    assert observation.processes_by == held.confinement.processes_by
    assert observation.controlled is not None
    assert observation.controlled.confined


def test_the_observer_enforces_the_limits_if_nothing_else_does(observed: Bench) -> None:
    observation = observed.watch("pass")
    assert (observation.memory_by, observation.processes_by) == (OBSERVER, OBSERVER)


def test_without_a_usable_group_the_observer_enforces_the_limits(
    tmp_path: Path,
) -> None:
    gone = Confinement(memory_by="cgroup v1", memory=tmp_path / "gone")
    with bench_in(tmp_path, gone) as bench:
        observation = bench.watch(HOG)
    assert (observation.memory_by, observation.stopped) == (OBSERVER, EndReason.MEMORY_LIMIT)
    assert observation.controlled is not None
    assert observation.controlled.refused == ["joining a cgroup: No such file or directory"]


def test_a_daemon_that_was_left_behind_is_killed(bench: Bench) -> None:
    observation = bench.watch(DAEMON)
    assert (observation.stopped, observation.exited and observation.exited.status) == (None, 0)


def test_a_spawn_pool_that_is_killed_leaves_nothing_in_shared_memory(bench: Bench) -> None:
    name = f"leaklab-test-{os.getpid()}"
    segments: set[str] = set()

    def shared(folder: Path) -> set[str]:
        return {path.name for path in folder.iterdir() if name in path.name}

    def stop(child: Child) -> None:
        if "running" in bench.output() and not segments:
            segments.update(shared(Path(f"/proc/{child.supervisor.pid}/root{SHARED}")))
            child.stop()

    bench.watch(SPAWN_POOL.replace("NAME", name), stop)
    assert {entry.split(".")[0] for entry in segments} == {name, "sem"}
    assert shared(SHARED) == set()


def test_a_resource_tracker_that_does_not_end_is_killed(bench: Bench) -> None:
    arguments = ["-c", "import time; time.sleep(1000) #.resource_tracker import main"]
    bench.watch(f"import subprocess, sys; subprocess.Popen([sys.executable, *{arguments}])")


def test_a_process_that_kills_its_supervisor_is_killed_by_its_group(held: Bench) -> None:
    observation = held.watch(PARRICIDE)
    assert (observation.exited, observation.stopped) == (None, None)
    assert held.confinement.pids() != []
    held.confinement.remove()


def test_a_process_that_stops_its_supervisor_ends_at_the_time_limit(bench: Bench) -> None:
    bench.limits = Limits(memory_bytes=300 << 20, time_seconds=1)
    code = "import os, signal, time\nos.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(1000)"
    assert bench.watch(code).stopped is EndReason.TIME_LIMIT


def test_descriptors_are_limited_for_each_process(observed: Bench) -> None:
    observed.limits = Limits(memory_bytes=300 << 20, time_seconds=20, descriptors=100)
    observed.watch("import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))")
    assert observed.output() == "(100, 100)\n"


def test_a_service_may_open_as_many_files_as_the_kernel_allows(observed: Bench) -> None:
    code = "import resource; print(len(set(resource.getrlimit(resource.RLIMIT_NOFILE))))"
    command = observed.command(code)
    with supervised(Command(command.argv, {}, observed.folder, observed.folder)) as child:
        wait_until(lambda: child.read_messages(0.01) or child.closed)
        wait_until(observed.output)
    assert observed.output() == "1\n"


def test_a_run_that_is_cancelled_ends_without_a_limit(bench: Bench) -> None:
    cancelled = threading.Event()
    with supervised(bench.command(SAY_BASELINE + "import time; time.sleep(1000)")) as child:
        observer = Observer(child, LIMITS, probes.platform_probes(), bench.confinement, cancelled)
        observation = observer.watch(cancelled.set)
    assert observation.stopped is None
    assert observation.exited is not None


def test_the_baseline_and_the_high_water_mark_of_every_process_are_kept(bench: Bench) -> None:
    code = f"""{SAY_BASELINE}
import time
for number in (1, 2):
    if os.fork() == 0:
        baseline(number)
        baseline(0)
        held = b"x" * (50_000_000 * number)
        open(f"held-{{number}}", "x")
        time.sleep(1000)
time.sleep(1000)
"""
    marks: set[int] = set()
    cancelled = threading.Event()
    home = bench.folder / "home"

    def keep_marks() -> None:
        present = observer._observation.high_water_bytes.values()
        # The last high-water mark may be read before the larger block is filled.
        filled = [sum(mark > least for mark in present) for least in (50_000_000, 100_000_000)]
        if len(list(home.iterdir())) == 2 and filled == [2, 1]:
            marks.update(present)
            cancelled.set()

    with supervised(bench.command(code)) as child:
        observer = Observer(child, LIMITS, probes.platform_probes(), bench.confinement, cancelled)
        observation = observer.watch(keep_marks)
    assert sorted(observation.baselines) == [0, 1, 2]
    assert {b.pid for b in observation.baselines.values()} == set(observation.high_water_bytes)
    assert [round(mark / 60_000_000) for mark in sorted(observation.high_water_bytes.values())] == [
        0,
        1,
        2,
    ]
    assert observation.tree_peak_pss_bytes is not None
    assert observation.polls > 0
    assert observation.cpu_seconds > 0


def test_a_harness_that_is_killed_leaves_no_group(tmp_path: Path, group: Confinement) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HARNESS, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as harness:
        assert harness.stdout is not None
        folders = [Path(word) for word in harness.stdout.readline().split()]
        assert [folder.exists() for folder in folders] == [True] * len(group.folders)
        harness.kill()
        wait_until(lambda: not any(folder.exists() for folder in folders))
    assert not tmp_path.exists()


def is_crier(process: psutil.Process) -> bool:
    return "fixtures.crier" in process.cmdline()


def test_a_service_that_dies_is_named_with_its_last_output(tmp_path: Path) -> None:
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "__init__.py").touch()
    (tmp_path / "fixtures" / "crier.py").write_text(
        "import socket, time\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "print(f'http://127.0.0.1:{server.getsockname()[1]}', flush=True)\n"
        "print('farewell', flush=True)\n"
        "time.sleep(1000)\n"
    )
    job = toys.job(toys.scenario(services=["crier"]))
    with (
        session_folder() as session,
        run_folder(session, 3) as folder,
        running(job, [tmp_path], folder, session, threading.Event()) as services,
    ):
        assert services.addresses["crier"].startswith("http://127.0.0.1:")
        assert services.death() == ""
        (service,) = (p for p in psutil.Process().children(recursive=True) if is_crier(p))
        service.kill()
        wait_until(services.death)
        message = "the service 'crier' died during the run: killed by SIGKILL"
        assert services.death() == f"{message}; its last output: farewell"


def test_a_cancelled_start_of_a_slow_service_ends_at_once(tmp_path: Path) -> None:
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "__init__.py").touch()
    (tmp_path / "fixtures" / "sleeper.py").write_text(
        f"import time\nopen({str(tmp_path / 'started')!r}, 'x')\ntime.sleep(1000)\n"
    )
    job = toys.job(toys.scenario(services=["sleeper"]))
    cancelled = threading.Event()

    def cancel() -> None:
        wait_until((tmp_path / "started").exists)
        cancelled.set()

    waiter = threading.Thread(target=cancel)
    waiter.start()
    began = time.monotonic()
    with (
        session_folder() as session,
        run_folder(session, 0) as folder,
        pytest.raises(Cancelled, match="'sleeper' was cancelled before it started"),
        running(job, [tmp_path], folder, session, cancelled),
    ):
        pass
    waiter.join()
    assert time.monotonic() - began < START_SECONDS / 2


def test_a_run_is_stopped_when_its_service_dies(bench: Bench) -> None:
    observation = bench.watch(
        "import time; time.sleep(1000)", death=lambda _: "the service is dead"
    )
    assert (observation.stopped, observation.service_death) == (
        EndReason.SERVICE_DIED,
        "the service is dead",
    )


def test_a_reached_limit_takes_precedence_over_a_dead_service(held: Bench) -> None:
    observation = held.watch(HOG, death=lambda _: "dead" if held.confinement.oom_kills() else "")
    assert (observation.stopped, observation.service_death) == (EndReason.MEMORY_LIMIT, "")


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("raise SystemExit(1)", (EndReason.SERVICE_DIED, "dead")),
        ("import os; os.write(3, b\"\\n{'kind': 'finished'}\\n\")", (None, "")),
    ],
)
def test_a_dead_service_explains_a_failed_run_and_not_a_completed_one(
    bench: Bench, code: str, result: tuple[EndReason | None, str]
) -> None:
    observation = bench.watch(code, death=lambda child: "dead" if child.closed else "")
    assert (observation.stopped, observation.service_death) == result


def test_a_run_has_a_folder_of_its_slot(tmp_path: Path) -> None:
    with run_folder(tmp_path, 0) as one, run_folder(tmp_path, 11) as other:
        assert [one.name, other.name] == ["run-00", "run-11"]
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_temporary_folder_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    advice = "free some disk space, or set TMPDIR to another folder"
    message = f"file/run-00/home: Not a directory; {advice}"
    with pytest.raises(NotMeasured, match=message), run_folder(tmp_path / "file", 0):
        pass
