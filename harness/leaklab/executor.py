"""One real run: services, agent, observer, and what they found put together as a trace."""

import mmap
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from leaklab import agent, probes, services
from leaklab.catalogue import Catalogue
from leaklab.errors import NotMeasured
from leaklab.launch import Child, Command, agent_argv, fixed_environment, supervised
from leaklab.model import Job, Limits, Mode
from leaklab.observer import Observer
from leaklab.record import Ended, Trace
from leaklab.traces import make_trace, units_done
from leaklab.verdict import SIGNALS_OF

Progress = Callable[[int], None]
OUTPUT_TAIL_BYTES = 2000
MODES = (Mode.INLINE,)


class ProcessExecutor:
    """Runs jobs in processes of their own; a context manager that owns the session's folder."""

    def __init__(self, catalogue: Catalogue, limits: Limits, *, sampling: bool = True) -> None:
        """Prepare to run.

        Args:
            catalogue: where the scenarios are.
            limits: what each run may use.
            sampling: False runs the workload bare, to measure what sampling costs.

        Raises:
            NotMeasured: this platform cannot be measured on.
        """
        self._catalogue = catalogue
        self._limits = limits
        self._sampling = sampling
        self._probes = probes.choose()
        self._rehearsed: set[str] = set()
        self._cpu = max(os.sched_getaffinity(0))

    def __enter__(self) -> "ProcessExecutor":
        self._session = Path(tempfile.mkdtemp(prefix="leaklab-"))
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._session, ignore_errors=True)

    def execute(self, job: Job, progress: Progress) -> Trace:
        """Make one run; `progress` is told the units done so far.

        Before a variant's first run comes a rehearsal of one unit, which leaves the bytecode of
        all it imports in the session's cache: a run that compiles has another peak than one that
        does not. Where the rehearsal fails, it is the result.

        Raises:
            NotMeasured: a mode that is not built yet, or a service that does not start.
        """
        if job.mode not in MODES:
            raise NotMeasured(f"{job.label}: this leaklab runs {', '.join(MODES)} only")
        if job.label not in self._rehearsed:
            rehearsal = self._execute(job, 1, lambda _: None)
            if rehearsal.ended is not Ended.COMPLETED:
                return rehearsal
            self._rehearsed.add(job.label)
        return self._execute(job, job.units, progress)

    def check(self, job: Job) -> Trace:
        """Run a scenario's functional contract on a variant."""
        return self._execute(job, job.units, lambda _: None, do="check")

    def _execute(self, job: Job, units: int, progress: Progress, do: str = "run") -> Trace:
        roots = self._catalogue.import_roots
        with (
            self._scratch() as folder,
            services.running(
                job.scenario.services, job.options, roots=roots, session=self._session
            ) as addresses,
            _table() as (table_fd, rows),
        ):
            (folder / "job").write_text(
                repr(
                    {
                        "do": do,
                        "roots": [str(root) for root in roots],
                        "scenario": job.scenario.name,
                        "variant": str(job.variant),
                        "units": units,
                        "seed": job.seed,
                        "options": dict(job.options),
                        "services": addresses,
                        "scratch": str(folder / "home"),
                        "sampling": self._sampling,
                        "judged": [str(s) for s in SIGNALS_OF[job.scenario.resource]],
                    }
                )
            )
            command = Command(
                agent_argv(folder / "job"),
                fixed_environment(folder / "home", self._session / "bytecode"),
                folder,
                self._session,
                cpu=self._cpu,
                data_limit_bytes=available_bytes(),
                keep_fds=[table_fd],
            )
            with supervised(command) as child:
                observer = Observer(child, self._limits, self._probes)
                seen = observer.watch(lambda: progress(units_done(rows)))
                return make_trace(seen, rows, self._cpu, _tail(child))

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        folder = self._session / "run"
        (folder / "home").mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _table() -> Iterator[tuple[int, memoryview]]:
    """The samples' table, in memory that both sides map: (descriptor, words)."""
    fd = os.memfd_create("samples")
    try:
        os.ftruncate(fd, agent.TABLE_BYTES)
        with (
            mmap.mmap(fd, agent.TABLE_BYTES) as mapped,
            memoryview(mapped) as octets,
            octets.cast("q") as words,
        ):
            yield fd, words
    finally:
        os.close(fd)


def default_memory_limit() -> int:
    """The smaller of 1 GiB and a quarter of what the machine has to give."""
    return min(1 << 30, available_bytes() // 4)


def available_bytes() -> int:
    """What the machine has to give; as a limit on private data it is the backstop for one huge
    allocation between two looks of the observer."""
    import psutil  # noqa: PLC0415  (26 ms, for runs only)

    return int(psutil.virtual_memory().available)


def _tail(child: Child) -> str:
    try:
        return child.output.read_bytes()[-OUTPUT_TAIL_BYTES:].decode(errors="replace")
    except OSError:
        return ""
