"""Fails on request."""

import ctypes
import mmap
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path


def break_by(fault):
    FAULTS[fault]()


def _raise():
    raise ValueError("the fault that was asked for\nwith a second line")


def _hang():
    while True:
        time.sleep(1)


def _hog():
    blocks = []
    while True:
        blocks.append(bytearray(8 << 20))


def _recurse():
    _recurse()


def _die_with_a_child():
    subprocess.Popen(["sleep", "1000"])
    os._exit(3)


def _leave_a_daemon():
    subprocess.Popen(["sleep", "1000"], start_new_session=True)


def _die_talking():
    print("famous last words", file=sys.stderr, flush=True)
    os.abort()


def _return_twice():
    os.fork()


def _daemonize():
    os.closerange(3, 1000)
    for number in range(8):
        os.open(f"victim{number}", os.O_WRONLY | os.O_CREAT)


def _forge():
    os.write(3, b"{[]: 1}\n{'kind': 'baseline'}\n{'kind': 'finished', 'units': 'all'}\n")


class UnspeakableError(Exception):
    def __str__(self):
        raise ValueError("no words")


def _raise_the_unspeakable():
    sys.path[:] = []
    raise UnspeakableError


class Stuck:
    def write(self, text):
        return len(text)

    def flush(self):
        raise RuntimeError("stuck")


def _replace_stdout():
    sys.stdout = Stuck()
    threading.Thread(target=time.sleep, args=[1000]).start()


def _grow_slowly():
    blocks = []
    while True:
        blocks.append(bytearray(1 << 20))
        time.sleep(0.002)


def _bomb():
    while True:
        os.fork()


def _map_without_touching():
    no_reserve = 0x4000  # MAP_NORESERVE, which the mmap module lacks
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | no_reserve
    KEPT.append(mmap.mmap(-1, 4 << 30, flags))


def _start_threads():
    for _ in range(200):
        threading.Thread(target=time.sleep, args=[1000], daemon=True).start()


def _use_up_descriptors():
    while True:
        KEPT.append(os.open(os.devnull, os.O_RDONLY))


def _wrap():
    try:
        _use_up_descriptors()
    except OSError as error:
        raise RuntimeError("no connection") from error


def _raise_an_odd_one():
    raise OSError("cannot open", "file.txt")


def _raise_a_long_one():
    raise ValueError("so long: " + "x" * (2 << 20))


class NoRoomError(MemoryError):
    pass


def _raise_no_room():
    raise NoRoomError


def _move_to_every_cpu():
    os.sched_setaffinity(0, range(os.cpu_count()))


def _die_after_the_unit():
    threading.Timer(0.05, os._exit, [3]).start()


def _shrink_the_table():
    os.ftruncate(4, 0)


def _count_too_many_rows():
    table = memoryview(mmap.mmap(4, os.fstat(4).st_size)).cast("q")
    table[0] = 1 << 40


def _raise_bytes_of_a_name():
    raise ValueError("no such file: " + os.fsdecode(b"caf\xe9.txt"))


def _replace_the_output_by_a_pipe():
    Path("../output").unlink()
    os.mkfifo("../output")


def _replace_the_output_by_a_link():
    Path("../output").unlink()
    Path("../output").symlink_to("/dev/zero")


def _speak_in_big_numbers():
    os.write(3, b"{'kind': 'died', 'process': 1, 'exitcode': %d}\n" % (1 << 40))
    os.write(3, b"{'kind': 'exit', 'status': %d}\n" % (1 << 400))
    os.write(3, b"{'kind': 'reached', 'units': -%d}\n" % (1 << 70))


def _trace_the_supervisor():
    attach = 16
    ctypes.CDLL(None).ptrace(attach, os.getppid(), None, None)
    time.sleep(1000)


def _nest_folders():
    for _ in range(1500):
        Path("d").mkdir()
        os.chdir("d")


KEPT = []

FAULTS = {
    "deep": _nest_folders,
    "shrink": _shrink_the_table,
    "rows": _count_too_many_rows,
    "bytes": _raise_bytes_of_a_name,
    "pipe": _replace_the_output_by_a_pipe,
    "link": _replace_the_output_by_a_link,
    "numbers": _speak_in_big_numbers,
    "trace": _trace_the_supervisor,
    "none": lambda: None,
    "raise": _raise,
    "exit": lambda: os._exit(3),
    "leave": lambda: sys.exit("enough"),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "abort": _die_talking,
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "hang": _hang,
    "parricide": lambda: os.kill(os.getppid(), signal.SIGKILL) or time.sleep(1000),
    "hog": _hog,
    "huge": lambda: bytearray(1 << 44),
    "2 GB": lambda: bytearray(2_000_000_000),
    "slowly": _grow_slowly,
    "bomb": _bomb,
    "map": _map_without_touching,
    "threads": _start_threads,
    "descriptors": _use_up_descriptors,
    "wrapped": _wrap,
    "no room": _raise_no_room,
    "odd": _raise_an_odd_one,
    "long": _raise_a_long_one,
    "close all": lambda: os.closerange(0, 1000),
    "affinity": _move_to_every_cpu,
    "later": _die_after_the_unit,
    "recurse": _recurse,
    "orphan": _die_with_a_child,
    "daemon": _leave_a_daemon,
    "close": lambda: [os.close(fd) for fd in (0, 1, 2)],
    "unspeakable": lambda: os.write(3, b"}{ not a record\n"),
    "half a line": lambda: os.write(3, b"{'kind': 'fin"),
    "forge": _forge,
    "fork": _return_twice,
    "daemonize": _daemonize,
    "no words": _raise_the_unspeakable,
    "stuck": _replace_stdout,
}
