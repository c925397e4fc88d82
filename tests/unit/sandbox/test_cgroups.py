"""The place, limits and figures of a run's cgroups, on simulated file trees."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from leaklab.model.job import Limits
from leaklab.sandbox.cgroups import (
    OBSERVER,
    THREADS,
    UNCONFINED,
    V1,
    V2,
    Confinement,
    cgroup_parents,
    confined,
)

LIMITS = Limits(memory_bytes=300 << 20, time_seconds=10, processes=40)
TASKS = str(LIMITS.processes + THREADS)

FILES_OF = {
    "v1": "memory.limit_in_bytes memory.memsw.limit_in_bytes memory.swappiness pids.max",
    "v2": "memory.max memory.swap.max memory.oom.group pids.max",
}


class Machine:
    """A simulated machine: `proc` of this process, and folders that fill like the kernel's."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place = place
        self.proc = place / "proc"
        self.proc.mkdir()
        self.mounts: list[str] = []
        self.own: list[str] = []
        self.files = FILES_OF["v1"]
        self.refusing: list[Path] = []
        make = Path.mkdir

        def mkdir(path: Path) -> None:
            if path.parent in self.refusing:
                raise OSError(30, "Read-only file system")
            make(path)
            for name in [*self.files.split(), "cgroup.procs"]:
                (path / name).touch()

        monkeypatch.setattr(Path, "mkdir", mkdir)
        monkeypatch.setattr(Path, "rmdir", shutil.rmtree)

    def mount(self, kind: str, options: str, root: str = "/") -> Path:
        """Mount a hierarchy at a folder of its name."""
        folder = self.place / f"{kind} {options}"
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103  (not the kernel's)
        where = str(folder).replace(" ", "\\040")
        self.mounts.append(f"31 23 0:28 {root} {where} rw shared:5 - {kind} none rw,{options}")
        return folder

    def group(self, folder: Path, hands_down: str = "") -> Path:
        """Create a group in advance."""
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103  (not the kernel's)
        (folder / "cgroup.subtree_control").write_text(hands_down)
        return folder

    def switch_on(self) -> Path:
        """Write the files of the kernel; return the folder from which they are read."""
        (self.proc / "mountinfo").write_text("\n".join(self.mounts))
        (self.proc / "cgroup").write_text("\n".join(self.own))
        return self.proc


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def texts(folder: Path | None, names: Iterable[str]) -> list[str]:
    assert folder is not None
    return [(folder / name).read_text() for name in names]


def test_version_1_has_a_group_in_each_of_its_hierarchies(machine: Machine) -> None:
    memory, pids = machine.mount("cgroup", "memory"), machine.mount("cgroup", "pids")
    own = machine.group(memory / "user" / "lab")
    machine.own = ["4:memory:/user/lab", "8:pids:/", "9:name=systemd:/", "0::/"]
    with confined(LIMITS, machine.switch_on()) as confinement:
        assert (confinement.memory_by, confinement.processes_by, confinement.refused) == (
            V1,
            V1,
            [],
        )
        assert [folder.parent for folder in confinement.folders] == [own, pids]
        assert confinement.procs_files() == [
            folder / "cgroup.procs" for folder in confinement.folders
        ]
        names = ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.swappiness"]
        assert texts(confinement.memory, names) == [str(300 << 20), str(300 << 20), "0"]
        assert texts(confinement.processes, ["pids.max"]) == [TASKS]
    assert not any(folder.exists() for folder in confinement.folders)


def test_without_swap_accounting_no_swap_limit_is_written(machine: Machine) -> None:
    machine.mount("cgroup", "memory")
    machine.own = ["4:memory:/"]
    machine.files = "memory.limit_in_bytes"
    with confined(LIMITS, machine.switch_on()) as confinement:
        assert confinement.memory is not None
        assert not (confinement.memory / "memory.memsw.limit_in_bytes").exists()


def test_version_2_has_one_group_in_the_deepest_delegating_parent(
    machine: Machine,
) -> None:
    machine.files = FILES_OF["v2"]
    mount = machine.group(machine.mount("cgroup2", "rw"), "cpu memory pids")
    user = machine.group(mount / "user", "cpu memory pids")
    machine.group(user / "session")
    machine.own = ["0::/user/session"]
    with confined(LIMITS, machine.switch_on()) as confinement:
        assert (confinement.memory_by, confinement.processes_by, confinement.refused) == (
            V2,
            V2,
            [],
        )
        assert [folder.parent for folder in confinement.folders] == [user]
        names = ["memory.max", "memory.swap.max", "pids.max", "memory.oom.group"]
        assert texts(confinement.memory, names) == [str(300 << 20), "0", TASKS, ""]


def test_both_controllers_are_better_than_a_deeper_place(machine: Machine) -> None:
    machine.files = FILES_OF["v2"]
    mount = machine.group(machine.mount("cgroup2", "rw"), "memory pids")
    machine.group(mount / "user", "memory")
    machine.own = ["0::/user"]
    with confined(LIMITS, machine.switch_on()) as confinement:
        assert [folder.parent for folder in confinement.folders] == [mount]


def test_a_parent_that_refuses_is_followed_by_the_one_above_it(machine: Machine) -> None:
    machine.files = FILES_OF["v2"]
    mount = machine.group(machine.mount("cgroup2", "rw"), "memory pids")
    machine.refusing = [machine.group(mount / "user", "memory pids")]
    machine.own = ["0::/user"]
    with confined(LIMITS, machine.switch_on()) as confinement:
        assert [folder.parent for folder in confinement.folders] == [mount]


def test_a_hybrid_has_the_controllers_of_both_versions(machine: Machine) -> None:
    machine.files = " ".join(FILES_OF.values())
    unified = machine.group(machine.mount("cgroup2", "rw"), "pids")
    memory = machine.mount("cgroup", "memory,hugetlb")
    machine.own = ["4:memory,hugetlb:/", "0::/"]
    with confined(LIMITS, machine.switch_on()) as confinement:
        assert (confinement.memory_by, confinement.processes_by) == (V1, V2)
        assert [folder.parent for folder in confinement.folders] == [memory, unified]


def test_each_limit_falls_back_separately_with_a_reason(machine: Machine) -> None:
    machine.refusing = [machine.mount("cgroup", "memory")]
    machine.mount("cgroup", "pids")
    machine.own = ["4:memory:/", "8:pids:/"]
    with confined(LIMITS, machine.switch_on()) as confinement:
        assert (confinement.memory_by, confinement.processes_by) == (OBSERVER, V1)
        assert confinement.refused == ["memory cgroup: Read-only file system"]
        assert confinement.memory is None


def test_an_empty_unified_mount_limits_nothing(machine: Machine) -> None:
    machine.group(machine.mount("cgroup2", "rw"))
    machine.own = ["0::/"]
    with confined(LIMITS, machine.switch_on()) as confinement:
        arguments = ["memory cgroup: none is delegated here", "pids cgroup: none is delegated here"]
        assert confinement == Confinement(refused=arguments)


@pytest.mark.parametrize("own", ["/../lab", "/elsewhere", "/docker-compose"])
def test_a_group_that_the_mount_does_not_show_is_left_alone(machine: Machine, own: str) -> None:
    machine.mount("cgroup", "memory", root="/docker")
    machine.own = [f"4:memory:{own}"]
    assert cgroup_parents(machine.switch_on()) == []


def test_a_mount_may_begin_below_the_root_of_its_hierarchy(machine: Machine) -> None:
    folder = machine.mount("cgroup", "memory", root="/docker/1")
    machine.own = ["4:memory:/docker/1/lab"]
    assert [place.folder for place in cgroup_parents(machine.switch_on())] == [folder / "lab"]


def test_each_run_has_its_own_groups(machine: Machine) -> None:
    machine.mount("cgroup", "memory")
    machine.own = ["4:memory:/"]
    proc = machine.switch_on()
    with confined(LIMITS, proc) as one, confined(LIMITS, proc) as other:
        assert one.memory != other.memory
        assert all(f.name.startswith(f"leaklab-{os.getpid()}-") for f in one.folders)


def test_groups_of_dead_runs_are_removed_and_those_of_live_runs_stay(machine: Machine) -> None:
    memory = machine.mount("cgroup", "memory")
    machine.own = ["4:memory:/"]
    dead = machine.group(memory / "leaklab-999999999-1")
    living = machine.group(memory / "leaklab-1-1")
    with confined(LIMITS, machine.switch_on()):
        assert not dead.exists()
        assert living.exists()


def test_a_group_that_no_longer_exists_is_not_an_error(machine: Machine) -> None:
    machine.mount("cgroup", "memory")
    machine.own = ["4:memory:/"]
    with confined(LIMITS, machine.switch_on()) as confinement:
        for folder in confinement.folders:
            shutil.rmtree(folder)
    assert confinement.pids() == []


@pytest.fixture
def group(tmp_path: Path) -> Path:
    (tmp_path / "pids.max").write_text(TASKS)
    return tmp_path


@pytest.mark.parametrize(
    ("means", "peak", "events", "text"),
    [
        (V1, "memory.max_usage_in_bytes", "memory.oom_control", "oom_kill_disable 0\nunder_oom 1"),
        (V2, "memory.peak", "memory.events", "low 9\nmax 8\noom 7\noom_group_kill 1"),
    ],
)
def test_the_peak_and_the_kills_are_read_from_the_files_of_each_version(
    group: Path, means: str, peak: str, events: str, text: str
) -> None:
    confinement = Confinement(memory_by=means, memory=group)
    assert (confinement.peak_bytes(), confinement.oom_kills()) == (None, 0)
    (group / peak).write_text("4096\n")
    (group / "memory.limit_in_bytes").write_text("4096\n")
    (group / events).write_text(text + "\noom_kill 3\n")
    assert (confinement.peak_bytes(), confinement.oom_kills()) == (4096, 3)


@pytest.mark.parametrize(
    ("means", "files", "kills"),
    [
        (V1, {"memory.max_usage_in_bytes": 298 << 20}, 0),
        (V1, {"memory.max_usage_in_bytes": 300 << 20}, 3),
        (V1, {"memory.max_usage_in_bytes": (300 << 20) - 32_768}, 3),
        (V1, {"memory.max_usage_in_bytes": 200 << 20, "memory.memsw.max_usage_in_bytes": 1}, 0),
        (
            V1,
            {"memory.max_usage_in_bytes": 200 << 20, "memory.memsw.max_usage_in_bytes": 300 << 20},
            3,
        ),
        (V2, {"memory.events": "max 0\noom 0\noom_kill 3"}, 0),
        (V2, {"memory.events": "max 1\noom 0\noom_kill 3"}, 3),
        (V2, {"memory.events": "max 0\noom 1\noom_kill 3"}, 3),
    ],
)
def test_a_kill_counts_only_if_the_run_s_own_limit_was_reached(
    group: Path, means: str, files: dict[str, object], kills: int
) -> None:
    (group / "memory.limit_in_bytes").write_text(f"{300 << 20}\n")
    for name, text in {"memory.oom_control": "oom_kill 3", **files}.items():
        (group / name).write_text(f"{text}\n")
    assert Confinement(memory_by=means, memory=group).oom_kills() == kills


def test_forks_refused_to_dying_processes_are_not_an_error(group: Path) -> None:
    (group / "pids.events").write_text("max 5\n")
    confinement = Confinement(processes_by=V1, processes=group)
    assert confinement.forks_refused() == 5
    (group / "pids.max").write_text("0\n")
    assert confinement.forks_refused() == 0


def test_processes_of_another_namespace_are_not_ours(group: Path) -> None:
    (group / "cgroup.procs").write_text("17\n0\n18\n")
    assert Confinement(processes_by=V1, processes=group).pids() == [17, 18]


def test_a_confinement_without_groups_has_no_figures() -> None:
    assert (UNCONFINED.memory_by, UNCONFINED.processes_by) == (OBSERVER, OBSERVER)
    assert (UNCONFINED.procs_files(), UNCONFINED.folders, UNCONFINED.stop_file) == ([], [], None)
    assert (UNCONFINED.pids(), UNCONFINED.peak_bytes()) == (None, None)
    assert (UNCONFINED.oom_kills(), UNCONFINED.forks_refused()) == (0, 0)
