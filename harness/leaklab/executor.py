"""One real run: services, agent, observer, and what they found put together as a trace."""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from enum import Enum
from pathlib import Path

from leaklab import probes, services
from leaklab.catalogue import Catalogue
from leaklab.launch import Child, Command, agent_argv, fixed_environment, supervised
from leaklab.model import Job, Limits
from leaklab.observer import Observer
from leaklab.record import Ended, Trace
from leaklab.scratch import run_folder, session_folder
from leaklab.table import sample_table
from leaklab.traces import make_trace
from leaklab.verdict import SIGNALS_OF

Progress = Callable[[int], None]
OUTPUT_TAIL_BYTES = 2000


class Sampling(Enum):
    """Whether the agent samples; without, it runs the workload bare, to measure what that costs."""

    ON = True
    OFF = False


class ProcessExecutor:
    """Runs jobs in processes of their own; a context manager that owns the session's folder."""

    def __init__(
        self, catalogue: Catalogue, limits: Limits, sampling: Sampling = Sampling.ON
    ) -> None:
        """Prepare to run scenarios of a catalogue within limits.

        Raises:
            NotMeasured: this platform cannot be measured on.
        """
        self._catalogue = catalogue
        self._limits = limits
        self._sampling = sampling
        self._probes = probes.choose()
        self._rehearsed: set[str] = set()
        self._cpu = max(os.sched_getaffinity(0))
        self._stack = ExitStack()

    def __enter__(self) -> "ProcessExecutor":
        self._session = self._stack.enter_context(session_folder())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def execute(self, job: Job, progress: Progress) -> Trace:
        """Make one run; `progress` is told the units done so far.

        Before a variant's first run comes a rehearsal of one unit, which leaves the bytecode of
        all it imports in the session's cache: a run that compiles has another peak than one that
        does not. Where the rehearsal fails, it is the result.

        Raises:
            LabError: a service does not start.
        """
        if job.label not in self._rehearsed:
            rehearsal = self._execute(job, "run", 1, lambda _: None)
            if rehearsal.ended is not Ended.COMPLETED:
                return rehearsal
            self._rehearsed.add(job.label)
        return self._execute(job, "run", job.units, progress)

    def check(self, job: Job) -> Trace:
        """Run a scenario's functional contract on a variant."""
        return self._execute(job, "check", job.units, lambda _: None)

    def _execute(self, job: Job, do: str, units: int, progress: Progress) -> Trace:
        roots = self._catalogue.import_roots
        wanted = job.scenario.services
        with (
            run_folder(self._session) as folder,
            services.running(wanted, job.options, roots=roots, session=self._session) as addresses,
            sample_table() as table,
        ):
            text = repr(self._order(job, do, units, addresses, folder / "home"))
            (folder / "job").write_text(text, encoding="utf-8")
            command = Command(
                agent_argv(folder / "job"),
                fixed_environment(folder / "home", self._session / "bytecode"),
                folder,
                self._session,
                cpu=self._cpu,
                data_limit_bytes=available_bytes(),
                keep_fds=[table.fd],
            )
            with supervised(command) as child:
                observer = Observer(child, self._limits, self._probes)
                seen = observer.watch(lambda: progress(table.units_done()))
                return make_trace(seen, table, self._cpu, _tail(child))

    def _order(
        self, job: Job, do: str, units: int, addresses: Mapping[str, str], home: Path
    ) -> dict[str, object]:
        """What the agent is to do, in the words of its protocol."""
        return {
            "do": do,
            "roots": [str(root) for root in self._catalogue.import_roots],
            "scenario": job.scenario.name,
            "variant": str(job.variant),
            "units": units,
            "seed": job.seed,
            "options": dict(job.options),
            "services": dict(addresses),
            "scratch": str(home),
            "sampling": self._sampling.value,
            "judged": [str(signal) for signal in SIGNALS_OF.get(job.scenario.resource, ())],
        }


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
