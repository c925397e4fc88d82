"""Control groups: each run gets one if possible, so that the kernel itself enforces the limits.

cgroup version 2 is preferred to the hierarchies of version 1. If neither can be used for memory or
for processes, the observer enforces that limit instead. Only a group that is already delegated is
used, because switching on a controller in another group would change the host. In version 2 a
process is in one group only, and a group with processes cannot hand controllers down. The run's
group is therefore made beside the group of leaklab, in the deepest ancestor that hands down the
controllers that are needed.

`memory.oom.group` stays off: it would also kill the resource tracker of a pool, and the segments
that the tracker unlinks would stay in /dev/shm. One kill is enough, because it stops the run.
"""

import contextlib
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from leaklab.model.job import Limits
from leaklab.sandbox import cgroup_files
from leaklab.sandbox.cgroup_files import read_entry, stat_value

OBSERVER = "observer"
V1 = "cgroup v1"
V2 = "cgroup v2"
CONTROLLERS = ("memory", "pids")

# The pids controller also counts threads, which are allowed: a worker with a thread pool in each of
# its libraries has dozens. The observer counts the processes themselves.
THREADS = 4096

# How far below the limit the high-water mark of a group that met its limit may be: the kernel
# charges up to 64 pages at a time on each CPU (MEMCG_CHARGE_BATCH), and refuses them together.
CHARGED_AT_ONCE_BYTES = 1 << 20

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Confinement:
    """The cgroups that enforce a run's limits. Without a cgroup the observer enforces them.

    Attributes:
        memory_by, processes_by: What enforces the limit: `cgroup v2`, `cgroup v1` or `observer`.
        refused: For each limit that the observer enforces, the reason why no cgroup does.
        memory, processes: The folders of the groups with these controllers, which may be the same.
    """

    memory_by: str = OBSERVER
    processes_by: str = OBSERVER
    refused: list[str] = field(default_factory=list)
    memory: Path | None = None
    processes: Path | None = None

    @property
    def folders(self) -> list[Path]:
        """The folders of the groups, without duplicates."""
        return list(dict.fromkeys(folder for folder in (self.memory, self.processes) if folder))

    @property
    def stop_file(self) -> Path | None:
        """The file to write "0" to before killing the run. After that, no process can fork."""
        return self.processes / "pids.max" if self.processes else None

    def procs_files(self) -> list[Path]:
        """Return the files to write the pid of the run's first process to."""
        return [folder / "cgroup.procs" for folder in self.folders]

    def peak_bytes(self) -> int | None:
        """Return the group's high-water mark, which includes page cache and kernel memory; None if
        the kernel keeps no such mark."""
        name = "memory.peak" if self.memory_by == V2 else "memory.max_usage_in_bytes"
        text = read_entry(self.memory, name)
        return int(text) if text else None

    def shared_memory_bytes(self) -> int | None:
        """Return the shared memory charged to the group, mapped by a process or not; 0 without a
        group."""
        return stat_value(read_entry(self.memory, "memory.stat"), "shmem")

    def oom_kills(self) -> int:
        """Return how many processes the kernel killed because the run met its memory limit.

        If the run never met its own limit, the machine or a parent group ran out of memory, and the
        result is 0.
        """
        name = "memory.events" if self.memory_by == V2 else "memory.oom_control"
        kills = stat_value(read_entry(self.memory, name), "oom_kill")
        return kills if kills and self._own_limit_met() else 0

    def _own_limit_met(self) -> bool:
        if self.memory_by == V2:
            events = read_entry(self.memory, "memory.events")
            return bool(stat_value(events, "oom") or stat_value(events, "max"))
        # failcnt of version 1 cannot be used: Linux 6.18 leaves it at 0 after a kill.
        limit = int(read_entry(self.memory, "memory.limit_in_bytes") or 0)
        marks = (
            read_entry(self.memory, f"memory.{part}max_usage_in_bytes") for part in ("", "memsw.")
        )
        return any(int(mark or 0) > limit - CHARGED_AT_ONCE_BYTES for mark in marks)

    def forks_refused(self) -> int:
        """Return how many forks and threads the process limit refused, before the run was
        killed."""
        refused = stat_value(read_entry(self.processes, "pids.events"), "max")
        # Read after the count: refusals that are caused by killing the run do not count.
        return refused if refused and read_entry(self.processes, "pids.max").strip() != "0" else 0

    def pids(self) -> list[int] | None:
        """Return the pids of the run's living processes; None without a group."""
        return cgroup_files.pids(self.folders[0]) if self.folders else None

    def remove(self) -> None:
        """Kill the processes that are left in the groups and remove the groups, if they exist."""
        if self.stop_file:
            with contextlib.suppress(OSError):
                self.stop_file.write_text("0")
        for folder in self.folders:
            cgroup_files.remove(folder)


UNCONFINED = Confinement()


@dataclass(frozen=True)
class CgroupParent:
    """A group in which a run's group can be made, and the controllers it would have there.

    Attributes:
        version: V1 or V2.
    """

    version: str
    folder: Path
    controllers: frozenset[str]


@contextlib.contextmanager
def confined(limits: Limits, proc: Path = Path("/proc/self")) -> Iterator[Confinement]:
    """Make a run's cgroups with its limits. On exit, kill the processes left in them and remove
    them.

    Args:
        limits: The limits of memory and of processes.
        proc: The folder with the `cgroup` and `mountinfo` of this process.
    """
    confinement = _make(limits, cgroup_parents(proc))
    try:
        yield confinement
    finally:
        confinement.remove()


def cgroup_parents(proc: Path) -> list[CgroupParent]:
    """Return where groups can be made, best first: version 2, most controllers, deepest."""
    mounts = cgroup_files.mounts((proc / "mountinfo").read_text())
    parents: list[CgroupParent] = []
    for line in (proc / "cgroup").read_text().splitlines():
        number, controllers, own = line.split(":", 2)
        for mount in mounts:
            folder = mount.folder_of(own)
            if folder is None:
                continue
            if number == "0" and mount.file_system == "cgroup2":
                parents += _delegated(folder, mount.folder)
            elif mount.file_system == "cgroup" and {*controllers.split(",")} <= mount.options:
                parents.append(CgroupParent(V1, folder, mount.options & {*CONTROLLERS}))
    usable = [parent for parent in parents if parent.controllers]
    # The sort is stable: the deepest parents stay first.
    return sorted(usable, key=lambda parent: (parent.version != V2, -len(parent.controllers)))


def _delegated(own: Path, mount: Path) -> Iterator[CgroupParent]:
    """Yield the group of this process and its ancestors, each with the controllers that it hands
    down."""
    for folder in (own, *own.parents):
        controllers = frozenset(read_entry(folder, "cgroup.subtree_control").split())
        yield CgroupParent(V2, folder, controllers & {*CONTROLLERS})
        if folder == mount:
            return


def _make(limits: Limits, candidates: Sequence[CgroupParent]) -> Confinement:
    """Make a group for each controller in the first parent that permits it."""
    made: dict[str, tuple[str, Path]] = {}
    reasons = dict.fromkeys(CONTROLLERS, "none is delegated here")
    for parent in candidates:
        wanted = parent.controllers - made.keys()
        if not wanted or (parent.version == V2 and made):
            continue
        try:
            folder = _new_folder(parent.folder)
        except OSError as error:
            reasons |= dict.fromkeys(wanted, str(error.strerror))
            continue
        for controller in wanted:
            try:
                _limit(folder, parent.version, controller, limits)
                made[controller] = (parent.version, folder)
            except OSError as error:
                reasons[controller] = str(error.strerror)
        if folder not in [used for _, used in made.values()]:
            cgroup_files.remove(folder)
    memory, processes = (made.get(name, (OBSERVER, None)) for name in CONTROLLERS)
    refused = [f"{name} cgroup: {reasons[name]}" for name in CONTROLLERS if name not in made]
    return Confinement(memory[0], processes[0], refused, memory[1], processes[1])


def _new_folder(parent: Path) -> Path:
    """Make a group, and remove the groups of harnesses that died with their supervisors."""
    for old in parent.glob("leaklab-*-*"):
        if not Path("/proc", old.name.split("-")[1]).exists():
            with contextlib.suppress(OSError):
                old.rmdir()
    while True:
        folder = parent / f"leaklab-{os.getpid()}-{next(_numbers)}"
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder


def _limit(folder: Path, version: str, controller: str, limits: Limits) -> None:
    memory, tasks = str(limits.memory_bytes), str(limits.processes + THREADS)
    required, optional = {
        (V1, "memory"): (
            {"memory.limit_in_bytes": memory},
            {"memory.swappiness": "0", "memory.memsw.limit_in_bytes": memory},
        ),
        (V2, "memory"): ({"memory.max": memory}, {"memory.swap.max": "0"}),
        (V1, "pids"): ({"pids.max": tasks}, {}),
        (V2, "pids"): ({"pids.max": tasks}, {}),
    }[version, controller]
    # On kernels that account for swap, a run could evade its memory limit by swapping.
    present = {name: value for name, value in optional.items() if (folder / name).exists()}
    for name, value in {**required, **present}.items():
        (folder / name).write_text(value)
