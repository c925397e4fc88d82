"""The agent: the only code of the lab that runs inside a measured process.

It is started by its path, `python -s -P agent.py JOB`, imports nothing but the lightest parts of
the standard library, and keeps to the syntax of Python 3.8. The protocol:

* JOB is a file that holds a dict as a Python literal (`repr`): reading JSON would cost the
  measured process a megabyte for `json` and `re`. Keys: `do` (`run`, `pool` or `check`), `roots`
  (for sys.path), `scenario`, `variant`, `units`, `seed`, `options`, `services`, `scratch`,
  `sampling`, `judged` (the signals that decide, and so are read at every sample), `asks` (when the
  harness is asked: `never`, `at checkpoints` or `at every sample`), `open_ended` (the work goes on
  past `units` until the harness says that it is enough); for a pool also `method` (how workers are
  started), `workers` and `cpus` (they are pinned to these in turn).
* Records go to descriptor 3, one dict literal a line, each with a `kind`: `baseline`, `finished`,
  `failed`, `died`, `reached`; `process` in them is 0 for the agent's own process and counts the
  workers from 1. Only the agent's own process writes them. An end with status NO_CHANNEL says that
  the program closed the lab's descriptors.
* After `reached` the agent waits for one byte on descriptor 5: `g`, go on, or `e`, end here.
* Samples go to descriptor 4, a file mapped by both sides, so that they outlive the process. Each
  process has TABLE_BYTES of it, in signed 64-bit words: one counts the rows, one is what
  `Arenas` found at half of the work; then rows of one word for the unit and for each of
  SIGNALS; -1 where it was not read.

The table has a fixed size and is touched before the baseline: a list of samples would itself grow
like a leak. Where a run goes on until its table is full, every second row is dropped and the
stride doubles. Nothing here collects, freezes or trims between the first unit and the last.

In a pool the agent is the parent of real workers. Each keeps one workload alive to the end, and in
each round a barrier makes every worker take exactly one task. A pool never reports a dead worker
and starts a new one instead, so the agent watches the processes itself and ends the run.
"""

from __future__ import annotations

import gc
import mmap
import os
import sys
import time
from stat import S_ISSOCK

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing would cost the measured process 1.7 MiB
    from collections.abc import Callable, Iterator
    from typing import Any

RECORDS_FD = 3
TABLE_FD = 4
ORDERS_FD = 5
ROWS = 192
SIGNALS = (
    "rss_bytes",
    "vms_bytes",
    "shared_bytes",
    "heap_bytes",
    "blocks",
    "descriptors",
    "sockets",
    "threads",
    "processes",
    "segments",
)
HEAD = 2
WIDTH = 1 + len(SIGNALS)
# The row before the first unit, and what strides that do not divide the work may add.
MOST_ROWS = ROWS + 4
TABLE_BYTES = -(-8 * (HEAD + MOST_ROWS * WIDTH) // mmap.PAGESIZE) * mmap.PAGESIZE
NOT_READ = -1
HIGHEST_FD = 1 << 16
STATISTICS_BYTES = 1 << 16
NO_CHANNEL = 97

# What does not decide the verdict is read at so many rows of a run, evenly: eight times in each of
# the last two octaves.
SELDOM_ROWS = 32

# The first checkpoint comes after at least so many samples, of which a verdict can be made.
FEWEST_SAMPLES = 5

# A probe dearer than this is read so seldom that it takes at most one part in SHARE of the time;
# where its signal decides, and nothing cheaper stands in for it, one in SHARE_IF_JUDGED.
DEAR_NANOSECONDS = 100_000
SHARE = 100
SHARE_IF_JUDGED = 20

# But never more rows than this are left out running: a short run is over before its share has come
# round again, and an octave without readings has no verdict.
MOST_LEFT_OUT = 7

# dill's multiprocess starts its workers as it says here, on every version of Python.
START_METHOD = {"multiprocess": "fork"}

# EMFILE, ENFILE and ENOMEM; the module errno would be one more to import.
LIMIT_OF_ERRNO = {24: "descriptors", 23: "descriptors", 12: "memory"}
LONGEST_MESSAGE = 2000

# A pool's parent is sampled once a task: so often at least, eight times in the oldest octave.
TASKS = 64

# What CPython keeps of a kind (PyDict_MAXFREELIST, PyList_MAXFREELIST).
FREE_LIST = 80

# Of the numbers that copyreg leaves for private use.
TASK_NUMBER = 240

# Time for the pool's threads to come to rest, once they have handed out the tasks of a round.
REST_SECONDS = 0.0005

# How long the agent waits for its workers before it looks whether they are all there.
LOOK_SECONDS = 0.05


class Lab:
    """What a workload is given: `seed`, `units`, `options`, `services`, `scratch`."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.seed = job["seed"]
        self.units = job["units"]
        self.options = job["options"]
        self.services = job["services"]
        self.scratch = job["scratch"]


class Ground:
    """The process that the lab's code stands in, and the descriptors there that are the lab's.

    A program may close every descriptor and open others under the same numbers; what is written
    must never land in them. It may fork, and let the child return through the workload: the child
    must not go on in its parent's place. It may use up its descriptors: one is kept to spare.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._identities: dict[int, object] = {}
        self._spare = os.open(os.devnull, os.O_RDONLY)

    def own(self, fd: int) -> int:
        """Hold on to the identity of a descriptor."""
        self._identities[fd] = identity(fd)
        return fd

    def stay_in_parent(self) -> None:
        """End a forked child here, quietly."""
        if os.getpid() != self._pid:
            os._exit(0)

    def verify(self) -> None:
        """End, with a status that tells why, where a descriptor is not the lab's any more."""
        self.stay_in_parent()
        for fd, known in self._identities.items():
            if identity(fd) != known:
                os._exit(NO_CHANNEL)

    def spare_one(self) -> None:
        """Free the descriptor kept to spare: importing a module takes one."""
        os.close(self._spare)

    def send(self, kind: str, **record: object) -> None:
        """Write one record, on a line of its own whatever the program wrote there before."""
        self.verify()
        record["kind"] = kind
        line = ("\n" + repr(record) + "\n").encode("utf-8", "backslashreplace")
        while line:
            line = line[os.write(RECORDS_FD, line) :]

    def ask(self, units: int) -> bool:
        """Say how far the work is, and wait for the word; whether to go on."""
        self.send("reached", units=units)
        return os.read(ORDERS_FD, 1) == b"g"


def identity(fd: int) -> object:
    """What a descriptor refers to; None where it is closed."""
    try:
        found = os.fstat(fd)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def cells(count: int) -> memoryview:
    """Signed 64-bit words of our own, all 0, for what is kept from one sample to the next: a Python
    number made there lies between the program's, and may hold a megabyte of arena as its last."""
    return memoryview(mmap.mmap(-1, 8 * count)).cast("q")


class Probe:
    """One signal's reader, which spaces its readings when they turn out to be dear."""

    def __init__(self, read: Callable[[], int], every: int, share: int, most_left_out: int) -> None:
        self._read = read
        self._most_left_out = most_left_out
        self._every = every
        self._share = share
        self._next_and_before = cells(2)
        self._left_out = 0

    def __call__(self, row: int) -> int:
        """The value, or NOT_READ where it is not due at this row or would cost too much."""
        if row % self._every:
            return NOT_READ
        # In CPU time of this thread, for a neighbour's turn is not the probe's cost, nor the
        # program's other threads'; and only what was dear twice running is, for a virtual machine's
        # pause counts as CPU time.
        now = time.thread_time_ns()
        if now < self._next_and_before[0] and self._left_out < self._most_left_out:
            self._left_out += 1
            return NOT_READ
        self._left_out = 0
        value = self._read()
        cost = time.thread_time_ns() - now
        lesser = min(cost, self._next_and_before[1])
        self._next_and_before[1] = cost
        if lesser > DEAR_NANOSECONDS:
            self._next_and_before[0] = now + self._share * lesser
        return value


class Arenas:
    """Reads what is free in pymalloc's arenas: from its statistics, which the interpreter writes to
    descriptor 2 and nowhere else.

    The text goes to a file in memory that is mapped for good, and numbers are cut out of it in
    place: a buffer that came and went left a trace in the heap, which looked like a step.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._fd = ground.own(os.memfd_create("statistics"))
        os.ftruncate(self._fd, STATISTICS_BYTES)
        self._text = mmap.mmap(self._fd, STATISTICS_BYTES)

    def free_bytes(self) -> int:
        """Blocks that nothing lives in, in pools under way and in pools without any; NOT_READ
        where the statistics are not as they were in Python 3.8 to 3.13."""
        write = getattr(sys, "_debugmallocstats", None)
        self._ground.verify()
        try:
            kept = os.dup(2)
        except OSError:  # the program has closed it, or has no descriptor left
            return NOT_READ
        os.lseek(self._fd, 0, os.SEEK_SET)
        os.dup2(self._fd, 2)
        try:
            if write:
                write()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        found = [
            self._number_after(b"bytes in available blocks"),
            self._number_after(b"unused pools"),
        ]
        return NOT_READ if NOT_READ in found else sum(found)

    def _number_after(self, words: bytes) -> int:
        line = self._text.find(words)
        equals = self._text.find(b"=", line)
        end = self._text.find(b"\n", equals)
        if -1 in (line, equals, end):
            return NOT_READ
        return int(self._text[equals + 1 : end].replace(b",", b""))


class Meter:
    """Reads the signals of its own process into its table."""

    def __init__(
        self, job: dict[str, Any], table_fd: int, number: int, ground: Ground, rows: int
    ) -> None:
        table = mmap.mmap(table_fd, TABLE_BYTES, offset=number * TABLE_BYTES)
        self.rows = memoryview(table).cast("q")
        self._ground = ground
        self._statm = ground.own(os.open("/proc/self/statm", os.O_RDONLY))
        self._pages = [b"0"] * 3
        self._arenas = Arenas(ground)
        self._mallinfo, self._trim = libc_heap()
        # Segments are the run's, not one process's: its first process counts them.
        self._segments_before = frozenset() if number else frozenset(segments())
        self._readers = (
            self._rss,
            self._vms,
            self._shared,
            self._heap if self._mallinfo else never,
            sys.getallocatedblocks,
            count_descriptors,
            count_sockets if "sockets" in job["judged"] else never,
            count_threads,
            count_children,
            never if number else self._segments,
        )
        # A pool's parent has so few samples that none can be left out.
        self._left_out = MOST_LEFT_OUT if number or job["do"] == "run" else 0
        self._probes = tuple(self._make_probes(job["judged"], max(1, rows // SELDOM_ROWS)))
        self._touch()

    def _make_probes(self, judged: list[str], seldom: int) -> Iterator[Probe]:
        for name, read in zip(SIGNALS, self._readers):  # noqa: B905  (Python 3.8)
            share = SHARE_IF_JUDGED if name == "sockets" and name in judged else SHARE
            yield Probe(read, 1 if name in judged else seldom, share, self._left_out)

    def _touch(self) -> None:
        """Use all that will be used, before the baseline."""
        for i in range(len(self.rows)):
            self.rows[i] = 0
        self.sample(0)
        self.thorough_reading()
        self.rows[0], self.rows[1] = 0, NOT_READ

    def sample(self, unit: int) -> None:
        """Write one row; the count is raised last, so a reader never sees half of one."""
        self._ground.stay_in_parent()
        rows, count = self.rows, self.rows[0]
        at = HEAD + count * WIDTH
        rows[at] = unit
        for probe in self._probes:
            at += 1
            rows[at] = probe(count)
        rows[0] = count + 1

    def read_halfway(self) -> None:
        """Note what is free in the arenas, beside the rows."""
        self.rows[1] = self._arenas.free_bytes()

    def halve(self) -> None:
        """Drop every second row, but for the last: room for as much work again. Rows with even
        numbers stay, among which are those that have all signals."""
        rows, count, kept = self.rows, self.rows[0], 0
        for i in range(count):
            if i % 2 == 0 or i == count - 1:
                to, source = HEAD + kept * WIDTH, HEAD + i * WIDTH
                rows[to : to + WIDTH] = rows[source : source + WIDTH]
                kept += 1
        rows[0] = kept

    def reading(self) -> dict[str, int]:
        """The signals now, by name, whatever it costs."""
        values = {SIGNALS[i]: read() for i, read in enumerate(self._readers)}
        values["sockets"] = count_sockets()
        if self._mallinfo:
            values["heap_free_bytes"] = self._mallinfo().fordblks
        return {name: value for name, value in values.items() if value != NOT_READ}

    def thorough_reading(self) -> dict[str, int]:
        """With what takes a tenth of a millisecond and a descriptor: the free places in arenas,
        and which children are zombies."""
        values = dict(
            self.reading(), arena_free_bytes=self._arenas.free_bytes(), zombies=count_zombies()
        )
        return {name: value for name, value in values.items() if value != NOT_READ}

    def trim(self) -> None:
        """Ask malloc to give its free pages back to the kernel."""
        if self._trim:
            self._trim(0)

    def _rss(self) -> int:
        self._pages = os.pread(self._statm, 64, 0).split(None, 3)
        return int(self._pages[1]) * mmap.PAGESIZE

    def _vms(self) -> int:
        """Of the same reading as RSS, which comes before it."""
        return int(self._pages[0]) * mmap.PAGESIZE

    def _shared(self) -> int:
        return int(self._pages[2]) * mmap.PAGESIZE

    def _heap(self) -> int:
        info = self._mallinfo()
        return int(info.uordblks + info.hblkhd)

    def _segments(self) -> int:
        try:
            return sum(name not in self._segments_before for name in segments())
        except OSError:  # the program has no descriptor left
            return NOT_READ


def libc_heap() -> tuple[Any, Any]:
    """glibc's mallinfo2 and malloc_trim, or None for each where the C library has none.

    ctypes is imported here and not at the top: a run without sampling does not pay for it.
    """
    import ctypes

    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"

    class MallInfo2(ctypes.Structure):
        _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

    libc = ctypes.CDLL(None)
    mallinfo = getattr(libc, "mallinfo2", None)
    if mallinfo:
        mallinfo.restype = MallInfo2
    return mallinfo, getattr(libc, "malloc_trim", None)


def never() -> int:
    """The reader of a signal that is not read here."""
    return NOT_READ


def count_descriptors() -> int:
    """Open descriptors: the size of /proc/self/fd where the kernel gives it there (6.2), else by
    listing them, less the one that lists."""
    return os.stat("/proc/self/fd").st_size or len(os.listdir("/proc/self/fd")) - 1


def count_sockets() -> int:
    """Open descriptors that are sockets, by fstat of each number until all are found: three times
    cheaper than reading the links in /proc/self/fd."""
    found, left, fd = 0, count_descriptors(), 0
    while left > 0 and fd < HIGHEST_FD:
        try:
            found += S_ISSOCK(os.fstat(fd).st_mode)
            left -= 1
        except OSError:
            pass
        fd += 1
    return found


def count_threads() -> int:
    """Threads of this process, its first included: the folders in its task folder."""
    return os.stat("/proc/self/task").st_nlink - 2


def count_children() -> int:
    """Children of this process, of whichever thread, ended ones that nobody waited for included."""
    try:
        return sum(len(pids) for pids in children())
    except OSError:  # the program has no descriptor left
        return NOT_READ


def count_zombies() -> int:
    """Those of the children that have ended, by the state in their stat file."""
    found = 0
    try:
        for pids in children():
            for pid in pids:
                state = read_file("/proc/%d/stat" % int(pid)).rpartition(b")")[2].split(None, 1)
                found += state[:1] == [b"Z"]
    except OSError:
        return NOT_READ
    return found


def children() -> Iterator[list[bytes]]:
    """The pids of each thread's children, one after the other: as many lists at once would stay in
    the interpreter's free list, and look like a step."""
    folder = "/proc/self/task"
    for task in os.listdir(folder):
        yield read_file("%s/%s/children" % (folder, task)).split()


def segments() -> list[str]:
    """The names of shared-memory segments; semaphores, which are there, too, are none."""
    try:
        names = os.listdir("/dev/shm")  # noqa: S108  (the kernel's place for them)
    except FileNotFoundError:
        return []
    return [name for name in names if not name.startswith("sem.")]


def read_file(path: str) -> bytes:
    """One of the kernel's files; empty where what it is about is gone."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return b""
    try:
        return b"".join(iter(lambda: os.read(fd, 65536), b""))
    except ProcessLookupError:
        return b""
    finally:
        os.close(fd)


def reset_high_water() -> bool:
    """Set VmHWM back to what is resident now (proc(5), clear_refs 5); whether the kernel did."""
    try:
        fd = os.open("/proc/self/clear_refs", os.O_WRONLY)
        try:
            os.write(fd, b"5")
        finally:
            os.close(fd)
    except OSError:
        return False
    return True


def marks(units: int, stride: int, done: int = 0) -> Iterator[int]:
    """The units after which a sample is taken, rising, all above `done`, the last being `units`.

    Where not every unit is sampled, the spacing is uneven on purpose: an even one would turn a
    saw-tooth of nearly its own period into a slow rise. 2654435761 is 2**32 divided by the golden
    ratio (Knuth's multiplicative hash), which spreads the marks within their strides.
    """
    for k in range(done // stride + 1, -(-units // stride)):
        mark = k * stride - (k * 2654435761 >> 16) % stride
        if mark > done:
            yield mark
    yield units


class Course:
    """The way a run takes: to the units that were asked for and, where it is open-ended, on to
    twice as many again and again, until the harness has seen enough.

    It asks the harness at checkpoints (an open-ended run: whenever the work has doubled), or at
    every sample (a tree, which can only be read from outside, while all wait).
    """

    def __init__(self, job: dict[str, Any], ground: Ground, units: int) -> None:
        self._end = units
        self._stride = -(-units // ROWS)
        self._asks = job["asks"]
        self._open_ended = job["open_ended"]
        self._ground = ground
        # The first checkpoint is at the end's part of two to this power.
        self._halvings = 0
        while units >> self._halvings + 1 >= FEWEST_SAMPLES * self._stride:
            self._halvings += 1
        # How many marks are one task of a pool.
        self.marks_a_task = max(1, -(-units // self._stride) // TASKS)

    def stages(self) -> Iterator[tuple[Iterator[int], bool, bool]]:
        """The marks of each stage, whether it goes on from one before, and whether the tables must
        be halved for it."""
        yield marks(self._end, self._stride), False, False
        while self._open_ended:
            done, self._end = self._end, 2 * self._end
            full = self._end > self._stride * ROWS
            self._stride *= 1 + full
            yield marks(self._end, self._stride, done), True, full

    def is_half(self, mark: int, before: int) -> bool:
        """Whether half of the stage's work was passed between two marks."""
        return before < self._end // 2 <= mark < self._end

    def goes_on(self, mark: int, units: int) -> bool:
        """Whether there is more to do after a mark, at which so many units are done in all."""
        if self._asks == "at every sample":
            return self._ground.ask(units)
        if self._asks == "never" or mark < self._end >> self._halvings:
            return True
        while self._halvings and mark >= self._end >> self._halvings:
            self._halvings -= 1
        return self._ground.ask(units)


def load(job: dict[str, Any], part: str) -> Any:
    """Import a module of the scenario by the one name it has everywhere."""
    name = "scenarios.%s.%s" % (job["scenario"], part)
    __import__(name)
    return sys.modules[name]


class EndedEarlyError(Exception):
    """A workload that stopped yielding before its units were done."""


class Process:
    """One measured process: its baseline, its workload under way, its report.

    What is opened here is held to the end: a program may use up its descriptors.
    """

    def __init__(self, job: dict[str, Any], number: int, table_fd: int, ground: Ground) -> None:
        self.ground = ground
        self.number = number
        self._done_and_cpu = cells(2)
        self._job = job
        self._steps: Any = None
        self._status = self.ground.own(os.open("/proc/self/status", os.O_RDONLY))
        rows = min(job["units"], ROWS if number or job["do"] == "run" else TASKS)
        self._meter = Meter(job, table_fd, number, self.ground, rows) if job["sampling"] else None
        self._cpus = os.sched_getaffinity(0)
        if self._meter:
            self._meter.trim()
        reset = reset_high_water()
        self.baseline = {
            "process": number,
            "pid": os.getpid(),
            "rss_bytes": self._status_bytes(b"VmRSS"),
            "high_water_reset": reset,
            "at_start": self._meter.thorough_reading() if self._meter else None,
        }

    @property
    def done(self) -> int:
        """The work done so far."""
        return self._done_and_cpu[0]

    @done.setter
    def done(self, units: int) -> None:
        self._done_and_cpu[0] = units

    def begin(self) -> None:
        """Import the program and start its workload, up to the first unit."""
        program = load(self._job, self._job["variant"])
        self._steps = load(self._job, "workload").workload(program, Lab(self._job))
        if not hasattr(self._steps, "__next__"):
            words = "workload() must yield once per unit of work; it returned %r"
            raise TypeError(words % (self._steps,))
        if self._meter and gc.isenabled():
            gc.collect()  # or the imports' garbage, freed at the end, hides a leak of as much
        self.sample()

    def advance(self, mark: int) -> None:
        """Work up to so many units done in all, and take a sample there. A workload may end by
        itself once it has done what was asked for."""
        if mark == self.done:
            return
        began = time.process_time_ns()
        steps, done = self._steps, self.done
        try:
            while done < mark:
                next(steps)
                done += 1
        except StopIteration:
            if done < self._job["units"]:
                raise EndedEarlyError(done, self._job["units"]) from None
            if done == self.done:
                return
        self.done = done
        self.sample()
        self._done_and_cpu[1] += time.process_time_ns() - began

    def read_halfway(self) -> None:
        """Read what only here and at the end is worth its cost; nothing of it is kept here."""
        if self._meter:
            began = time.process_time_ns()
            self._meter.read_halfway()
            self._done_and_cpu[1] += time.process_time_ns() - began

    def halve(self) -> None:
        """Make room for as many samples again as there are."""
        if self._meter:
            self._meter.halve()

    def sample(self) -> None:
        """Read the signals at the units done so far, where sampling is wanted."""
        if self._meter:
            self._meter.sample(self.done)

    def finish(self) -> dict[str, object]:
        """What there is to say at the end. The workload stays open until the readings are done."""
        report: dict[str, object] = {
            "process": self.number,
            "units": self.done,
            "cpu_seconds": self._done_and_cpu[1] / 1e9,
            "peak_rss_bytes": self._status_bytes(b"VmHWM"),
            "collector_on": gc.isenabled(),
            "pin_kept": os.sched_getaffinity(0) == self._cpus,
        }
        if self._meter:
            report["at_end"] = self._meter.thorough_reading()
            if gc.isenabled():
                gc.collect()
                report["after_collect"] = self._meter.thorough_reading()
            self._meter.trim()
            report["after_trim"] = self._meter.thorough_reading()
        if self._steps:
            self._steps.close()
        self.ground.verify()
        return report

    def _status_bytes(self, field: bytes) -> int:
        """A field of /proc/self/status that is given in kB, in bytes."""
        text = os.pread(self._status, 8192, 0)
        return int(text.split(field + b":", 1)[1].split(None, 1)[0]) * 1024


def run(job: dict[str, Any], ground: Ground) -> None:
    """Drive the workload in this very process, and report."""
    process = Process(job, 0, TABLE_FD, ground)
    ground.send("baseline", **process.baseline)
    process.begin()
    work_through(Course(job, ground, job["units"]), process)
    ground.send("finished", **process.finish())


def work_through(course: Course, process: Process) -> None:
    """Go the whole course."""
    for stage, goes_on, full in course.stages():
        if goes_on:
            process.read_halfway()
        if full:
            process.halve()
        for mark in stage:
            before = process.done
            process.advance(mark)
            if process.done < mark:
                return
            if course.is_half(mark, before):
                process.read_halfway()
            if not course.goes_on(mark, mark):
                return


def run_pool(job: dict[str, Any], ground: Ground) -> None:
    """Share the work among the workers of a pool, of which this process is the parent."""
    crew = Crew(job)
    for report in crew.ask("introduce"):
        ground.send("baseline", **report)
    crew.ask("begin")
    fill_free_lists()
    parent = Process(job, 0, TABLE_FD, ground)
    ground.send("baseline", **parent.baseline)
    crew.at_rest = parent.sample
    share_out(Course(job, ground, -(-job["units"] // job["workers"])), crew, parent)
    for report in crew.ask("finish"):
        ground.send("finished", **report)
    ground.send("finished", **parent.finish())


def share_out(course: Course, crew: Crew, parent: Process) -> None:
    """Go the whole course, a round of tasks after the other."""
    before = 0
    for stage, goes_on, full in course.stages():
        if goes_on:
            crew.ask("read_halfway")
            parent.read_halfway()
        if full:
            crew.ask("halve")
            parent.halve()
        for some in rounds(stage, course.marks_a_task):
            done = crew.ask("advance", some)
            parent.done = sum(done)
            if goes_on and min(done) < some[-1]:
                return
            if course.is_half(some[-1], before):
                crew.ask("read_halfway")
                parent.read_halfway()
            before = some[-1]
            if not course.goes_on(before, parent.done):
                return


def fill_free_lists() -> None:
    """Have the interpreter keep as many freed dicts and lists for re-use as it ever keeps (80).

    A pool's parent adds some in each round (dill calls `dict` and `list`, whose objects are not
    taken from there, but end there), and until they are full that looks like a leak.
    """
    kept: list[Any] = [[kind() for _ in range(FREE_LIST)] for kind in (dict, list)]
    kept.clear()


def rounds(stage: Iterator[int], size: int) -> Iterator[list[int]]:
    """The marks of a worker, by the task: enough tasks for a series of the parent that can be
    judged, and no more, for on a busy machine each costs a wait for every process's turn.

    Args:
        stage: the marks.
        size: how many of them are a task.
    """
    some: list[int] = []
    for mark in stage:
        some.append(mark)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


class Crew:
    """The workers of a pool, each asked the same, and watched while they work.

    `at_rest` is called in every round when all have their orders and none has begun: then the
    pool's own threads rest, too, and what they hold for a moment is in no sample.
    """

    def __init__(self, job: dict[str, Any]) -> None:
        self.at_rest: Callable[[], None] = lambda: None
        self._size = job["workers"]
        self._library = pool_library(job)
        context = self._library.get_context(START_METHOD.get(job["method"], job["method"]))
        self._started = keep_processes(context)
        self._arrived, self._go = context.Semaphore(0), context.Semaphore(0)
        number_the_task()
        gates = self._arrived, self._go, context.Lock()
        with gates[2]:  # none goes on before all are there
            self._pool = context.Pool(self._size, enter, (job, os.getpid(), gates))
        for process in self._started:
            ask_in_turn(process)

    def ask(self, *order: object) -> list[Any]:
        """Have every worker carry out an order; their answers, in the order of their numbers.

        Raises:
            WorkerEndedError: one is gone, or its program failed.
        """
        answers = self._pool.imap_unordered(carry_out, [order] * self._size)
        for _ in range(self._size):
            while not self._arrived.acquire(timeout=LOOK_SECONDS):
                self._look_for_dead()
        time.sleep(REST_SECONDS)
        self.at_rest()
        for _ in range(self._size):
            self._go.release()
        found = sorted(self._next(answers) for _ in range(self._size))
        return [answer for _, answer in found]

    def _next(self, answers: Any) -> tuple[int, Any]:
        """The next answer: the pool waits for a dead worker for ever, so look for it meanwhile."""
        while True:
            try:
                number, answer, failure = answers.next(LOOK_SECONDS)
            except self._library.TimeoutError:
                self._look_for_dead()
                continue
            if failure:
                raise WorkerEndedError("failed", process=number, **failure)
            return number, answer

    def _look_for_dead(self) -> None:
        for number, process in enumerate(self._started, start=1):
            if process.exitcode is not None:
                raise WorkerEndedError("died", process=number, exitcode=process.exitcode)


def pool_library(job: dict[str, Any]) -> Any:
    """The module whose pools are used: the standard library's, or dill's."""
    name = "multiprocess" if job["method"] == "multiprocess" else "multiprocessing"
    __import__(name)
    return sys.modules[name]


def keep_processes(context: Any) -> list[Any]:
    """A list that every process which this context makes will be added to: a pool forgets its
    dead, with their exit codes, and puts new ones in their place."""
    kept: list[Any] = []
    make = context.Process

    def keep(*args: Any, **keywords: Any) -> Any:
        kept.append(make(*args, **keywords))
        return kept[-1]

    context.Process = keep
    return kept


def ask_in_turn(process: Any) -> None:
    """Let one thread at a time ask how a process is. The pool's own thread asks, too, and of two
    that ask a fork server's child at once, the second is told 255."""
    import threading

    turn, poll = threading.Lock(), process._popen.poll

    def poll_in_turn(*arguments: Any) -> int | None:
        with turn:
            status: int | None = poll(*arguments)
            return status

    process._popen.poll = poll_in_turn


class WorkerEndedError(Exception):
    """A worker is gone, or its program failed: the kind of record that says so, and its keys."""

    def __init__(self, kind: str, **record: object) -> None:
        super().__init__(kind, record)


class Worker:
    """A process of the pool, from the pool's initializer on.

    It passes three gates. `arrived` and `go` are the barrier at the head of every task: a worker
    says that it is there, and waits until the agent has heard all. (In multiprocessing's Barrier
    the last to come takes another path than the others, and its memory another shape.) In `turn`
    the workers start, and do their first units, one after another: where two fault in the same
    pages of a library at once, the kernel passes over those that the other has locked
    (filemap_map_pages), and their RSS differs by some pages.
    """

    def __init__(self, job: dict[str, Any], number: int, agent: int, gates: Any) -> None:
        self._arrived, self._go, self._turn = gates
        job = own_share(job, number)
        os.sched_setaffinity(0, {job["cpus"][(number - 1) % len(job["cpus"])]})
        os.mkdir(job["scratch"])
        table_fd = os.open("/proc/%d/fd/%d" % (agent, TABLE_FD), os.O_RDWR)
        self._process = Process(job, number, table_fd, Ground())
        os.close(table_fd)
        self._share = job["units"]
        self._open_ended = job["open_ended"]

    def carry_out(self, order: str, *arguments: Any) -> tuple[int, Any, object]:
        """Wait until every worker has its order, so that none takes two; then do it."""
        self._arrived.release()
        self._go.acquire()
        answer = failure = None
        try:
            answer = ORDERS[order](self, *arguments)
            self._process.ground.verify()
        except BaseException as error:
            self._process.ground.verify()
            self._process.ground.spare_one()
            failure = describe(error)
        return self._process.number, answer, failure

    def introduce(self) -> dict[str, Any]:
        """The baseline, known before anything of the program is imported."""
        return self._process.baseline

    def begin(self) -> None:
        """Start the workload."""
        with self._turn:
            self._process.begin()

    def advance(self, some: list[int]) -> int:
        """Work from mark to mark, as far as its share goes, and say how much is done."""
        if self._process.done:
            self._go_through(some)
        else:
            with self._turn:
                self._go_through(some)
        return self._process.done

    def _go_through(self, some: list[int]) -> None:
        for mark in some:
            self._process.advance(mark if self._open_ended else min(mark, self._share))

    def read_halfway(self) -> None:
        """Read what is not read at every sample."""
        self._process.read_halfway()

    def halve(self) -> None:
        """Make room for samples."""
        self._process.halve()

    def finish(self) -> dict[str, object]:
        """The report."""
        return self._process.finish()


# Not getattr: see `number_the_task`.
ORDERS: dict[str, Any] = {
    "introduce": Worker.introduce,
    "begin": Worker.begin,
    "advance": Worker.advance,
    "read_halfway": Worker.read_halfway,
    "halve": Worker.halve,
    "finish": Worker.finish,
}


def enter(job: dict[str, Any], agent: int, gates: Any) -> None:
    """The pool's initializer: nothing of the program's, for a pool starts worker after worker where
    it raises or exits."""
    global WORKER  # noqa: PLW0603
    number = int(pool_library(job).current_process().name.rpartition("-")[2])
    while number > job["workers"]:  # in the place of one that died: the agent ends the run
        time.sleep(LOOK_SECONDS)
    number_the_task()
    with gates[2]:
        WORKER = Worker(job, number, agent, gates)


WORKER: Any = None  # a pool's tasks find nothing else in their process


def carry_out(order: tuple[Any, ...]) -> tuple[int, Any, object]:
    """The pool's only task."""
    answer: tuple[int, Any, object] = WORKER.carry_out(*order)
    return answer


def number_the_task() -> None:
    """Have the pool's queue carry a number for the task, and not its name.

    The interpreter's cache of attributes keeps the names by which it was asked, and each task would
    bring a new copy: some hundred strings for a start, which look like a leak.
    """
    import copyreg

    copyreg.add_extension("leaklab_agent", "carry_out", TASK_NUMBER)


def own_share(job: dict[str, Any], number: int) -> dict[str, Any]:
    """The job of one worker: its share of the units, a seed and a scratch folder of its own."""
    units, left_over = divmod(job["units"], job["workers"])
    return dict(
        job,
        units=units + (number <= left_over),
        seed=derived_seed(job["seed"], number),
        scratch="%s/worker-%03d" % (job["scratch"], number),
    )


def derived_seed(seed: int, number: int) -> int:
    """A worker's seed: 63 well-mixed bits of the run's seed and its number (the finalizer of
    Steele, Lea and Flood's SplitMix64, OOPSLA 2014)."""
    mask = (1 << 64) - 1
    x = (seed + number * 0x9E3779B97F4A7C15) & mask
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & mask
    x = (x ^ x >> 27) * 0x94D049BB133111EB & mask
    return (x ^ x >> 31) >> 1


def check(job: dict[str, Any], ground: Ground) -> None:
    """Run the scenario's functional contract."""
    load(job, "workload").check(load(job, job["variant"]), Lab(job))
    ground.send("finished")


def describe(error: BaseException) -> dict[str, object]:
    """What a person needs to find an error: its type, its words, and the line it came from."""
    sys.path[:] = PATH_AT_START  # a program may have emptied it, and traceback is imported now
    import traceback

    try:
        message = str(error)
    except Exception:
        message = "(its message cannot be had)"
    frames = traceback.extract_tb(error.__traceback__)
    outside = [frame for frame in frames if frame.filename != __file__]
    where = (outside[-1].filename, outside[-1].lineno) if outside else None
    if isinstance(error, SyntaxError) and error.filename:
        where = (error.filename, error.lineno)
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    return {
        "error": type(error).__name__,
        "message": message[:LONGEST_MESSAGE],
        "where": where,
        "args": error.args if isinstance(error, EndedEarlyError) else (),
        "limit": limit_met(error),
        "traceback": "".join(lines)[-8000:],
    }


def limit_met(error: BaseException | None) -> str | None:
    """The limit of the run that an error, or one that it came from, says was met."""
    seen: list[BaseException] = []
    while error is not None and not any(error is one for one in seen):
        seen.append(error)
        if isinstance(error, MemoryError):
            return "memory"
        if isinstance(error, OSError) and error.errno in LIMIT_OF_ERRNO:
            return LIMIT_OF_ERRNO[error.errno]
        error = error.__cause__ or error.__context__
    return None


def main() -> None:
    """Do the job; every way out goes through a record, and nothing is torn down after it."""
    with open(sys.argv[1], encoding="utf-8") as file:
        # The harness wrote it with repr; only literals can be in it.
        job = eval(file.read(), {"__builtins__": {}})
    sys.path[:0] = job["roots"]
    ground = Ground()
    for fd in (RECORDS_FD, ORDERS_FD) if job["do"] != "check" else (RECORDS_FD,):
        os.set_inheritable(ground.own(fd), False)  # noqa: FBT003  (takes no keywords)
    status = 1
    try:
        {"run": run, "pool": run_pool, "check": check}[job["do"]](job, ground)
        status = 0
    except WorkerEndedError as error:
        kind, record = error.args
        ground.send(kind, **record)
    except BaseException as error:  # SystemExit of a program is a failure to report, too
        ground.verify()
        ground.spare_one()
        ground.send("failed", process=0, **describe(error))
    finally:
        leave(status)


def leave(status: int) -> None:
    """End at once: threads, exit handlers and the tearing down of a big heap are not waited for."""
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except BaseException:  # whatever the program put there
        pass
    finally:
        os._exit(status)


PATH_AT_START = list(sys.path)

# One name for this module in every process, however it was started: dill would send what lives in
# __main__ by value, and spawn calls it __mp_main__.
carry_out.__module__ = enter.__module__ = "leaklab_agent"
if __name__ != "leaklab.agent":
    sys.modules["leaklab_agent"] = sys.modules[__name__]

if __name__ == "__main__":
    main()
