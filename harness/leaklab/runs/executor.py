"""One real run: services, agent, observer, and what they found put together as a trace."""

import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from enum import Enum
from pathlib import Path

from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.interpreters import interpreter_of
from leaklab.model.errors import Cancelled
from leaklab.model.job import Job, Limits
from leaklab.model.measurement import Ended, Trace
from leaklab.model.scenario import Scope
from leaklab.observer import probes
from leaklab.observer.observer import Observer
from leaklab.observer.sample_tables import sample_tables
from leaklab.runs.measured import make_trace
from leaklab.runs.stopping import ByVerdict
from leaklab.sandbox import services
from leaklab.sandbox.cgroups import Confinement, confined
from leaklab.sandbox.launch import Child, Command, agent_argv, fixed_environment, supervised
from leaklab.sandbox.protocol import AgentOrder, Asks, Task, encode
from leaklab.sandbox.scratch import run_folder, session_folder
from leaklab.verdict.resources import SIGNALS_OF

Progress = Callable[[int], None]
OUTPUT_TAIL_BYTES = 2000


class Sampling(Enum):
    """Whether the agent samples; without, it runs the workload bare, to measure what that costs."""

    ON = True
    OFF = False


class ProcessExecutor:
    """Runs jobs in processes of their own; a context manager that owns the session's folder.

    As many runs at a time as it has slots, each with a folder and a first processor of its own.
    """

    def __init__(
        self, catalogue: Catalogue, limits: Limits, sampling: Sampling = Sampling.ON, slots: int = 1
    ) -> None:
        """Prepare to run scenarios of a catalogue within limits.

        Raises:
            NotMeasured: this platform cannot be measured on.
        """
        self._catalogue = catalogue
        self._limits = limits
        self._sampling = sampling
        self._probes = probes.choose()
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
        """The session's own folder, which goes away with it however it ends."""
        return self._session

    def execute(self, job: Job, progress: Progress) -> Trace:
        """Make one run; `progress` is told the units done so far. Threads may call it at a time.

        Before a variant's first run, and before the first in a mode, comes a rehearsal of one unit
        a worker, which leaves the bytecode of all it imports in the session's cache: a run that
        compiles has another peak than one that does not. Where it fails, it is the result.

        Raises:
            Cancelled: the session is ending.
            LabError: a service does not start.
        """
        do = Task.POOL if job.mode.is_pool else Task.RUN
        with self._slot() as slot:
            failed = None if parts_of(job) <= self._rehearsed else self._rehearse(job, do, slot)
            return failed or self._execute(job, do, job.units, progress, slot)

    def _rehearse(self, job: Job, do: Task, slot: int) -> Trace | None:
        """Make the rehearsal, unless another thread did meanwhile; its trace where it failed."""
        with self._rehearsal:
            if parts_of(job) <= self._rehearsed:
                return None
            trace = self._execute(job, do, job.workers, lambda _: None, slot)
            if trace.ended is not Ended.COMPLETED:
                return trace
            self._rehearsed |= parts_of(job)
            return None

    def check(self, job: Job) -> Trace:
        """Run a scenario's functional contract on a variant."""
        with self._slot() as slot:
            return self._execute(job, Task.CHECK, job.units, lambda _: None, slot)

    def cancel(self) -> None:
        """Make every run end soon, and those to come at once."""
        self._cancelled.set()

    @contextmanager
    def _slot(self) -> Iterator[int]:
        slot = self._slots.get()
        try:
            yield slot
        finally:
            self._slots.put(slot)

    def _execute(self, job: Job, do: Task, units: int, progress: Progress, slot: int) -> Trace:
        roots = self._catalogue.import_roots
        cpu = self._cpus[slot % len(self._cpus)]
        with (
            run_folder(self._session, slot) as folder,
            services.running(job, roots, folder, self._session, self._cancelled) as peers,
            sample_tables(job.workers + 1 if job.mode.is_pool else 1) as tables,
            confined(self._limits) as confinement,
            _pipe() as (heard, said),
        ):
            home = folder / "home"
            order = self._order(job, do, units, self._slot_cpus(slot), peers.addresses, home)
            (folder / "job").write_bytes(encode(order))
            command = self._command(job, folder, cpu, confinement, [tables.fd, heard])
            with supervised(command) as child:
                means = self._limits, self._probes, confinement, self._cancelled
                steering = ByVerdict(job, self._limits, tables, self._probes, said)
                observer = Observer(child, *means, peers.death, steering)
                seen = observer.watch(lambda: progress(tables.units_done_in_all()))
                if self._cancelled.is_set():
                    raise Cancelled(f"{job.label}: given up")
                return make_trace(seen, tables, cpu, _tail(child))

    def _command(
        self, job: Job, folder: Path, cpu: int, confinement: Confinement, keep_fds: Sequence[int]
    ) -> Command:
        """The agent, started in a run's folder by the job's interpreter."""
        interpreter = interpreter_of(job.python)
        return Command(
            agent_argv(interpreter.path, folder / "job"),
            fixed_environment(folder, self._session / "bytecode"),
            folder,
            self._session,
            cpu=cpu,
            limits=self._limits,
            data_limit_bytes=available_bytes() if confinement.memory is None else None,
            confinement=confinement,
            keep_fds=keep_fds,
            reads=[*self._catalogue.import_roots, interpreter.prefix],
        )

    def _slot_cpus(self, slot: int) -> list[int]:
        """The CPUs in a slot's order.

        A worker lies to its parent on the CPUs as in any other slot, the first beside it: a forked
        one's RSS was counted in part on the parent's CPU, and the kernel sums that up roughly.
        """
        slot %= len(self._cpus)
        return self._cpus[slot:] + self._cpus[:slot]

    def _order(  # noqa: PLR0913, PLR0917  (what differs between runs of one job)
        self,
        job: Job,
        do: Task,
        units: int,
        cpus: list[int],
        addresses: Mapping[str, str],
        home: Path,
    ) -> AgentOrder:
        """What the agent is told. A rehearsal, which has fewer units than its job, is short."""
        open_ended = job.budget_seconds is not None and units >= job.units
        return AgentOrder(
            do=do,
            roots=[str(root) for root in self._catalogue.import_roots],
            scenario=job.scenario.name,
            variant=job.variant.value,
            units=units,
            seed=job.seed,
            options=dict(job.options),
            services=dict(addresses),
            scratch=str(home),
            sampling=self._sampling is Sampling.ON,
            judged=[signal.value for signal in SIGNALS_OF.get(job.scenario.resource, ())],
            asks=_asks(job, open_ended=open_ended),
            open_ended=open_ended,
            method=job.mode.value,
            workers=job.workers,
            cpus=cpus,
        )


def _asks(job: Job, *, open_ended: bool) -> Asks:
    """A tree is read from outside at every sample; else an open-ended run is judged on its way."""
    if job.scenario.scope is Scope.TREE:
        return Asks.AT_EVERY_SAMPLE
    return Asks.AT_CHECKPOINTS if open_ended else Asks.NEVER


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    """A pipe's two ends, for reading and for writing."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


def parts_of(job: Job) -> set[str]:
    """What must have been rehearsed before a run: its variant, and its mode, by its interpreter."""
    return {f"{job.scenario.name}/{job.variant}/{job.python}", f"{job.mode}/{job.python}"}


def default_memory_limit(at_once: int = 1) -> int:
    """The smaller of 1 GiB and a quarter of what the machine has to give; of half of it, a run's
    part where more than two are made at a time."""
    return min(1 << 30, available_bytes() // max(4, 2 * at_once))


def available_bytes() -> int:
    """What the machine has to give; as a limit on private data it is the backstop for one huge
    allocation between two looks of the observer."""
    import psutil  # noqa: PLC0415  (26 ms, for runs only)

    return int(psutil.virtual_memory().available)


def _tail(child: Child) -> str:
    """The end of what the program printed; what multiprocessing's resource tracker says of a pool
    that was killed is not the program's."""
    try:
        said = child.output.read_bytes()[-OUTPUT_TAIL_BYTES:].decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(line for line in said.splitlines() if "resource_tracker" not in line)
