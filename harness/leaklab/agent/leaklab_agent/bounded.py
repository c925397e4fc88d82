"""Containers that state a maximum: a container that fills up to its maximum is not a leak.

The survey covers `functools.lru_cache`, `collections.deque(maxlen=...)`, and objects with a length
that name their maximum as common cache classes do (cachetools' `maxsize`, SQLAlchemy's `capacity`).
"""

from __future__ import annotations

import gc
import sys
from _collections import deque  # type: ignore[import-not-found]  # without `collections`

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAXIMUM_NAMES = ("maxsize", "max_size", "max_entries", "max_length", "capacity", "cache_size")

# The survey reports the containers with most entries, and none with fewer than MIN_ENTRIES.
MAX_REPORTED = 32
MIN_ENTRIES = 8

# Py_TPFLAGS_HEAPTYPE: a class that a program or a library defines.
HEAP_TYPE = 1 << 9


def survey() -> list[tuple[str, int, int]]:
    """Return the name, the entries and the maximum of the largest bounded containers.

    The containers with most entries come first. The entries of containers with the same name are
    added up, and so are their maxima.
    """
    totals: dict[str, tuple[int, int]] = {}
    for name, entries, maximum in bounded():
        if entries >= MIN_ENTRIES:
            before = totals.get(name, (0, 0))
            totals[name] = before[0] + entries, before[1] + maximum
    largest = sorted(totals.items(), key=lambda item: -item[1][0])[:MAX_REPORTED]
    return [(name, entries, maximum) for name, (entries, maximum) in largest]


def bounded() -> Iterator[tuple[str, int, int]]:
    """Yield the name, the entries and the maximum of every bounded container that the collector
    tracks."""
    functools = sys.modules.get("functools")
    lru_cache = getattr(functools, "_lru_cache_wrapper", None)
    for container in gc.get_objects():
        cls = type(container)
        if cls is lru_cache:
            info = container.cache_info()
            if info.maxsize is not None:
                yield type_name(container), info.currsize, info.maxsize
        elif cls is deque:
            if container.maxlen is not None:
                yield "deque(maxlen=%d)" % container.maxlen, len(container), container.maxlen
        elif cls.__flags__ & HEAP_TYPE and hasattr(cls, "__len__"):
            stated = entries_and_maximum(container, cls)
            if stated is not None:
                yield (type_name(cls), *stated)


def type_name(definition: object) -> str:
    """Return the module and the qualified name of a function or a class."""
    module = getattr(definition, "__module__", "?")
    return "%s.%s" % (module, getattr(definition, "__qualname__", "?"))


def entries_and_maximum(container: Any, cls: type) -> tuple[int, int] | None:
    """Return the entries of an object and its maximum; None if it states no maximum."""
    try:
        entries, maximum = len(container), maximum_of(container, cls)
    except Exception:  # a method of the program may raise anything
        return None
    return None if maximum is None else (entries, maximum)


def maximum_of(container: object, cls: type) -> int | None:
    """Return the maximum that an object states in an attribute or a property, or None.

    An attribute that only `__getattr__` would supply is not read: that method may do anything.
    """
    own = getattr(container, "__dict__", {})
    for name in MAXIMUM_NAMES:
        if name in own or any(name in base.__dict__ for base in cls.__mro__):
            maximum = getattr(container, name)
            if type(maximum) is int and 0 < maximum < sys.maxsize:
                return maximum
    return None
