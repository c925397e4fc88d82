"""The count of the work that a program really does, and the check of its contract after the work.

A copy of this file runs in the measured process, with the standard library of Python 3.8. It wraps
each public function and method of the program. A call from outside the program counts, and so does
its result: two programs with the same public interface that do the same work for the same seed have
the same record, however they do it inside.
"""

from __future__ import annotations

import os
import sys
import zlib
from _thread import allocate_lock
from collections import deque
from functools import lru_cache
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

# A function that is cached is one of the program, too.
FUNCTIONS = (type(lambda: None), type(lru_cache(maxsize=None)(len)))
CACHE_METHODS = ("cache_clear", "cache_info", "cache_parameters")
# A result of more parts is recorded by this many of them.
MAX_PARTS = 64
# The contract is checked with this many units, then with twice as many, until it took so long.
FIRST_CHECK_UNITS = 100
CHECK_SECONDS = 0.5
MASK = (1 << 64) - 1


class Record:
    """The calls of each function by its name: their number, and the sum of their results."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        self.sums: dict[str, int] = {}
        self.units = 0
        self._lock = allocate_lock()

    def add(self, name: str, result: object) -> None:
        """Count a call; the sum does not depend on the order in which threads call."""
        number = digest(result)
        with self._lock:
            self.calls[name] = self.calls.get(name, 0) + 1
            self.sums[name] = (self.sums.get(name, 0) + number) & MASK

    def write(self, folder: str, mark: str) -> None:
        """Write the record of this process: a mark, the units, and a line for each function."""
        lines = [mark, str(self.units)]
        lines += ["%s %d %d" % (name, self.calls[name], self.sums[name]) for name in self.calls]
        with open(os.path.join(folder, str(os.getpid())), "w", encoding="utf-8") as file:
            file.write("\n".join(lines))


def recorded(
    workload: Callable[[Any, Any], Iterator[None]], program: Any, lab: Any, where: tuple[str, str]
) -> Iterator[None]:
    """Do the units of a workload, and write the record of them when it is closed.

    Args:
        workload: The scenario's workload.
        program: The program.
        lab: The argument of the workload.
        where: The folder of the record, and the token that shows who wrote it.
    """
    record = Record()
    wrap_program(program, record)
    units = workload(program, lab)
    try:
        for _ in units:
            record.units += 1
            yield
    finally:
        units.close()  # type: ignore[attr-defined]  # a workload is a generator
        folder, token = where
        record.write(folder, "%s %d" % (token, lab.units))


def check_after_work(
    workload: Callable[[Any, Any], Iterator[None]],
    check: Callable[[Any, Any], None],
    program: Any,
    lab: Any,
) -> None:
    """Do the units of a workload, then check the contract with more and more units.

    A program may stop working after many calls in order to stop growing. The contract must hold
    after the work, and with as many units of its own as a few seconds allow.

    Args:
        workload: The scenario's workload.
        check: The scenario's contract.
        program: The program.
        lab: The argument of both. It changes: each of them has a folder of its own.
    """
    wanted, scratch = lab.units, lab.scratch
    lab.scratch = fresh_folder(scratch, "work")
    units = workload(program, lab)
    for _ in range(wanted):
        next(units)
    units.close()  # type: ignore[attr-defined]  # a workload is a generator
    lab.units, seconds = min(wanted, FIRST_CHECK_UNITS), 0.0
    while True:
        lab.scratch = fresh_folder(scratch, "check-%d" % lab.units)
        began = monotonic()
        check(program, lab)
        seconds += monotonic() - began
        if lab.units == wanted or seconds > CHECK_SECONDS:
            return
        lab.units = min(2 * lab.units, wanted)


def fresh_folder(parent: str, name: str) -> str:
    """Make a folder and return its path."""
    path = os.path.join(parent, name)
    os.mkdir(path)
    return path


def wrap_program(program: Any, record: Record) -> None:
    """Wrap the public functions and methods that a program defines."""
    for name, value in list(vars(program).items()):
        if getattr(value, "__module__", None) != program.__name__ or name.startswith("_"):
            continue
        if type(value) in FUNCTIONS:
            setattr(program, name, recording(value, name, program.__file__, record))
        elif isinstance(value, type):
            for method, function in list(vars(value).items()):
                if type(function) in FUNCTIONS and not method.startswith("_"):
                    full = name + "." + method
                    setattr(value, method, recording(function, full, program.__file__, record))


def recording(function: Any, name: str, own_file: str, record: Record) -> Any:
    """Return a function that counts its calls from outside the program."""

    def call(*arguments: Any, **named: Any) -> Any:
        """Call the function, and record the result."""
        result = function(*arguments, **named)
        if sys._getframe(1).f_code.co_filename != own_file:
            record.add(name, result)
        return result

    for attribute in ("__name__", "__qualname__", "__doc__", "__module__"):
        setattr(call, attribute, getattr(function, attribute))
    call.__dict__.update(function.__dict__)
    for attribute in CACHE_METHODS:
        if hasattr(function, attribute):
            setattr(call, attribute, getattr(function, attribute))
    return call


def digest(value: object, depth: int = 2) -> int:
    """Return a number for the contents of a result, the same for equal contents.

    Containers of one kind count alike, because a fix may return a deque in place of a list. What is
    neither plain data nor a container counts as 1.
    """
    if isinstance(value, str):
        return zlib.crc32(str.encode(value, "utf-8", "surrogatepass")) + 4
    if value is None or isinstance(value, (bool, int, float)):
        return zlib.crc32(repr(value).encode()) + 2
    if isinstance(value, (bytes, bytearray)):
        return zlib.crc32(value) + 3
    if not depth or not isinstance(value, (list, tuple, deque, set, frozenset, dict)):
        return 1
    return len(value) + (parts_digest(value, depth - 1) if len(value) <= MAX_PARTS else 0)


def parts_digest(value: Any, depth: int) -> int:
    """Return a number for the parts of a container; order counts where the container has one."""
    if isinstance(value, dict):
        return sum(digest(key, 0) * (digest(value[key], depth) + 1) for key in value)
    if isinstance(value, (set, frozenset)):
        return sum(digest(part, depth) for part in value)
    return sum(place * digest(part, depth) for place, part in enumerate(value, 1))
