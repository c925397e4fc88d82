"""Breaks when told to."""

import os
import signal
import subprocess
import sys
import time


def break_by(fault):
    FAULTS[fault]()


def _raise():
    raise ValueError("the fault that was asked for\nwith a second line")


def _hang():
    while True:
        time.sleep(1)


def _hog():
    held = []
    while True:
        held.append(bytearray(8 << 20))


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


FAULTS = {
    "none": lambda: None,
    "raise": _raise,
    "exit": lambda: os._exit(3),
    "leave": lambda: sys.exit("enough"),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "abort": _die_talking,
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "hang": _hang,
    "hog": _hog,
    "huge": lambda: bytearray(1 << 44),
    "recurse": _recurse,
    "orphan": _die_with_a_child,
    "daemon": _leave_a_daemon,
    "close": lambda: [os.close(fd) for fd in (0, 1, 2)],
    "unspeakable": lambda: os.write(3, b"}{ not a record\n"),
}
