"""The agent: the only code of the lab that runs inside a measured process.

It is started by its path, `python -s -P agent.py JOB`, imports nothing but the lightest parts of
the standard library, and keeps to the syntax of Python 3.8. The protocol:

* JOB is a file that holds a dict as a Python literal (`repr`): reading JSON would cost the
  measured process a megabyte for `json` and `re`. Keys: `do` (`run` or `check`), `roots` (for
  sys.path), `scenario`, `variant`, `units`, `seed`, `options`, `services`, `scratch`, `sampling`,
  `judged` (the signals that decide, and so are read at every sample).
* Records go to descriptor 3, one dict literal a line, each with a `kind`: `baseline`, `finished`,
  `failed`. An end with status NO_CHANNEL says that the program closed the lab's descriptors.
* Samples go to descriptor 4, a file mapped by both sides, so that they outlive the process: a word
  that counts the rows, then ROWS rows of one signed 64-bit word for the unit and for each of
  SIGNALS; -1 where it was not read.

The table has a fixed size and is touched before the baseline: a list of samples would itself grow
like a leak. Nothing here collects, freezes or trims before the last unit is done.
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
ROWS = 192
SIGNALS = ("rss_bytes", "heap_bytes", "blocks", "descriptors", "sockets", "threads")
WIDTH = 1 + len(SIGNALS)
TABLE_BYTES = 8 * (1 + (ROWS + 1) * WIDTH)
NOT_READ = -1
HIGHEST_FD = 1 << 16
NO_CHANNEL = 97

# What does not decide the verdict is read at every so many rows: still eight times in the oldest
# octave that is judged.
SELDOM = 3

# A probe dearer than this is read so seldom that it takes at most one part in SHARE of the time;
# where its signal decides, and nothing cheaper stands in for it, one in SHARE_IF_JUDGED.
DEAR_NANOSECONDS = 100_000
SHARE = 100
SHARE_IF_JUDGED = 20

# But never more rows than this are left out running: a short run is over before its share has come
# round again, and an octave without readings has no verdict.
MOST_LEFT_OUT = 7

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Lab:
    """What a workload is given: `seed`, `units`, `options`, `services`, `scratch`."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.seed = job["seed"]
        self.units = job["units"]
        self.options = job["options"]
        self.services = job["services"]
        self.scratch = job["scratch"]


class Channel:
    """Descriptors of the lab's own, and the process they belong to.

    A program may close every descriptor and open others under the same numbers; what is written
    must never land in them. It may fork, and let the child return through the workload: the child
    must not go on in its parent's place.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._identities = {RECORDS_FD: identity(RECORDS_FD)}

    def own(self, fd: int) -> None:
        """Hold on to the identity of one more descriptor."""
        self._identities[fd] = identity(fd)

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

    def send(self, kind: str, **record: object) -> None:
        """Write one record, on a line of its own whatever the program wrote there before."""
        self.verify()
        record["kind"] = kind
        line = ("\n" + repr(record) + "\n").encode("utf-8", "backslashreplace")
        while line:
            line = line[os.write(RECORDS_FD, line) :]


def identity(fd: int) -> object:
    """What a descriptor refers to; None where it is closed."""
    try:
        found = os.fstat(fd)
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Probe:
    """One signal's reader, which spaces its readings when they turn out to be dear."""

    def __init__(self, read: Callable[[], int], every: int, share: int) -> None:
        self._read = read
        self._every = every
        self._share = share
        self._next = 0
        self._before = 0
        self._left_out = 0

    def __call__(self, row: int) -> int:
        """The value, or NOT_READ where it is not due at this row or would cost too much."""
        if row % self._every:
            return NOT_READ
        # In CPU time, for a neighbour's turn is not the probe's cost; and only what was dear twice
        # running is, for a virtual machine's pause counts as CPU time.
        now = time.process_time_ns()
        if now < self._next and self._left_out < MOST_LEFT_OUT:
            self._left_out += 1
            return NOT_READ
        self._left_out = 0
        value = self._read()
        cost = time.process_time_ns() - now
        lesser, self._before = min(cost, self._before), cost
        if lesser > DEAR_NANOSECONDS:
            self._next = now + self._share * lesser
        return value


class Meter:
    """Reads the signals of its own process into the table."""

    def __init__(self, judged: list[str], channel: Channel) -> None:
        self.rows = memoryview(mmap.mmap(TABLE_FD, TABLE_BYTES)).cast("q")
        self._channel = channel
        self._statm = os.open("/proc/self/statm", os.O_RDONLY)
        channel.own(self._statm)
        self._mallinfo, self._trim = libc_heap()
        self._readers = (
            self._rss,
            self._heap if self._mallinfo else never,
            sys.getallocatedblocks,
            count_descriptors,
            count_sockets if "sockets" in judged else never,
            count_threads,
        )
        self._probes = tuple(
            Probe(read, 1, SHARE_IF_JUDGED if name == "sockets" else SHARE)
            if name in judged
            else Probe(read, SELDOM, SHARE)
            for name, read in zip(SIGNALS, self._readers)  # noqa: B905  (Python 3.8)
        )
        for i in range(len(self.rows)):
            self.rows[i] = 0
        self.sample(0)
        self.reading()
        self.rows[0] = 0

    def sample(self, unit: int) -> None:
        """Write one row; the count is raised last, so a reader never sees half of one."""
        self._channel.stay_in_parent()
        rows, count = self.rows, self.rows[0]
        at = 1 + count * WIDTH
        rows[at] = unit
        for probe in self._probes:
            at += 1
            rows[at] = probe(count)
        rows[0] = count + 1

    def reading(self) -> dict[str, int]:
        """The signals now, by name, whatever it costs."""
        values = {SIGNALS[i]: read() for i, read in enumerate(self._readers)}
        values["sockets"] = count_sockets()
        return {name: value for name, value in values.items() if value != NOT_READ}

    def trim(self) -> None:
        """Ask malloc to give its free pages back to the kernel."""
        if self._trim:
            self._trim(0)

    def _rss(self) -> int:
        return int(os.pread(self._statm, 64, 0).split(None, 2)[1]) * PAGE_BYTES

    def _heap(self) -> int:
        info = self._mallinfo()
        return int(info.uordblks + info.hblkhd)


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


def status_bytes(field: bytes) -> int:
    """A field of /proc/self/status that is given in kB, in bytes."""
    fd = os.open("/proc/self/status", os.O_RDONLY)
    try:
        text = os.read(fd, 8192)
    finally:
        os.close(fd)
    return int(text.split(field + b":", 1)[1].split(None, 1)[0]) * 1024


def marks(units: int) -> Iterator[int]:
    """The units after which a sample is taken, rising, the last being `units`; at most ROWS.

    Where not every unit is sampled, the spacing is uneven on purpose: an even one would turn a
    saw-tooth of nearly its own period into a slow rise. 2654435761 is 2**32 divided by the golden
    ratio (Knuth's multiplicative hash), which spreads the marks within their strides.
    """
    stride = -(-units // ROWS)
    for k in range(1, -(-units // stride)):
        yield k * stride - (k * 2654435761 >> 16) % stride
    yield units


def load(job: dict[str, Any], part: str) -> Any:
    """Import a module of the scenario by the one name it has everywhere."""
    name = "scenarios.%s.%s" % (job["scenario"], part)
    __import__(name)
    return sys.modules[name]


class EndedEarlyError(Exception):
    """A workload that stopped yielding before its units were done."""


def run(job: dict[str, Any], channel: Channel) -> None:
    """Drive the workload and report; the generator stays open until the readings are done."""
    meter = Meter(job["judged"], channel) if job["sampling"] else None
    reset = reset_high_water()
    baseline = status_bytes(b"VmRSS")
    channel.send("baseline", pid=os.getpid(), rss_bytes=baseline, high_water_reset=reset)
    program = load(job, job["variant"])
    steps = load(job, "workload").workload(program, Lab(job))
    if not hasattr(steps, "__next__"):
        raise TypeError("workload() must yield once per unit of work; it returned %r" % (steps,))
    if meter:
        meter.sample(0)
    began = time.process_time()
    drive(steps, job["units"], meter)
    report = {"units": job["units"], "cpu_seconds": time.process_time() - began}
    report["peak_rss_bytes"] = status_bytes(b"VmHWM")
    report["collector_on"] = gc.isenabled()
    if meter:
        if gc.isenabled():
            gc.collect()
            report["after_collect"] = meter.reading()
        meter.trim()
        report["after_trim"] = meter.reading()
    steps.close()
    channel.send("finished", **report)


def drive(steps: Iterator[None], units: int, meter: Meter | None) -> None:
    """Take `units` units of work, with a sample at each mark."""
    done = 0
    for mark in marks(units):
        try:
            while done < mark:
                next(steps)
                done += 1
        except StopIteration:
            raise EndedEarlyError(done, units) from None
        if meter:
            meter.sample(mark)


def check(job: dict[str, Any], channel: Channel) -> None:
    """Run the scenario's functional contract."""
    load(job, "workload").check(load(job, job["variant"]), Lab(job))
    channel.send("finished")


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
        "message": message,
        "where": where,
        "args": error.args if isinstance(error, EndedEarlyError) else (),
        "traceback": "".join(lines)[-8000:],
    }


def main() -> None:
    """Do the job; every way out goes through a record, and nothing is torn down after it."""
    with open(sys.argv[1], encoding="utf-8") as file:
        # The harness wrote it with repr; only literals can be in it.
        job = eval(file.read(), {"__builtins__": {}})
    sys.path[:0] = job["roots"]
    channel = Channel()
    status = 0
    try:
        {"run": run, "check": check}[job["do"]](job, channel)
    except BaseException as error:  # SystemExit of a program is a failure to report, too
        status = 1
        channel.stay_in_parent()
        channel.send("failed", **describe(error))
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

if __name__ == "__main__":
    main()
