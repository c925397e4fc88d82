"""Control groups: one per run where one can be made, so that the kernel itself holds the limits.

Version 2 comes first, then version 1's hierarchies, then nothing: memory and processes fall back
each on its own to the observer. Only a group that is already delegated is used, for switching a
controller on in a foreign group would change the host. A process of version 2 is in one group
only, and a group with processes of its own cannot hand controllers down: so the run's group is
made beside our own, in the deepest ancestor that hands down what is needed.

`memory.oom.group` stays off: it would kill the resource tracker of a pool as well, and what that
has to unlink would stay in /dev/shm. One kill is enough, the run is stopped for it.
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

# The pids controller counts threads, too, and they are no fault: a worker with a thread pool for
# each of its libraries has some dozens. The observer counts the processes themselves.
THREADS = 4096

# How far below its limit the mark of a group that met it may be: the kernel charges up to 64 pages
# at a time on each CPU (MEMCG_CHARGE_BATCH), and refuses them together.
CHARGED_AT_ONCE_BYTES = 1 << 20

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Confinement:
    """What holds a run to its limits: its cgroups, or the observer where there is none.

    `memory_by` and `processes_by` are `cgroup v2`, `cgroup v1` or `observer`; `refused` says why,
    where it is the observer. Without arguments, a confinement of nothing.
    """

    memory_by: str = OBSERVER
    processes_by: str = OBSERVER
    refused: list[str] = field(default_factory=list)
    memory: Path | None = None
    processes: Path | None = None

    @property
    def folders(self) -> list[Path]:
        """The groups, each once."""
        return list(dict.fromkeys(folder for folder in (self.memory, self.processes) if folder))

    @property
    def stop_file(self) -> Path | None:
        """Where "0" is to be written before the run is killed: nothing can fork from then on."""
        return self.processes / "pids.max" if self.processes else None

    def procs_files(self) -> list[Path]:
        """The files that the pid of the run's first process is to be written to."""
        return [folder / "cgroup.procs" for folder in self.folders]

    def peak_bytes(self) -> int | None:
        """The group's own high-water mark, page cache and kernel memory included; None where the
        kernel keeps none."""
        name = "memory.peak" if self.memory_by == V2 else "memory.max_usage_in_bytes"
        text = read_entry(self.memory, name)
        return int(text) if text else None

    def shared_memory_bytes(self) -> int | None:
        """Shared memory that is charged to the group, whether or not any process has it mapped;
        None where no group counts it."""
        return stat_value(read_entry(self.memory, "memory.stat"), "shmem")

    def oom_kills(self) -> int:
        """How many processes of the run the kernel killed for want of memory under the run's own
        limit; where that was never met, it was the machine, or a group above, that ran out."""
        name = "memory.events" if self.memory_by == V2 else "memory.oom_control"
        kills = stat_value(read_entry(self.memory, name), "oom_kill")
        return kills if kills and self._own_limit_met() else 0

    def _own_limit_met(self) -> bool:
        if self.memory_by == V2:
            events = read_entry(self.memory, "memory.events")
            return bool(stat_value(events, "oom") or stat_value(events, "max"))
        # Not by version 1's failcnt: Linux 6.18 leaves it at 0, whatever is killed.
        limit = int(read_entry(self.memory, "memory.limit_in_bytes") or 0)
        marks = (
            read_entry(self.memory, f"memory.{kind}max_usage_in_bytes") for kind in ("", "memsw.")
        )
        return any(int(mark or 0) > limit - CHARGED_AT_ONCE_BYTES for mark in marks)

    def forks_refused(self) -> int:
        """How many processes and threads were refused, while the run was still allowed any."""
        refused = stat_value(read_entry(self.processes, "pids.events"), "max")
        # Read after the count: what was refused because the run is being killed is no fault.
        return refused if refused and read_entry(self.processes, "pids.max").strip() != "0" else 0

    def pids(self) -> list[int] | None:
        """The run's living processes; None where no group holds them together."""
        return cgroup_files.pids(self.folders[0]) if self.folders else None

    def remove(self) -> None:
        """Kill what is left in the groups, and take them away; it may be done already."""
        if self.stop_file:
            with contextlib.suppress(OSError):
                self.stop_file.write_text("0")
        for folder in self.folders:
            cgroup_files.remove(folder)


UNCONFINED = Confinement()


@dataclass(frozen=True)
class CgroupParent:
    """A group in which a run's group may be made, and the controllers it would have there."""

    version: str
    folder: Path
    controllers: frozenset[str]


@contextlib.contextmanager
def confined(limits: Limits, proc: Path = Path("/proc/self")) -> Iterator[Confinement]:
    """Make a run's cgroups with its limits; on leaving, kill what is left in them and remove them.

    Args:
        limits: of memory and of processes.
        proc: where our own `cgroup` and `mountinfo` are read.
    """
    confinement = _make(limits, cgroup_parents(proc))
    try:
        yield confinement
    finally:
        confinement.remove()


def cgroup_parents(proc: Path) -> list[CgroupParent]:
    """Where groups may be made, best first: version 2, most controllers, deepest."""
    mounts = cgroup_files.mounts((proc / "mountinfo").read_text())
    found: list[CgroupParent] = []
    for line in (proc / "cgroup").read_text().splitlines():
        number, controllers, own = line.split(":", 2)
        for mount in mounts:
            folder = mount.folder_of(own)
            if folder is None:
                continue
            if number == "0" and mount.file_system == "cgroup2":
                found += _delegated(folder, mount.folder)
            elif mount.file_system == "cgroup" and {*controllers.split(",")} <= mount.options:
                found.append(CgroupParent(V1, folder, mount.options & {*CONTROLLERS}))
    # The sort is stable: the deepest stay first.
    return sorted(
        (p for p in found if p.controllers), key=lambda p: (p.version != V2, -len(p.controllers))
    )


def _delegated(own: Path, mount: Path) -> Iterator[CgroupParent]:
    """Our own group and those above it, each with what it hands down to its children."""
    for folder in (own, *own.parents):
        handed = frozenset(read_entry(folder, "cgroup.subtree_control").split())
        yield CgroupParent(V2, folder, handed & {*CONTROLLERS})
        if folder == mount:
            return


def _make(limits: Limits, candidates: Sequence[CgroupParent]) -> Confinement:
    """A group for each controller in the first place that lets us make and limit it."""
    made: dict[str, tuple[str, Path]] = {}
    reasons = dict.fromkeys(CONTROLLERS, "none is delegated here")
    for place in candidates:
        wanted = place.controllers - made.keys()
        if not wanted or (place.version == V2 and made):
            continue
        try:
            folder = _new_folder(place.folder)
        except OSError as error:
            reasons |= dict.fromkeys(wanted, str(error.strerror))
            continue
        for controller in wanted:
            try:
                _limit(folder, place.version, controller, limits)
                made[controller] = (place.version, folder)
            except OSError as error:
                reasons[controller] = str(error.strerror)
        if folder not in [used for _, used in made.values()]:
            cgroup_files.remove(folder)
    memory, processes = (made.get(name, (OBSERVER, None)) for name in CONTROLLERS)
    refused = [f"{name} cgroup: {reasons[name]}" for name in CONTROLLERS if name not in made]
    return Confinement(memory[0], processes[0], refused, memory[1], processes[1])


def _new_folder(parent: Path) -> Path:
    """A group of our own; those of harnesses that died together with their supervisors go."""
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
    must, may = {
        (V1, "memory"): (
            {"memory.limit_in_bytes": memory},
            {"memory.swappiness": "0", "memory.memsw.limit_in_bytes": memory},
        ),
        (V2, "memory"): ({"memory.max": memory}, {"memory.swap.max": "0"}),
        (V1, "pids"): ({"pids.max": tasks}, {}),
        (V2, "pids"): ({"pids.max": tasks}, {}),
    }[version, controller]
    # Swap would be a way out of the limit, on kernels that account for it.
    present = {name: value for name, value in may.items() if (folder / name).exists()}
    for name, value in {**must, **present}.items():
        (folder / name).write_text(value)
