"""The executor of real runs: it starts services and agent, observes, and returns a measurement."""

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.interpreters import interpreter_of
from leaklab.model.errors import Cancelled
from leaklab.model.job import Job, Limits
from leaklab.model.measurement import EndReason, Measurement
from leaklab.model.scenario import Scope
from leaklab.observer import probes
from leaklab.observer.checkpoints import Checkpoints, Decision
from leaklab.observer.observation import Observation
from leaklab.observer.observer import Observer
from leaklab.observer.sample_tables import SampleTables, sample_tables
from leaklab.runs.limits import available_bytes
from leaklab.runs.measured import make_measurement, records, tail_of
from leaklab.runs.orders import agent_order, cpus_of_slot
from leaklab.runs.stopping import ResourceUse, RunState, decide
from leaklab.sandbox import services
from leaklab.sandbox.cgroups import Confinement, confined
from leaklab.sandbox.child import Child
from leaklab.sandbox.launch import Command, agent_argv, fixed_environment, supervised
from leaklab.sandbox.protocol import Task, encode_order
from leaklab.sandbox.scratch import run_folder, session_folder
from leaklab.sandbox.services import Services

Progress = Callable[[int], None]


class Sampling(Enum):
    """Whether the agent samples. With OFF it runs the workload bare, to measure sampling's cost."""

    ON = True
    OFF = False


class ProcessExecutor:
    """Runs each job in its own processes; a context manager that owns the session's folder.

    It makes as many runs at a time as it has slots; each slot has its own folder and first CPU.
    """

    def __init__(
        self, catalogue: Catalogue, limits: Limits, sampling: Sampling = Sampling.ON, slots: int = 1
    ) -> None:
        """Prepare to run scenarios of a catalogue within limits, `slots` of them at a time.

        Raises:
            NotMeasured: This platform is not supported.
        """
        self._catalogue = catalogue
        self._limits = limits
        self._sampling = sampling
        self._probes = probes.platform_probes()
        self._cpus = sorted(os.sched_getaffinity(0), reverse=True)
        self._rehearsed: set[str] = set()
        self._rehearsal = threading.Lock()
        self._cancelled = threading.Event()
        self._slots: queue.SimpleQueue[int] = queue.SimpleQueue()
        for slot in range(slots):
            self._slots.put(slot)
        self._stack = ExitStack()

    def __enter__(self) -> "ProcessExecutor":
        self._session = self._stack.enter_context(session_folder())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def folder(self) -> Path:
        """The session's temporary folder, which is removed when the session ends."""
        return self._session

    def execute(self, job: Job, progress: Progress) -> Measurement:
        """Make one run and return its measurement. Several threads may call this at a time.

        A rehearsal of one unit a worker precedes the first run of a variant, and the first one in a
        mode. It leaves the bytecode of all imports in the session's cache, because a run that
        compiles modules has another peak. If the rehearsal fails, its measurement is returned.

        Raises:
            Cancelled: The session is ending.
            LabError: A service does not start.
        """
        task = Task.POOL if job.mode.is_pool else Task.RUN
        with self._slot() as slot:
            is_rehearsed = rehearsal_keys(job) <= self._rehearsed
            failed = None if is_rehearsed else self._rehearse(job, task, slot)
            return failed or self._execute(job, task, job.units, progress, slot)

    def _rehearse(self, job: Job, task: Task, slot: int) -> Measurement | None:
        """Rehearse, unless another thread has done so; return the measurement if it failed."""
        with self._rehearsal:
            if rehearsal_keys(job) <= self._rehearsed:
                return None
            measurement = self._execute(job, task, job.workers, lambda _: None, slot)
            if measurement.end_reason is not EndReason.COMPLETED:
                return measurement
            self._rehearsed |= rehearsal_keys(job)
            return None

    def check(self, job: Job) -> Measurement:
        """Check a variant with the scenario's functional contract, in place of its workload."""
        with self._slot() as slot:
            return self._execute(job, Task.CHECK, job.units, lambda _: None, slot)

    def cancel(self) -> None:
        """End every run that is under way soon, and every later run at once."""
        self._cancelled.set()

    @contextmanager
    def _slot(self) -> Iterator[int]:
        slot = self._slots.get()
        try:
            yield slot
        finally:
            self._slots.put(slot)

    def _execute(
        self, job: Job, task: Task, units: int, progress: Progress, slot: int
    ) -> Measurement:
        with self._prepared(job, slot) as prepared:
            order = agent_order(
                job,
                task,
                units,
                roots=self._catalogue.import_roots,
                cpus=cpus_of_slot(self._cpus, slot),
                services=prepared.services.addresses,
                scratch=prepared.folder / "home",
                sampling=self._sampling is Sampling.ON,
            )
            (prepared.folder / "job").write_bytes(encode_order(order))
            command = self._command(job, prepared)
            tables = prepared.tables
            with supervised(command) as child:
                observer = self._observer(job, child, prepared)
                observation = observer.watch(lambda: progress(tables.total_units_done()))
                if self._cancelled.is_set():
                    raise Cancelled(f"{job.label}: cancelled")
                tail = tail_of(child)
                return make_measurement(observation, tables, prepared.cpu, tail, self._limits)

    @contextmanager
    def _prepared(self, job: Job, slot: int) -> Iterator["_Prepared"]:
        """Prepare all that a run needs apart from its process; remove it on exit."""
        roots = self._catalogue.import_roots
        with (
            run_folder(self._session, slot) as folder,
            services.running(job, roots, folder, self._session, self._cancelled) as running,
            sample_tables(job.workers + 1 if job.mode.is_pool else 1) as tables,
            confined(self._limits) as confinement,
            _pipe() as (read, write),
        ):
            cpu = self._cpus[slot % len(self._cpus)]
            began = time.monotonic()
            yield _Prepared(folder, cpu, running, tables, confinement, read, write, began)

    def _command(self, job: Job, prepared: "_Prepared") -> Command:
        """Return the command that starts the agent in the run's folder by the job's interpreter."""
        interpreter = interpreter_of(job.python)
        return Command(
            agent_argv(interpreter.path, prepared.folder / "job"),
            fixed_environment(prepared.folder, self._session / "bytecode"),
            prepared.folder,
            self._session,
            cpu=prepared.cpu,
            limits=self._limits,
            data_limit_bytes=None if prepared.confinement.memory else available_bytes(),
            confinement=prepared.confinement,
            keep_fds=[prepared.tables.fd, prepared.orders_read],
            reads=[*self._catalogue.import_roots, interpreter.prefix],
        )

    def _observer(self, job: Job, child: Child, prepared: "_Prepared") -> Observer:
        checkpoints = Checkpoints(
            prepared.orders_write,
            lambda units, observation: self._decide(job, units, observation, prepared),
            prepared.tables.total_units_done,
            job.scenario.scope,
        )
        return Observer(
            child,
            self._limits,
            self._probes,
            prepared.confinement,
            self._cancelled,
            death=prepared.services.death,
            checkpoints=checkpoints,
        )

    def _decide(
        self, job: Job, units: int, observation: Observation, prepared: "_Prepared"
    ) -> Decision:
        """Decide whether a run under way goes on, from what was measured of it until now."""
        surveyed = max((survey.units for survey in observation.bounded), default=0)
        processes = records(observation, prepared.tables)
        tree, lives = observation.tree.samples(), observation.replaced.lives()
        state = RunState(units, processes, tree, lives, surveyed)
        pids = [process.pid for process in processes]
        if job.scenario.scope is Scope.TREE:
            pids = self._probes.descendants(observation.top_pid, self._limits.processes)
        taken = [self._probes.cpu_seconds(pid) or 0.0 for pid in pids]
        used = ResourceUse(
            cpu_seconds=sum(taken) if job.scenario.scope is Scope.TREE else max(taken, default=0.0),
            resident_bytes=sum(self._probes.rss_bytes(pid) or 0 for pid in pids),
            elapsed_seconds=time.monotonic() - prepared.began,
        )
        return decide(job, self._limits, state, used)


@dataclass(frozen=True)
class _Prepared:
    """A run's folder, CPU, services, tables and cgroups, and the pipe with answers to its agent."""

    folder: Path
    cpu: int
    services: Services
    tables: SampleTables
    confinement: Confinement
    orders_read: int
    orders_write: int
    began: float


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    """Open a pipe; yield the descriptors for reading and for writing."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        os.close(ends[0])
        os.close(ends[1])


def rehearsal_keys(job: Job) -> set[str]:
    """Return the keys of the rehearsals that a run needs: its variant, and its mode."""
    return {f"{job.scenario.name}/{job.variant}/{job.python}", f"{job.mode}/{job.python}"}
